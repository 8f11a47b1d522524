//! Documents of log forwarders around records: a member holds a record or a batch, as JSON or as its text.
//!
//! | member | forwarder |
//! |---|---|
//! | `event` | `LimaCharlie`, with `routing` |
//! | `attributes` | Datadog's archives |
//! | `_raw` | Cribl |
//! | `_source` | a search in Elasticsearch |
//! | `message`, `log` | Filebeat, Logstash, Vector, Fluentd and Fluent Bit, unless they parse it |
//! | `event.original` | Elastic, beside what it parsed |
//!
//! A batch is an array of records, or an object with such an array under one of the names [`BATCH_NAMES`].
//!
//! Other forwarders (Panther, Cribl if it parses) add members to the record, so the document is a record.
//!
//! Any of them can be data that a visitor posted to another application. An object or an array under `event`,
//! `attributes` or `_source` is the forwarder's own structure. So it counts unless [`provenance`](super::provenance)
//! finds another application, or a key of log lines and nobody named. A text, or a value of another member, counts
//! only if [`provenance`](super::provenance) finds Entra, and if no object in the document contradicts it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use json_records::parse_or_repair;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::outcome::Rejected;
use super::api_answer::is_answer;
use super::batches::BATCH_NAMES;
use super::claim::CarriedLog;
use super::framed::read_values;
use super::members::members;
use super::parse_record::NotJson;
use super::provenance::{Provenance, is_within_another, provenance};
use super::reader::read_json;
use super::{Recognition, Shape, Sink, diagnostic, elastic, forwarded_trail, mixed};
use crate::input::sniff::{Keys, TEXT_KEYS};
use crate::input::{Input, ReadFault};

/// Documents with an object for a record.
pub(super) const SHAPE: Shape = Shape {
    name: "forwarded",
    recognition: Recognition::Preview(|preview| {
        preview.records().any(|record| OBJECT_KEYS.iter().any(|wrapper| has_record(record, wrapper)))
    }),
    read,
};

/// Documents with a text for a record. The last shape of JSON, because a text must not decide against another shape.
pub(super) const OF_TEXTS: Shape = Shape {
    name: "forwarded",
    recognition: Recognition::Preview(|preview| {
        let wrappers =
            TEXT_KEYS.iter().flat_map(|wrapper| [(*wrapper).to_owned(), format!("{SEARCH_SOURCE}.{wrapper}")]);
        let mut records = preview.records().filter(|record| !is_of_cloud_trail(record));
        records.any(|record| wrappers.clone().any(|wrapper| has_record(record, &wrapper)))
    }),
    read,
};

/// Members that are objects with a record.
pub(super) const OBJECT_KEYS: [&str; 3] = ["event", "attributes", SEARCH_SOURCE];

/// The member of a search's result with the document.
pub(super) const SEARCH_SOURCE: &str = "_source";

/// A record has a text under one of these keys. Other objects can share the member: Filebeat has an `event` of its own.
const RECORD_KEYS: [&str; 4] = ["category", "Category", "createdDateTime", "CreatedDateTime"];

/// The key of a batch's array.
const BATCH_KEY: &str = "records";

/// Whether these are the keys of a CloudTrail record, or of an event with one.
pub(super) fn is_of_cloud_trail(record: &Keys) -> bool {
    let has = |around: &str, name: &str| record.contains(&format!("{around}{name}"));
    ["", "detail."].iter().any(|around| TRAIL_KEYS.iter().all(|name| has(around, name)))
}

/// The keys of a CloudTrail record.
pub(super) const TRAIL_KEYS: [&str; 3] = ["eventName", "eventTime", "userIdentity"];

/// The key of an array of CloudTrail records.
const TRAIL_BATCH: &str = "Records";

/// Bytes of the longest document, in lengths of the longest record. A batch has many records, and a text in a text has
/// three backslashes before each quote.
const DOCUMENT_FACTOR: usize = 16;

