//! What forwarders put around records: the record, or a batch of them, is a member of theirs, as an object or as its text.
//!
//! | member | forwarder |
//! |---|---|
//! | `event` | `LimaCharlie`, beside its `routing` |
//! | `attributes` | Datadog's archives |
//! | `_raw` | Cribl |
//! | `_source` | a search in Elasticsearch |
//! | `message`, `log` | Filebeat, Logstash, Vector, Fluentd and Fluent Bit, where they do not parse |
//!
//! Other forwarders (Panther, Cribl where it parses) add members to the record, which is then read as the record that it is.
//!
//! An object is the forwarder's own structure, so a record in it is a record. A text can be what a visitor posted to some
//! other application. It is read only where [`provenance`](super::provenance) says that the document comes from Entra, and
//! where nothing else stands there.

use json_records::{Framing, parse_or_repair};
use serde_json::value::RawValue;

use super::super::record::Rejected;
use super::head::Head;
use super::provenance::{Provenance, members, provenance};
use super::reader::{NotJson, read_framed, read_json};
use super::{Shape, Sink, diagnostic};
use crate::input::names::TEXTS;
use crate::input::{Input, ReadFault};

/// Documents with an object for a record.
pub(super) const SHAPE: Shape =
    Shape { name: "forwarded", recognises: |head| OBJECTS.iter().any(|wrapper| has_record(head, wrapper)), read };

/// Documents with a text for a record. It is the last shape of JSON: a text must not decide what is taken for another.
pub(super) const OF_TEXTS: Shape = Shape {
    name: "forwarded",
    recognises: |head| {
        // CloudTrail's records are tried after all exports.
        let is_of_cloud_trail =
            ["", "detail."].iter().any(|around| CLOUD_TRAIL.iter().all(|name| head.has(&[&format!("{around}{name}")])));
        !is_of_cloud_trail
            && TEXTS
                .iter()
                .any(|wrapper| has_record(head, wrapper) || has_record(head, &format!("{SEARCHED}.{wrapper}")))
    },
    read,
};

/// Members that are objects with a record.
const OBJECTS: [&str; 3] = ["event", "attributes", SEARCHED];

/// The member of a search's result that is the document.
const SEARCHED: &str = "_source";

/// What a record has one of, as a text. Others can stand under the same names: Filebeat has an `event` of its own.
const OF_A_RECORD: [&str; 4] = ["category", "Category", "createdDateTime", "CreatedDateTime"];

/// What a batch has, as an array.
const BATCH: &str = "records";

/// What a record of CloudTrail has.
const CLOUD_TRAIL: [&str; 3] = ["eventName", "eventTime", "userIdentity"];

/// How many times as long as a record the document around it may be: a message of an event hub has a MiB, and more as a
/// text, in which each quote has a backslash.
const LONGER: usize = 2;

fn has_record(head: &Head<'_>, wrapper: &str) -> bool {
    OF_A_RECORD.iter().chain([&BATCH]).any(|name| head.has(&[&format!("{wrapper}.{name}")]))
}

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    input.limits.record = input.limits.record.saturating_mul(LONGER);
    read_json(input, sink, |text, sink| match take(text, sink)? {
        Content::Taken => Ok(()),
        // Some of a file can have come without.
        Content::Itself => diagnostic::read_bare(text, sink),
        Content::Nothing => {
            sink.other_category();
            Ok(())
        }
    })
}

/// What a document turned out to hold.
pub(super) enum Content {
    /// A record, a batch, or another log, which the sink has.
    Taken,
    /// The document is a record.
    Itself,
    /// None of these.
    Nothing,
}

/// Takes what a forwarder put around something.
pub(super) fn take(text: &[u8], sink: &mut Sink<'_>) -> Result<Content, NotJson> {
    parse_or_repair(text, |text| take_document(text, sink, 0)).ok_or(NotJson)
}

/// The same where the document can be parsed, and `None` elsewhere; then nothing was taken.
fn take_document(text: &[u8], sink: &mut Sink<'_>, depth: usize) -> Option<Content> {
    let [event, attributes, searched] = members(text, OBJECTS)?;
    for object in [event, attributes, searched].into_iter().flatten().map(RawValue::get) {
        if take_record(object.as_bytes(), sink) {
            return Some(Content::Taken);
        }
    }
    if let Some(document) = searched.filter(|document| depth == 0 && document.get().starts_with('{')) {
        return take_document(document.get().as_bytes(), sink, depth + 1);
    }
    if kind(text).is_some() {
        return Some(Content::Itself);
    }
    let texts = TEXTS.into_iter().zip(members(text, TEXTS)?);
    let mut texts = texts.filter_map(|(name, member)| Some((name, decoded(member?)?)));
    let Some((name, record)) = texts.find(|(_, text)| text.trim_start().starts_with('{')) else {
        return Some(Content::Nothing);
    };
    // What is there as an object beside it says what the text is about.
    let is_alone =
        attributes.is_none_or(|attributes| matches!(attributes.get(), "null" | "{}" | "[]") || !is_object(attributes));
    let is_proven = match provenance(text) {
        Provenance::Entra => true,
        // It is the whole of what was received, where a `message` can be a part.
        Provenance::Silent => name == "_raw",
        Provenance::Other => false,
    };
    if is_alone && is_proven {
        if !take_record(record.as_bytes(), sink) {
            let is_json = parse_or_repair(record.as_bytes(), |text| members(text, []).map(drop)).is_some();
            if is_json { sink.other_category() } else { sink.reject(Rejected::Malformed) }
        }
    } else if parse_or_repair(record.as_bytes(), kind).is_some() {
        sink.unproven();
    } else {
        sink.other_category();
    }
    Some(Content::Taken)
}

fn is_object(member: &RawValue) -> bool {
    member.get().starts_with('{')
}

/// The text that a member is, if it is one.
fn decoded(member: &RawValue) -> Option<String> {
    parse_or_repair(member.get().as_bytes(), |json| serde_json::from_slice::<String>(json).ok())
}

/// What an object is that a forwarder carries.
enum Kind {
    Record,
    Batch,
}

fn kind(object: &[u8]) -> Option<Kind> {
    let [batch] = members(object, [BATCH])?;
    if batch.is_some_and(|batch| batch.get().starts_with('[')) {
        return Some(Kind::Batch);
    }
    let is_text = |member: Option<&RawValue>| member.is_some_and(|member| member.get().starts_with('"'));
    members(object, OF_A_RECORD)?.into_iter().any(is_text).then_some(Kind::Record)
}

/// Takes a record or all of a batch, and tells whether the object is one.
fn take_record(object: &[u8], sink: &mut Sink<'_>) -> bool {
    match parse_or_repair(object, kind) {
        Some(Kind::Record) => {
            if diagnostic::read_bare(object, sink).is_err() {
                sink.reject(Rejected::Malformed);
            }
        }
        Some(Kind::Batch) => {
            let mut input = Input::of_text(object.to_vec(), sink.limits);
            if read_framed(&mut input, Framing::Values, sink, diagnostic::read_bare).is_err() {
                sink.reject(Rejected::Malformed);
            }
        }
        None => return false,
    }
    true
}
