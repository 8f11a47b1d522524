//! JSON text whose strings hold what no text can.

/// JSON text without what a text cannot hold, or `None` when there is no such thing in it: bytes that are no UTF-8, and
/// halves of surrogate pairs. Who signs in chooses what stands in the user's name, and must not be able to hide a record
/// behind it.
pub(crate) fn repaired(text: &[u8]) -> Option<Vec<u8>> {
    let valid = String::from_utf8_lossy(text);
    let whole = without_half_pairs(&valid);
    if whole.as_bytes() == text { None } else { Some(whole.into_bytes()) }
}

/// What is read of a text as it is or, where that cannot be read, of the text when it is [`repaired`].
pub(crate) fn read_or_repair<T>(text: &[u8], mut read: impl FnMut(&[u8]) -> Option<T>) -> Option<T> {
    read(text).or_else(|| read(&repaired(text)?))
}

const REPLACEMENT: &str = "\\ufffd";

fn without_half_pairs(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('\\') {
        whole.push_str(&rest[..position]);
        rest = &rest[position..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str(REPLACEMENT);
                rest = &rest[6..];
                continue;
            }
            // The escape and what it escapes, which can be another backslash.
            _ => rest.char_indices().nth(2).map_or(rest.len(), |(position, _)| position),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
}

/// The code unit of the escape `\u1234` that begins here.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_text_can_hold_is_replaced_and_nothing_else_is() {
        for (broken, whole) in [
            (&br#"{"a":"\ud800"}"#[..], r#"{"a":"\ufffd"}"#),
            (br#"{"a":"\ud83d\ude00 \ude00\ud83d"}"#, r#"{"a":"\ud83d\ude00 \ufffd\ufffd"}"#),
            (br#"{"a":"\ud800x\\ud800"}"#, r#"{"a":"\ufffdx\\ud800"}"#),
            (b"{\"a\":\"\xff\"}", "{\"a\":\"\u{fffd}\"}"),
            (b"\\ud8", "\\ud8"),
            ("\\ud800\\".as_bytes(), "\\ufffd\\"),
            ("\\é".as_bytes(), "\\é"),
        ] {
            let found = repaired(broken);
            assert_eq!(found.as_deref().unwrap_or(broken), whole.as_bytes(), "{}", String::from_utf8_lossy(broken));
        }
        assert_eq!(repaired(br#"{"a":"\ud83d\ude00 \\ud800 \n"}"#), None);
    }
}
