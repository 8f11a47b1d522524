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
//! A batch is an array of records, or an object with such an array under one of the names [`BATCH_NAMES`].
//!
//! Other forwarders (Panther, Cribl where it parses) add members to the record, which is then read as the record that it is.
//!
//! An object or an array under `event`, `attributes` or `_source` is the forwarder's own structure, so a record in it is a
//! record. A text, or what stands under the other names, can be what a visitor posted to some other application. It is read
//! only where [`provenance`](super::provenance) says that the document comes from Entra, and where nothing else stands there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use json_records::{Framing, parse_or_repair};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::record::Rejected;
use super::batches::BATCH_NAMES;
use super::preview::Preview;
use super::provenance::{Provenance, members, provenance};
use super::reader::{NotJson, read_framed, read_json};
use super::{Recognition, Shape, Sink, diagnostic, elastic};
use crate::input::sniff::TEXT_KEYS;
use crate::input::{Input, ReadFault};

/// Documents with an object for a record.
pub(super) const SHAPE: Shape = Shape {
    name: "forwarded",
    recognition: Recognition::Preview(|preview| OBJECT_KEYS.iter().any(|wrapper| has_record(preview, wrapper))),
    read,
};

/// Documents with a text for a record. It is the last shape of JSON: a text must not decide what is taken for another.
pub(super) const OF_TEXTS: Shape = Shape {
    name: "forwarded",
    recognition: Recognition::Preview(|preview| {
        // CloudTrail's records are tried after all exports.
        let is_of_cloud_trail = ["", "detail."]
            .iter()
            .any(|around| CLOUD_TRAIL_KEYS.iter().all(|name| preview.has(&[&format!("{around}{name}")])));
        !is_of_cloud_trail
            && TEXT_KEYS.iter().any(|wrapper| {
                has_record(preview, wrapper) || has_record(preview, &format!("{SEARCH_SOURCE}.{wrapper}"))
            })
    }),
    read,
};

/// Members that are objects with a record.
const OBJECT_KEYS: [&str; 3] = ["event", "attributes", SEARCH_SOURCE];

/// The member of a search's result that is the document.
const SEARCH_SOURCE: &str = "_source";

/// What a record has one of, as a text. Others can stand under the same names: Filebeat has an `event` of its own.
const RECORD_KEYS: [&str; 4] = ["category", "Category", "createdDateTime", "CreatedDateTime"];

/// What a batch has, as an array.
const BATCH_KEY: &str = "records";

/// What a record of CloudTrail has.
const CLOUD_TRAIL_KEYS: [&str; 3] = ["eventName", "eventTime", "userIdentity"];

/// How many times as long as a record the document around it may be. A batch has many records, and a text in a text has
/// three backslashes before each quote.
const DOCUMENT_FACTOR: usize = 16;

/// Documents of a log forwarder without a sign-in in the beginning: whatever carries a member like those above beside one
/// that only forwarders write. Sign-ins can come after any number of other logs. Recognised after everything else.
pub(super) const OF_OTHER_LOGS: Shape = Shape {
    name: "forwarded",
    recognition: Recognition::Preview(|preview| {
        let carried = || TEXT_KEYS.iter().chain(&[SEARCH_SOURCE]);
        carried().any(|carried| FORWARDER_KEYS.iter().any(|own| own != carried && preview.has(&[carried, own])))
    }),
    read,
};

/// Members that forwarders and collectors of logs add.
const FORWARDER_KEYS: [&str; 25] = [
    "@timestamp",
    "@version",
    "_index",
    "_raw",
    "_time",
    "agent",
    "beat",
    "cribl_pipe",
    "data_stream",
    "date",
    "ddsource",
    "ddtags",
    "ecs",
    "host",
    "input",
    "kafka",
    "kubernetes",
    "routing",
    "service",
    "source_type",
    "sourcetype",
    "stream",
    "tag",
    "timestamp",
    "topic",
];

/// Whether a record, or a batch with one, has its names under this path. The names of an array's elements are the array's.
fn has_record(preview: &Preview<'_>, wrapper: &str) -> bool {
    let has = |path: String| preview.has(&[&path]);
    let of_record = |around: &str| RECORD_KEYS.iter().any(|name| has(format!("{around}.{name}")));
    has(format!("{wrapper}.{BATCH_KEY}"))
        || of_record(wrapper)
        || BATCH_NAMES.iter().any(|batch| of_record(&format!("{wrapper}.{batch}")))
}

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    input.limits.record = input.limits.record.saturating_mul(DOCUMENT_FACTOR);
    read_json(input, sink, |text, sink| match parse(text, sink)? {
        Document::Parsed => Ok(()),
        // Some of a file can have come without.
        Document::Record => parse_one(text, sink),
        // It is a document of Elastic's integration, or another log.
        Document::Other => elastic::parse_record(text, sink),
    })
}

/// What a document turned out to hold.
pub(super) enum Document {
    /// A record, a batch, or another log, which the sink has.
    Parsed,
    /// The document is a record.
    Record,
    /// None of these.
    Other,
}

/// Takes what a forwarder put around something.
pub(super) fn parse(text: &[u8], sink: &mut Sink<'_>) -> Result<Document, NotJson> {
    parse_or_repair(text, |text| parse_document(text, sink, 0)).ok_or(NotJson)
}

