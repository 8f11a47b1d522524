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

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::record::Rejected;
use super::{Shape, Sink, diagnostic};
use crate::input::repaired;

pub(super) const SHAPE: Shape = Shape {
    name: "forwarded",
    recognises: |head| {
        let record = ["category", "Category", "createdDateTime", "CreatedDateTime"];
        ["event", "attributes", "_raw", "_source", "message"]
            .iter()
            .any(|wrapper| record.iter().any(|name| head.has(&[&format!("{wrapper}.{name}")])))
    },
    read: |input, sink| super::read_json(input, sink, read_record),
};

fn read_record(text: &[u8], sink: &mut Sink<'_>) {
    // Without an array in an object's place, which would do for a struct.
    let text = text.trim_ascii();
    match serde_json::from_slice::<Wrapper<'_>>(text) {
        Ok(wrapper) if text.starts_with(b"{") => match wrapper.record() {
            Some(Wrapped::Object(record)) => diagnostic::read_record(record.get().as_bytes(), sink),
            Some(Wrapped::Text(record)) => diagnostic::read_record(record.as_bytes(), sink),
            // Some of a file can have come without.
            None => diagnostic::read_record(text, sink),
        },
        _ => match repaired(text) {
            Some(text) => read_record(&text, sink),
            None => sink.reject(Rejected::Malformed),
        },
    }
}

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
    #[serde(borrow)]
    #[serde(rename = "_raw")]
    raw: Option<&'a RawValue>,
    #[serde(borrow)]
    #[serde(rename = "_source")]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

enum Wrapped<'a> {
    Object(&'a RawValue),
    Text(String),
}

impl<'a> Wrapper<'a> {
    fn record(&self) -> Option<Wrapped<'a>> {
        [self.event, self.attributes, self.raw, self.source, self.message].into_iter().flatten().find_map(|member| {
            if member.get().starts_with('{') {
                return Some(Wrapped::Object(member));
            }
            let text = serde_json::from_str::<String>(member.get()).ok()?;
            text.trim_start().starts_with('{').then_some(Wrapped::Text(text))
        })
    }
}
