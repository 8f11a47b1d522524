//! Decodes text in UTF-16, the default encoding of Windows PowerShell.

use std::io::{self, BufRead, Read};

/// Code units that are decoded at a time.
const UNITS: usize = 16 * 1024;

/// The byte order of text in UTF-16: by its byte order mark or, without one, by its first two characters. All texts
/// that are read begin with ASCII, and none has a NUL.
#[derive(Clone, Copy)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The byte order by the first four bytes. `None` if the text is not in UTF-16.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        match first {
            [0xff, 0xfe, ..] | [1..=0x7f, 0, 1..=0x7f, 0] => Some(Self::Little),
            [0xfe, 0xff, ..] | [0, 1..=0x7f, 0, 1..=0x7f] => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// The least characters of ASCII text that was decoded as UTF-16.
const LEAST_DECODED: usize = 16;

/// Whether a text is ASCII text that was decoded as UTF-16, two characters as one. It can have some other characters,
/// such as umlauts. Text of a script has a blank, a digit or a separator among as many characters.
pub(super) fn is_decoded_ascii(text: &[u8]) -> bool {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(fault) => std::str::from_utf8(&text[..fault.valid_up_to()]).unwrap_or_default(),
    };
    if text.starts_with(|c: char| c < FIRST_PAIR) {
        return false;
    }
    let is_pair = |c: &char| u16::try_from(u32::from(*c)).is_ok_and(|unit| unit.to_be_bytes().into_iter().all(is_text));
    let (all, pairs) = (text.chars().count(), text.chars().filter(is_pair).count());
    all >= LEAST_DECODED && 5 * pairs >= 4 * all && text.chars().all(|c| c >= FIRST_PAIR)
}

/// A tab with a tab after it.
const FIRST_PAIR: char = '\u{909}';

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Decodes UTF-16 to UTF-8, with a replacement character for each unpaired surrogate.
pub(super) struct Utf16<R> {
    bytes: R,
    order: ByteOrder,
    /// The high surrogate of a pair whose low surrogate follows.
    half: Option<u16>,
    text: io::Cursor<String>,
}

impl<R: BufRead> Utf16<R> {
    pub(super) fn new(bytes: R, order: ByteOrder) -> Self {
        Self { bytes, order, half: None, text: io::Cursor::default() }
    }

    /// The next code unit, `None` at the end. A single last byte is skipped: the file was truncated.
    fn unit(&mut self) -> io::Result<Option<u16>> {
        let mut bytes = [0; 2];
        for byte in &mut bytes {
            let ahead = loop {
                match self.bytes.fill_buf() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?.first().copied(),
                }
            };
            let Some(ahead) = ahead else { return Ok(None) };
            *byte = ahead;
            self.bytes.consume(1);
        }
        Ok(Some(self.order.unit(bytes)))
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut units: Vec<u16> = self.half.take().into_iter().collect();
        while units.len() < UNITS {
            match self.unit()? {
                Some(unit) => units.push(unit),
                None => break,
            }
        }
        if units.len() == UNITS {
            self.half = units.pop_if(|last| (0xd800..0xdc00).contains(last));
        }
        let text = char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.text = io::Cursor::new(text);
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        self.refill()?;
        self.text.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, order: ByteOrder) -> String {
        let bytes: Vec<u8> = text
            .encode_utf16()
            .flat_map(|unit| match order {
                ByteOrder::Little => unit.to_le_bytes(),
                ByteOrder::Big => unit.to_be_bytes(),
            })
            .collect();
        let mut decoded = String::new();
        Utf16::new(bytes.as_slice(), order).read_to_string(&mut decoded).unwrap();
        decoded
    }

    #[test]
    fn surrogate_pairs_across_blocks_are_decoded() {
        for length in [0, 1, 2, UNITS - 1, UNITS, 2 * UNITS] {
            let text = format!("{}\u{1f600}é\u{1f600}", "a".repeat(length));
            assert_eq!(decoded(&text, ByteOrder::Little), text, "{length}");
            assert_eq!(decoded(&text, ByteOrder::Big), text, "{length}");
        }
    }

    #[test]
    fn unpaired_surrogates_are_replaced() {
        let mut decoded = String::new();
        let bytes = [0x00, 0xd8, 0x61, 0x00, 0x00, 0xdc, 0x61];
        Utf16::new(bytes.as_slice(), ByteOrder::Little).read_to_string(&mut decoded).unwrap();
        assert_eq!(decoded, "\u{fffd}a\u{fffd}");
    }
}