/// The same where the document can be parsed, and `None` elsewhere; then nothing was taken.
fn parse_document(text: &[u8], sink: &mut Sink<'_>, depth: usize) -> Option<Document> {
    let [event, attributes, searched] = members(text, OBJECT_KEYS)?;
    for object in [event, attributes, searched].into_iter().flatten().map(RawValue::get) {
        if parse_content(object.as_bytes(), sink) {
            return Some(Document::Parsed);
        }
    }
    if let Some(document) = searched.filter(|document| depth == 0 && document.get().starts_with('{')) {
        return parse_document(document.get().as_bytes(), sink, depth + 1);
    }
    if kind(text).is_some() {
        return Some(Document::Record);
    }
    let texts = TEXT_KEYS.into_iter().zip(members(text, TEXT_KEYS)?);
    let mut texts = texts.filter_map(|(name, member)| Some((name, content(member?)?)));
    let Some((name, content)) = texts.find(|(_, content)| begins_as_records(content)) else {
        return Some(Document::Other);
    };
    let content = content.as_bytes();
    // What is there as an object beside it says what the text is about.
    let is_alone =
        attributes.is_none_or(|attributes| matches!(attributes.get(), "null" | "{}" | "[]") || !is_object(attributes));
    let is_proven = match provenance(text) {
        Provenance::Entra => true,
        // It is the whole of what was received, where a `message` can be a part.
        Provenance::Silent => name == "_raw" || name == "event" && is_lone_batch(text, content),
        Provenance::Other => false,
    };
    if is_alone && is_proven {
        if !parse_content(content, sink) {
            let is_json = |text: &[u8]| serde_json::from_slice::<IgnoredAny>(text).ok();
            if parse_or_repair(content, is_json).is_some() {
                sink.other_category();
            } else {
                sink.reject(Rejected::Malformed);
            }
        }
    } else if parse_or_repair(content, kind).is_some() {
        sink.unproven();
    } else {
        sink.other_category();
    }
    Some(Document::Parsed)
}

fn is_object(member: &RawValue) -> bool {
    member.get().starts_with('{')
}

/// The JSON whose text a member is, or the record or batch that it is itself.
fn content(member: &RawValue) -> Option<Cow<'_, str>> {
    let json = member.get();
    if json.starts_with(['{', '[']) {
        return parse_or_repair(json.as_bytes(), kind).map(|_| Cow::Borrowed(json));
    }
    parse_or_repair(json.as_bytes(), |json| serde_json::from_slice::<String>(json).ok()).map(Cow::Owned)
}

/// Whether a text begins with an object, or with an array of objects. Many lines of logs begin with a time in brackets.
fn begins_as_records(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') || text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', '[']))
}

/// Whether `content` is a batch, and the document `text` has nothing beside it but the forwarder's routing. What an
/// application logs has a time, a level or a host.
fn is_lone_batch(text: &[u8], content: &[u8]) -> bool {
    let names = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text).unwrap_or_default();
    names.keys().all(|name| matches!(name.as_str(), "event" | "routing"))
        && matches!(parse_or_repair(content, kind), Some(ContentKind::Batch))
}

/// What JSON is that a forwarder carries.
enum ContentKind {
    Record,
    Batch,
}

fn kind(json: &[u8]) -> Option<ContentKind> {
    if json.trim_ascii_start().starts_with(b"[") {
        return has_records(json, DEEPEST_BATCH).then_some(ContentKind::Batch);
    }
    let [batch] = members(json, [BATCH_KEY])?;
    if batch.is_some_and(|batch| batch.get().starts_with('[')) || has_batch(json, DEEPEST_BATCH) {
        return Some(ContentKind::Batch);
    }
    is_record(json).then_some(ContentKind::Record)
}

/// Arrays around a batch's records: an event hub's trigger has an array of messages, which are batches.
const DEEPEST_BATCH: usize = 2;

/// Whether an array has a record, or a batch with one.
fn has_records(array: &[u8], depth: usize) -> bool {
    let elements: Vec<&RawValue> = serde_json::from_slice(array).unwrap_or_default();
    elements.into_iter().map(|element| element.get().as_bytes()).any(|element| match element.first() {
        Some(b'{') => is_record(element) || depth > 1 && has_batch(element, depth - 1),
        Some(b'[') => depth > 1 && has_records(element, depth - 1),
        _ => false,
    })
}

fn has_batch(object: &[u8], depth: usize) -> bool {
    let arrays = members(object, BATCH_NAMES).unwrap_or([None; BATCH_NAMES.len()]);
    let mut arrays = arrays.into_iter().flatten().map(|array| array.get().as_bytes());
    arrays.any(|array| array.starts_with(b"[") && has_records(array, depth))
}

fn is_record(object: &[u8]) -> bool {
    let is_text = |member: Option<&RawValue>| member.is_some_and(|member| member.get().starts_with('"'));
    members(object, RECORD_KEYS).is_some_and(|members| members.into_iter().any(is_text))
}

/// Reads a record that has nothing around it.
fn parse_one(record: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    if record.len() > sink.limits.record {
        sink.reject(Rejected::TooLong);
        return Ok(());
    }
    diagnostic::parse_bare(record, sink)
}

/// Takes a record or all of a batch, and returns whether `content` is one.
fn parse_content(content: &[u8], sink: &mut Sink<'_>) -> bool {
    match parse_or_repair(content, kind) {
        Some(ContentKind::Record) => {
            if parse_one(content, sink).is_err() {
                sink.reject(Rejected::Malformed);
            }
        }
        Some(ContentKind::Batch) => {
            let mut input = Input::of_text(content.to_vec(), sink.limits);
            if read_framed(&mut input, Framing::Values, sink, diagnostic::parse_bare).is_err() {
                sink.reject(Rejected::Malformed);
            }
        }
        None => return false,
    }
    true
}
