//! The interface between readers of records and the parsers of shapes.

use super::sink::Sink;

/// The text is not a JSON object.
pub(super) struct NotJson;

/// Parses one record and gives it to the sink.
pub(super) type ParseRecord = fn(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson>;