/// Recognises documents of a log forwarder whose beginning has no sign-in, by a member of the table and a member that
/// only forwarders write. Also recognises answers of APIs among other records. Sign-ins can follow any number of other
/// logs. Recognised after all other shapes.
pub(super) const OF_OTHER_LOGS: Shape = Shape {
    name: "forwarded",
    recognition: Recognition::Preview(|preview| {
        let carried = || TEXT_KEYS.iter().chain(&[SEARCH_SOURCE]);
        preview.records().any(is_answer)
            || carried().any(|carried| {
                FORWARDER_KEYS.iter().any(|own| own != carried && preview.has(&[carried, own]))
                    || preview.has(&TRAIL_KEYS.map(|name| format!("{carried}.{name}")).each_ref().map(|path| &**path))
                    || preview.has(&[&format!("{carried}.{TRAIL_BATCH}")])
            })
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

/// Whether a record or a batch has its keys under this path. The keys of an array's elements count as the array's.
fn has_record(record: &Keys, wrapper: &str) -> bool {
    let has = |path: String| record.contains(&path);
    let of_record = |around: &str| RECORD_KEYS.iter().any(|name| has(format!("{around}.{name}")));
    has(format!("{wrapper}.{BATCH_KEY}"))
        || of_record(wrapper)
        || BATCH_NAMES.iter().any(|batch| of_record(&format!("{wrapper}.{batch}")))
}

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    input.limits.record = input.limits.record.saturating_mul(DOCUMENT_FACTOR);
    read_json(input, sink, |text, sink| match parse(text, sink)? {
        Forwarded::Parsed => Ok(()),
        // A file can mix documents, records and batches.
        Forwarded::Record if is_record(text) => parse_one(text, sink),
        Forwarded::Record if mixed::parse_other_than_forwarded(text, sink) => Ok(()),
        Forwarded::Record => parse_one(text, sink),
        // A document of Elastic's integration, or another log.
        Forwarded::Other => elastic::parse(text, sink, mixed::parse_other_than_forwarded),
    })
}

/// The content of a document.
pub(super) enum Forwarded {
    /// A record, a batch, or another log. The sink has received it.
    Parsed,
    /// The document itself is a record.
    Record,
    /// None of these.
    Other,
}

/// Parses a forwarder's document, and gives its records to the sink.
pub(super) fn parse(text: &[u8], sink: &mut Sink<'_>) -> Result<Forwarded, NotJson> {
    parse_or_repair(text, |text| parse_document(text, sink, 0)).ok_or(NotJson)
}

/// Like [`parse`]. `None` if the text is not a JSON object; then the sink has received nothing.
fn parse_document(text: &[u8], sink: &mut Sink<'_>, depth: usize) -> Option<Forwarded> {
    let [event, attributes, searched] = members(text, OBJECT_KEYS)?;
    let objects = [event, attributes, searched].into_iter().flatten().map(|object| object.get().as_bytes());
    let mut objects = objects.filter(|object| object.starts_with(b"{") || object.starts_with(b"["));
    // Also what a visitor posted is an object, where another application parsed it.
    match objects.find_map(|object| Some((object, parse_or_repair(object, kind)?))) {
        Some((record, kind @ ContentKind::Record)) => {
            sink.within(text, |sink| parse_kind(record, kind, sink));
            return Some(Forwarded::Parsed);
        }
        Some((_, ContentKind::Batch)) if is_within_another(text, CarriedLog::SignIns) => {
            sink.unproven();
            return Some(Forwarded::Parsed);
        }
        Some((batch, ContentKind::Batch)) => {
            parse_kind(batch, ContentKind::Batch, sink);
            return Some(Forwarded::Parsed);
        }
        None => {}
    }
    if let Some(document) = searched.filter(|document| depth == 0 && document.get().starts_with('{')) {
        if is_within_another(text, CarriedLog::SignIns) {
            if !forwarded_trail::take(text, sink) {
                sink.other_category();
            }
            return Some(Forwarded::Parsed);
        }
        let found = parse_document(document.get().as_bytes(), sink, depth + 1)?;
        let is_taken = matches!(found, Forwarded::Other) && forwarded_trail::take(text, sink);
        return Some(if is_taken { Forwarded::Parsed } else { found });
    }
    if kind(text).is_some() {
        return Some(Forwarded::Record);
    }
    let texts = TEXT_KEYS.into_iter().zip(members(text, TEXT_KEYS)?);
    let mut texts = texts.filter_map(|(name, member)| Some((name, content(member?)?)));
    let Some((name, content)) = texts.find(|(_, content)| begins_as_records(content)) else {
        let is_taken = forwarded_trail::take(text, sink);
        return Some(if is_taken { Forwarded::Parsed } else { Forwarded::Other });
    };
    let content = content.as_bytes();
    // An object under `attributes` that is no record describes a log line of another application.
    let is_alone = attributes.is_none_or(|attributes| attributes.get() == "{}" || !is_object(attributes));
    let is_proven = is_alone
        && match provenance(text, CarriedLog::SignIns) {
            Provenance::Stated => true,
            Provenance::Silent => {
                is_whole_text(name, text)
                    || name == "event"
                        && is_batch(content)
                        && has_only_members(text, |member| matches!(member, "event" | "routing"))
            }
            Provenance::Sensor | Provenance::Other => false,
        };
    if is_proven && parse_content(content, sink) {
        return Some(Forwarded::Parsed);
    }
    let is_json = |text: &[u8]| serde_json::from_slice::<IgnoredAny>(text).ok();
    if !is_proven && parse_or_repair(content, kind).is_some() {
        sink.unproven();
    } else if forwarded_trail::take(text, sink) {
    } else if is_proven && parse_or_repair(content, is_json).is_none() {
        sink.reject(Rejected::Malformed);
    } else {
        sink.other_category();
    }
    Some(Forwarded::Parsed)
}

/// Parses the text that Elastic keeps beside what it parsed, if the document states Entra as its origin. Returns
/// `false` if it has none with a sign-in. Its parsed fields are another shape, which precedes.
pub(super) fn parse_original(document: &[u8], sink: &mut Sink<'_>) -> bool {
    let [searched] = members(document, [SEARCH_SOURCE]).unwrap_or_default();
    let documents = std::iter::once(document).chain(searched.map(|searched| searched.get().as_bytes()));
    documents.into_iter().any(|document| {
        original(document).and_then(decoded).is_some_and(|text| {
            provenance(document, CarriedLog::SignIns) == Provenance::Stated && parse_content(text.as_bytes(), sink)
        })
    })
}

/// The text that Elastic parsed to a document.
pub(super) fn original(document: &[u8]) -> Option<&RawValue> {
    let [event] = members(document, ["event"])?;
    let [original] = members(event?.get().as_bytes(), ["original"])?;
    original
}

/// Whether the member `name` is the whole text that a forwarder received. A `message` can be a part of it.
pub(super) fn is_whole_text(name: &str, document: &[u8]) -> bool {
    name == "_raw" && has_only_members(document, |member| member.starts_with('_') || member.starts_with("cribl"))
}

fn is_object(member: &RawValue) -> bool {
    member.get().starts_with('{')
}

/// The JSON of a member: its decoded text, or the member itself if it is a record or a batch.
fn content(member: &RawValue) -> Option<Cow<'_, str>> {
    let json = member.get();
    if json.starts_with(['{', '[']) {
        return parse_or_repair(json.as_bytes(), kind).map(|_| Cow::Borrowed(json));
    }
    decoded(member).map(Cow::Owned)
}

/// The decoded text of a member that is a text.
pub(super) fn decoded(member: &RawValue) -> Option<String> {
    parse_or_repair(member.get().as_bytes(), |json| serde_json::from_slice::<String>(json).ok())
}

/// Whether a text begins with an object or with an array of objects or arrays. Many log lines begin with a time in
/// brackets.
pub(super) fn begins_as_records(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') || text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', '[']))
}

