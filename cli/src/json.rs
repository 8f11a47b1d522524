//! JSON for machines, which people look at in a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Writes a value as one line of JSON in printable ASCII. Every other character of its texts is written as `\uXXXX`: C1
/// controls and DEL, which a terminal may obey, and marks that turn a text round or are not seen. The value is the same.
pub(crate) fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Ascii))?;
    writeln!(out)
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for piece in fragment.split_inclusive(|character| !is_printable(character)) {
            let plain = piece.trim_end_matches(|character| !is_printable(character));
            writer.write_all(plain.as_bytes())?;
            for unit in piece[plain.len()..].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

const fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn written(value: &impl Serialize) -> String {
        let mut line = Vec::new();
        write_line(&mut line, value).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let text = "a\u{1b}[1m\u{9b}2J\u{7f}\u{202e}\u{2028}\u{e0041}\"é";
        let expected = r#""a\u001b[1m\u009b2J\u007f\u202e\u2028\udb40\udc41\"\u00e9""#;
        assert_eq!(written(&text), format!("{expected}\n"));
    }

    proptest! {
        #[test]
        fn every_value_is_one_printable_line_and_stays_the_same(
            fields in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        ) {
            let line = written(&fields);
            let text = line.strip_suffix('\n').unwrap();
            prop_assert!(text.chars().all(is_printable), "{text}");
            let read: Value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(read, serde_json::to_value(&fields).unwrap());
        }
    }
}
