//! Finds members of a JSON object by their names, without a parse of the values.

use std::fmt;

use json_records::parse_or_repair;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::lenient::LenientText;

/// The members of these names of a JSON object, the last of each; `None` if the text is not an object.
pub(super) fn members<'t, const N: usize>(text: &'t [u8], names: [&str; N]) -> Option<[Option<&'t RawValue>; N]> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = json.deserialize_map(MembersVisitor(names)).ok()?;
    json.end().ok()?;
    Some(found)
}

/// The member at this path within an object.
pub(super) fn at<'t>(object: &'t RawValue, path: &str) -> Option<&'t RawValue> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let [member] = members(object.get().as_bytes(), [name])?;
    match rest {
        Some(rest) => at(member?, rest),
        None => member,
    }
}

/// The number of these keys that an object has.
pub(super) fn number_of<const N: usize>(keys: [&str; N], text: &[u8]) -> usize {
    let count = |text: &[u8]| members(text, keys).map(|found| found.into_iter().flatten().count());
    parse_or_repair(text, count).unwrap_or_default()
}

/// Collects the members of these names.
struct MembersVisitor<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for MembersVisitor<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(LenientText(name)) = map.next_key()? {
            match self.0.iter().position(|requested| *requested == name) {
                Some(index) => found[index] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}
