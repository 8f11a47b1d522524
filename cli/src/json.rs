//! JSON lines that are safe to print to a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Writes a value as one line of JSON in printable ASCII. Every other character is escaped as `\uXXXX`: terminals may
/// execute C1 controls and DEL, and direction marks and invisible characters deceive readers.
pub(crate) fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Ascii))?;
    writeln!(out)
}

/// Escapes all characters except printable ASCII.
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
    fn control_characters_are_escaped() {
        let text = "a\u{1b}[1m\u{9b}2J\u{7f}\u{202e}\u{2028}\u{e0041}\"é";
        let expected = r#""a\u001b[1m\u009b2J\u007f\u202e\u2028\udb40\udc41\"\u00e9""#;
        assert_eq!(written(&text), format!("{expected}\n"));
    }

    proptest! {
        #[test]
        fn every_value_becomes_one_printable_line_and_parses_to_the_same_value(
            fields in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        ) {
            let line = written(&fields);
            let text = line.strip_suffix('\n').unwrap();
            prop_assert!(text.chars().all(is_printable), "{text}");
            let parsed: Value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(parsed, serde_json::to_value(&fields).unwrap());
        }
    }
}
