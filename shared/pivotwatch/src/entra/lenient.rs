//! Deserialises JSON fields of varying types.
//!
//! Azure turned numbers into texts and back over the years, and forwarders replace objects by their text. A parser that
//! requires one type would lose the whole record over a field that may not matter.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, a number as its text, or an empty text: fields change between these from one year to the next. A list of one
/// element is its element, because searches in Elasticsearch return fields as lists. `{"$date": ...}` is its value: so
/// mongoexport writes what JSON has no type for. `{"value": ..., "DateTime": ...}` is its value too: so Windows
/// PowerShell writes a time or a list that has properties of its own.
#[derive(Default)]
pub(super) struct LenientText<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for LenientText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor { is_list: false }).map(LenientText)
    }
}

/// Like [`LenientText`], but `true` and `false` are words too, and a list of texts is its texts with a space after
/// each.
#[derive(Default)]
pub(super) struct LenientWords<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for LenientWords<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor { is_list: true }).map(LenientWords)
    }
}

/// The properties that Windows PowerShell adds to a time and to a list.
const PROPERTIES: [&str; 3] = ["DisplayHint", "DateTime", "Count"];

struct LenientVisitor {
    is_list: bool,
}

impl<'de> Visitor<'de> for LenientVisitor {
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
        Ok(Cow::Borrowed(match (self.is_list, value) {
            (false, _) => "",
            (true, true) => "true",
            (true, false) => "false",
        }))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut typed = None;
        let mut is_alone = true;
        while let Some(LenientText(name)) = map.next_key()? {
            if typed.is_none() && (name.starts_with('$') || name == "value") {
                typed = Some(map.next_value::<LenientText>()?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
                is_alone &= PROPERTIES.contains(&&*name);
            }
        }
        Ok(typed.filter(|_| is_alone).unwrap_or_default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        if !self.is_list {
            let LenientText(first) = sequence.next_element()?.unwrap_or_default();
            let mut is_alone = true;
            while sequence.next_element::<IgnoredAny>()?.is_some() {
                is_alone = false;
            }
            return Ok(if is_alone { first } else { Cow::default() });
        }
        let mut words = String::new();
        while let Some(LenientText(word)) = sequence.next_element()? {
            words.push_str(&word);
            words.push(' ');
        }
        Ok(Cow::Owned(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_one_value_is_its_value() {
        for (json, expected) in [
            (r#"{"$date":"2026-03-02T12:00:00Z"}"#, "2026-03-02T12:00:00Z"),
            (r#"{"$date":{"$numberLong":"1772452800000"}}"#, "1772452800000"),
            (r#"{"value":"/Date(1772452800000)/","DisplayHint":2,"DateTime":"Monday"}"#, "/Date(1772452800000)/"),
            (r#"{"DateTime":"Monday","value":"/Date(1772452800000)/"}"#, "/Date(1772452800000)/"),
            (r#"{"value":["interactiveUser"],"Count":1}"#, "interactiveUser"),
            (r#"{"value":"a","name":"b"}"#, ""),
            (r#"{"DateTime":"Monday"}"#, ""),
        ] {
            assert_eq!(serde_json::from_str::<LenientText<'_>>(json).unwrap().0, expected, "{json}");
        }
    }
}
