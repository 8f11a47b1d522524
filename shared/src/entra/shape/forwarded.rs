//! What forwarders put around records: the record is a member of theirs, as an object or as its text.
//!
//! | member | forwarder |
//! |---|---|
//! | `event` | `LimaCharlie`, beside its `routing` |
//! | `attributes` | Datadog's archives |
//! | `_raw` | Cribl |
//! | `_source` | a search in Elasticsearch |
//! | `message` | Filebeat and Vector, where they do not parse |
//!
//! Other forwarders (Panther, Cribl where it parses) add members to the record, which is then read as the record that it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Shape, Sink, diagnostic};
use crate::input::json::NotJson;
use crate::input::names::Look;
use crate::input::{read_or_repair, repaired};

pub(super) const SHAPE: Shape = Shape {
    name: "forwarded",
    recognises: |head| {
        WRAPPERS.iter().any(|wrapper| OF_A_RECORD.iter().any(|name| head.has(&[&format!("{wrapper}.{name}")])))
    },
    read: |input, sink| super::read_json(input, sink, read_record),
};

const WRAPPERS: [&str; 5] = ["event", "attributes", "_raw", "_source", "message"];

/// What a record has one of. Others can stand under the same names: Filebeat has an `event` of its own beside the `message`.
const OF_A_RECORD: [&str; 4] = ["category", "Category", "createdDateTime", "CreatedDateTime"];

fn read_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let Ok(members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text) else {
        return repaired(text).map_or(Err(NotJson), |text| read_record(&text, sink));
    };
    let mut objects = WRAPPERS.iter().filter_map(|wrapper| object(members.get(*wrapper)?.get()));
    match objects.find(|object| is_record(object)) {
        Some(record) => diagnostic::read_record(record.as_bytes(), sink),
        // Some of a file can have come without.
        None => diagnostic::read_record(text, sink),
    }
}

/// The text of an object that is there as it is, or as its text.
fn object(member: &str) -> Option<Cow<'_, str>> {
    if member.starts_with('{') {
        return Some(Cow::Borrowed(member));
    }
    let text = read_or_repair(member.as_bytes(), |json| serde_json::from_slice::<String>(json).ok())?;
    text.trim_start().starts_with('{').then_some(Cow::Owned(text))
}

fn is_record(object: &str) -> bool {
    let look = Look::at(object.as_bytes(), &[], 1);
    look.records.first().is_some_and(|names| OF_A_RECORD.iter().any(|name| names.contains(*name)))
}