/// Whether the document `text` has only members that the forwarder adds. A log line of an application has a level or a
/// host.
fn has_only_members(text: &[u8], is_own: fn(&str) -> bool) -> bool {
    let names = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text).unwrap_or_default();
    names.keys().all(|name| is_own(name))
}

fn is_batch(content: &[u8]) -> bool {
    matches!(parse_or_repair(content, kind), Some(ContentKind::Batch))
}

/// The kind of the JSON in a forwarder's document.
#[derive(Clone, Copy)]
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

/// Whether an object has the text of a category, or of the time of a sign-in.
pub(super) fn is_record(object: &[u8]) -> bool {
    let is_text = |member: Option<&RawValue>| member.is_some_and(|member| member.get().starts_with('"'));
    members(object, RECORD_KEYS).is_some_and(|members| members.into_iter().any(is_text))
}

/// Parses a record without a document around it.
fn parse_one(record: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    if record.len() > sink.limits.record {
        sink.reject(Rejected::TooLong);
        return Ok(());
    }
    diagnostic::parse_bare(record, sink)
}

/// Parses a record or a batch. Returns `false` if `content` is neither.
fn parse_content(content: &[u8], sink: &mut Sink<'_>) -> bool {
    let kind = parse_or_repair(content, kind);
    if let Some(kind) = kind {
        parse_kind(content, kind, sink);
    }
    kind.is_some()
}

fn parse_kind(content: &[u8], kind: ContentKind, sink: &mut Sink<'_>) {
    match kind {
        ContentKind::Record => {
            if parse_one(content, sink).is_err() {
                sink.reject(Rejected::Malformed);
            }
        }
        ContentKind::Batch => {
            let mut input = Input::of_text(content.to_vec(), sink.limits);
            if read_values(&mut input, sink, diagnostic::parse_bare).is_err() {
                sink.reject(Rejected::Malformed);
            }
        }
    }
}
