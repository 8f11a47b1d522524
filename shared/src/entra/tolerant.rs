//! JSON fields that are not always what they should be.
//!
//! Azure turned numbers into texts and back over the years, and forwarders replace objects by their text. A reader that
//! insists on one type would lose the whole record over a field that need not even matter.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, a number as its text, or nothing: fields change between these from one year to the next.
#[derive(Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor { words: false }).map(Text)
    }
}

/// The same, but true and false are words too, and a list of texts is their row.
#[derive(Default)]
pub(super) struct Words<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor { words: true }).map(Words)
    }
}

struct TextVisitor {
    words: bool,
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(match (self.words, value) {
            (false, _) => "",
            (true, true) => "true",
            (true, false) => "false",
        }))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cow::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        if !self.words {
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Cow::default());
        }
        let mut words = String::new();
        while let Some(Text(word)) = sequence.next_element()? {
            words.push_str(&word);
            words.push(' ');
        }
        Ok(Cow::Owned(words))
    }
}

/// JSON text without what a text cannot hold, or `None` when there is no such thing in it: bytes that are no UTF-8, and
/// halves of surrogate pairs. Who signs in chooses what stands in the user's name, and must not be able to hide a record
/// behind it.
pub(super) fn repaired(text: &[u8]) -> Option<Vec<u8>> {
    let valid = String::from_utf8_lossy(text);
    let whole = without_half_pairs(&valid);
    if whole.as_bytes() == text { None } else { Some(whole.into_bytes()) }
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
