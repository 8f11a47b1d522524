//! Repair of strings that JSON does not allow.
//!
//! Three faults make a parser reject a record that is valid otherwise: invalid UTF-8, unpaired surrogates, and raw
//! control characters (RFC 8259 requires `\u001b`). A record often holds text that a stranger chose, and some writers
//! do not escape it. Such a text must not hide its record.

use std::borrow::Cow;

/// The text with its strings repaired, or `None` if they need no repair.
#[must_use]
pub fn repaired(text: &[u8]) -> Option<Vec<u8>> {
    let valid = String::from_utf8_lossy(text);
    let whole = without_unpaired_surrogates(&valid);
    let escaped = with_escaped_controls(&whole);
    if escaped.as_bytes() == text { None } else { Some(escaped.into_owned().into_bytes()) }
}

/// Parses the text as it is or, if that fails, [`repaired`].
pub fn parse_or_repair<T>(text: &[u8], mut parse: impl FnMut(&[u8]) -> Option<T>) -> Option<T> {
    parse(text).or_else(|| parse(&repaired(text)?))
}

/// The text repaired for a search of its keys: it keeps its keys, lines and brackets, and has no string that a parser
/// rejects. Its length may differ. Control characters become spaces, except line feeds: on JSON lines they end records.
#[must_use]
pub fn repaired_for_sniffing(text: &[u8]) -> Cow<'_, [u8]> {
    let is_control = |byte: &u8| *byte < b' ' && *byte != b'\n';
    if !text.iter().any(|byte| is_control(byte) || *byte == b'\\' || !byte.is_ascii()) {
        return Cow::Borrowed(text);
    }
    let mut whole = without_unpaired_surrogates(&String::from_utf8_lossy(text)).into_bytes();
    whole.iter_mut().filter(|byte| is_control(byte)).for_each(|byte| *byte = b' ');
    Cow::Owned(whole)
}

const REPLACEMENT: &str = "\\ufffd";

fn without_unpaired_surrogates(text: &str) -> String {
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
            // The backslash and the escaped character, which can be a backslash.
            _ => rest.char_indices().nth(2).map_or(rest.len(), |(position, _)| position),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
}

/// The code unit of the escape `\u1234` that `text` begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// The text with the control characters in its strings escaped. Outside of strings they stay: there they are white
/// space, or damage.
fn with_escaped_controls(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte < b' ') {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    let (mut in_string, mut is_escape) = (false, false);
    for character in text.chars() {
        if in_string && character < ' ' {
            if is_escape {
                // A backslash before a raw control character is text, as in a path before a tab.
                escaped.push('\\');
            }
            let digit = |number: u32| char::from_digit(number, 16).unwrap_or_default();
            let unit = u32::from(character);
            escaped.extend(['\\', 'u', '0', '0', digit(unit >> 4), digit(unit & 0xf)]);
            is_escape = false;
            continue;
        }
        match character {
            '"' if !is_escape => in_string = !in_string,
            _ => {}
        }
        is_escape = in_string && character == '\\' && !is_escape;
        escaped.push(character);
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_invalid_utf8_and_unpaired_surrogates_are_replaced() {
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

    #[test]
    fn control_characters_are_escaped_within_strings_and_nowhere_else() {
        for (raw, escaped) in [
            ("{\"a\":\"\u{1b}[0m\"}", r#"{"a":"\u001b[0m"}"#),
            ("{\t\"a\":\r\n\"\t\"}\n", "{\t\"a\":\r\n\"\\u0009\"}\n"),
            ("{\"a\\\"\t\":\"\\\\\n\"}", "{\"a\\\"\\u0009\":\"\\\\\\u000a\"}"),
            ("{\"a\":\"C:\\\t\"}", "{\"a\":\"C:\\\\\\u0009\"}"),
            ("{\"a\":1}\u{0}", "{\"a\":1}\u{0}"),
        ] {
            let found = repaired(raw.as_bytes());
            assert_eq!(found.as_deref().unwrap_or(raw.as_bytes()), escaped.as_bytes(), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn a_string_with_raw_control_characters_equals_the_one_with_escaped_ones(text in "[a\"\\\\\u{0}-\u{20}é\u{7f}]{0,20}") {
            let escaped = serde_json::json!({"a": text, "b": [1, text]}).to_string();
            let mut raw = String::new();
            let mut rest = escaped.as_str();
            while let Some(position) = rest.find('\\') {
                let length = if rest[position..].starts_with("\\u") { 6 } else { 2 };
                let escape = &rest[position..position + length];
                let character: String = serde_json::from_str(&format!("\"{escape}\"")).unwrap();
                raw.push_str(&rest[..position]);
                raw.push_str(if matches!(character.as_str(), "\"" | "\\") { escape } else { &character });
                rest = &rest[position + length..];
            }
            raw.push_str(rest);
            let read = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).ok();
            prop_assert_eq!(parse_or_repair(raw.as_bytes(), read), read(escaped.as_bytes()));
        }
    }
}
