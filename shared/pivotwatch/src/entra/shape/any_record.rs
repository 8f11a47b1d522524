//! Parses a record whose shape the export does not decide, by the shape that maps most of its fields.

use super::super::fields::{FieldMap, Fields};
use super::super::outcome::Rejected;
use super::Sink;
use super::parse_record::ParseRecord;

/// Parses a record by one of these shapes, or rejects it as malformed. Of shapes that map as many fields, the first
/// parses it.
pub(super) fn parse(text: &[u8], shapes: &[(FieldMap, ParseRecord)], sink: &mut Sink<'_>) {
    let filled = |field_map| Fields::of_json(text, field_map).map_or(0, |fields| fields.filled());
    let best = shapes.iter().rev().max_by_key(|(field_map, _)| filled(*field_map));
    if best.is_none_or(|(_, parse_record)| parse_record(text, sink).is_err()) {
        sink.reject(Rejected::Malformed);
    }
}
