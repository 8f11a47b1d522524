//! A record whose shape the object does not tell: the shape whose names it has the most of.

use super::super::fields::{FieldMap, Fields};
use super::super::record::Rejected;
use super::reader::NotJson;
use super::{Sink, defender, diagnostic, elastic, log_analytics};

type ReadRecord = fn(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson>;

/// Shapes of records; of those that suit a record as well, the first one reads it.
const SHAPES: [(FieldMap, ReadRecord); 4] = [
    (diagnostic::field_map, diagnostic::read_record),
    (log_analytics::field_map, log_analytics::read_record),
    (defender::field_map, defender::read_record),
    (elastic::field_map, elastic::read_record),
];

/// Reads a record, or rejects it as malformed.
pub(super) fn read(text: &[u8], sink: &mut Sink<'_>) {
    let filled = |field_map| Fields::of_json(text, field_map).map_or(0, |row| row.filled());
    let (_, read) = SHAPES.iter().rev().max_by_key(|(field_map, _)| filled(*field_map)).unwrap_or(&SHAPES[0]);
    if read(text, sink).is_err() {
        sink.reject(Rejected::Malformed);
    }
}
