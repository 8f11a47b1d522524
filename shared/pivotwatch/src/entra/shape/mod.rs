//! The table of shapes, and how a shape is recognised.
//!
//! To add a shape, add a file and its `mod` here, and a line to [`SHAPES`]. If it has JSON records, add its field map
//! to [`ROWS`] too, and a line to [`RECORDS`] if an API's answer can hold them. No other module of the library lists
//! shapes. CONTRIBUTING.md has the steps, with those in the tests.
//!
//! Shapes contain shapes, so parsers call each other. `mixed` tries a forwarder's document, a page, and an answer.
//! `forwarded` parses its content by `diagnostic`, and others by `elastic`, which calls `mixed` without forwarders.
//! A step into a member parses a shorter text. `pages` and `api_answer` each have a `DEEPEST`; `forwarded` enters one
//! `_source`.

mod any_record;
mod api_answer;
mod avro;
mod batches;
mod capture;
mod claim;
mod date_order_buffer;
mod defender;
mod diagnostic;
mod diagnostic_reader;
mod elastic;
mod event_hub;
mod fast_path;
mod forwarded;
mod forwarded_trail;
mod framed;
mod graph;
mod log_analytics;
mod log_analytics_csv;
mod members;
mod mixed;
mod pages;
mod parse_record;
mod portal_csv;
mod prefixed;
mod preview;
mod provenance;
mod reader;
mod sink;
mod table;

use self::parse_record::ParseRecord;
use self::preview::Preview;
pub(super) use self::sink::{Sink, SinkState};
use super::RecognisedShape;
use super::fields::FieldMap;
use crate::input::{Foreign, Input, ReadFault};

/// Every shape, in the order in which they are tried.
const SHAPES: &[Shape] = &[
    capture::SHAPE,
    event_hub::SHAPE,
    elastic::SHAPE,
    forwarded::SHAPE,
    log_analytics::SHAPE,
    diagnostic_reader::SHAPE,
    graph::SHAPE,
    defender::SHAPE,
    forwarded::OF_TEXTS,
    api_answer::SHAPE,
    portal_csv::SHAPE,
    log_analytics_csv::SHAPE,
    defender::CSV,
    elastic::CSV,
];

/// The shapes of records in answers. The shape that maps most fields parses the record; of equals, the first.
const RECORDS: &[(FieldMap, ParseRecord)] = &[
    (diagnostic::field_map, diagnostic::parse_record),
    (log_analytics::field_map, log_analytics::parse_mixed),
    (defender::field_map, defender::parse_record),
    (elastic::field_map, elastic::parse_mixed),
];

/// The shapes whose records are recognised in a file of another shape, by their own keys. The first that gives a
/// sign-in parses the record. Records of diagnostic settings are tried after them.
const ROWS: &[FieldMap] = &[log_analytics::field_map, defender::field_map, elastic::field_map];

/// The field maps of all tables, in the order of [`SHAPES`].
fn table_field_maps() -> Vec<FieldMap> {
    let field_map = |shape: &Shape| match shape.recognition {
        Recognition::Columns(field_map) => Some(field_map),
        Recognition::Preview(_) => None,
    };
    SHAPES.iter().filter_map(field_map).collect()
}

/// A shape: how it is recognised and how it is read.
#[derive(Debug)]
pub(super) struct Shape {
    /// The name in logs and reports.
    pub(super) name: &'static str,
    recognition: Recognition,
    /// Reads the export to its end.
    pub(super) read: fn(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault>,
}

/// The names of [`SHAPES`].
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SHAPES.iter().map(|shape| shape.name)
}

/// How a shape is recognised.
#[derive(Clone, Copy, Debug)]
enum Recognition {
    /// By the beginning of an export.
    Preview(fn(preview: &Preview<'_>) -> bool),
    /// By the columns of a table: no other table's map knows more of them.
    Columns(FieldMap),
}

impl Shape {
    /// Whether an export with this beginning has this shape.
    fn matches(&self, preview: &Preview<'_>) -> bool {
        match self.recognition {
            Recognition::Preview(matches) => matches(preview),
            Recognition::Columns(field_map) => {
                !preview.is_json() && table::is_best_map(preview.text, field_map, &table_field_maps())
            }
        }
    }
}

/// The shape of an export by its beginning, or what the export is instead. The beginning has no leading byte order mark
/// or white space. It is the whole export if that is short.
pub(super) fn recognise(beginning: &[u8]) -> Result<RecognisedShape, Foreign> {
    let first = Preview::of(beginning);
    let rest = || Preview::of_rest(beginning);
    shape_of(&first).or_else(|| shape_of(&rest()?)).ok_or_else(|| {
        if first.is_json() {
            foreign_json(&first)
        } else {
            let after_text = preview::after_text(beginning).or_else(|| prefixed::foreign(beginning));
            after_text.unwrap_or_else(|| table::foreign(beginning, &table_field_maps()))
        }
    })
}

/// The kind of JSON that is not an export.
fn foreign_json(preview: &Preview<'_>) -> Foreign {
    if preview.has(&["error.code"]) || preview.has(&["error.message"]) {
        Foreign::ErrorAnswer
    } else if preview.has_in_any_case(&["activityDateTime", "activityDisplayName"]) {
        Foreign::AuditRecords
    } else {
        Foreign::OtherJson
    }
}

fn shape_of(preview: &Preview<'_>) -> Option<RecognisedShape> {
    let shape = SHAPES.iter().find(|shape| shape.matches(preview))?;
    Some(RecognisedShape { shape, framing: preview.framing, is_settled: preview.is_settled })
}

/// The shape of records of other logs: a log forwarder's documents, or records of more kinds than the beginning shows.
/// Sign-ins can follow them. `is_whole` states whether the beginning is the whole object.
pub(super) fn recognise_other_logs(beginning: &[u8], is_whole: bool) -> Option<RecognisedShape> {
    let preview = Preview::of(beginning);
    let shape = &forwarded::OF_OTHER_LOGS;
    let can_have_others = preview.is_json() && (!is_whole || preview.has_others());
    let is_recognised = shape.matches(&preview) || can_have_others;
    is_recognised.then_some(RecognisedShape { shape, framing: preview.framing, is_settled: true })
}

/// Parses a record of a file that has another log. Returns `false` if it is no sign-in.
pub(super) fn parse_record(text: &[u8], sink: &mut Sink<'_>) -> bool {
    mixed::parse(text, sink)
}
