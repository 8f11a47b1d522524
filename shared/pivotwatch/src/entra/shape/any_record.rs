//! A record whose shape the object does not tell: the shape whose names it has the most of.

use super::super::record::Rejected;
use super::super::row::{Row, Vocabulary};
use super::reader::NotJson;
use super::{Sink, defender, diagnostic, elastic, log_analytics};

type ReadRecord = fn(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson>;

/// Shapes of records; of those that suit a record as well, the first one reads it.
const SHAPES: [(Vocabulary, ReadRecord); 4] = [
    (diagnostic::vocabulary, diagnostic::read_record),
    (log_analytics::vocabulary, log_analytics::read_record),
    (defender::vocabulary, defender::read_record),
    (elastic::vocabulary, elastic::read_record),
];

/// Reads a record, or rejects it as malformed.
pub(super) fn read(text: &[u8], sink: &mut Sink<'_>) {
    let filled = |vocabulary| Row::of_json(text, vocabulary).map_or(0, |row| row.filled());
    let (_, read) = SHAPES.iter().rev().max_by_key(|(vocabulary, _)| filled(*vocabulary)).unwrap_or(&SHAPES[0]);
    if read(text, sink).is_err() {
        sink.reject(Rejected::Malformed);
    }
}
