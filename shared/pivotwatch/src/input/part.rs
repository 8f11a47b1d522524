//! Recognises a part of an object that is not read: compressed data, an archive, or text in another encoding.
//!
//! People concatenate files. `>>` of Windows PowerShell appends UTF-16 to a file of any encoding. Such a part is no
//! record, and can have any number of records. So it is a fault of the object, and not one damaged record.

use super::compression::Compression;
use super::container::Container;
use super::encoding::{ByteOrder, is_decoded_ascii};

/// Bytes that [`is_unreadable_part`] needs.
pub(crate) const PART_BEGINNING: usize = 128;

/// Whether a text at the position of a record or a row begins a part that is not read. No record or row begins so.
pub(crate) fn is_unreadable_part(text: &[u8]) -> bool {
    let first = &text[..text.len().min(4)];
    Compression::of(first) != Compression::None
        || Container::is_binary(text)
        || ByteOrder::of(first).is_some()
        || is_decoded_ascii(&text[..text.len().min(PART_BEGINNING)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn text_in_another_encoding_is_recognised_and_text_of_any_script_is_not() {
        let record = r#"{"time":"2026-03-02T12:00:00Z","resourceId":"/tenants/x","category":"SignInLogs"}"#;
        for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
            assert!(is_unreadable_part(&utf16(record, bytes_of)));
            assert!(is_unreadable_part(&utf16(&format!("\u{feff}{record}"), bytes_of)));
        }
        for unit in [u16::from_le_bytes, u16::from_be_bytes] {
            let units: Vec<u16> = record.as_bytes().chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
            assert!(is_unreadable_part(String::from_utf16_lossy(&units).as_bytes()));
        }
        let han = "\u{738b}\u{5c0f}\u{660e}".repeat(40);
        for text in [record, "", "{", "ann@contoso.example,2026", "\u{e9}", &han, &han[..30]] {
            assert!(!is_unreadable_part(text.as_bytes()), "{text}");
        }
    }
}
