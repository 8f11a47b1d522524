//! Event hub messages: `{"records":[...]}`, a batch of records of diagnostic settings.
//!
//! A file has one batch, one a line, or concatenated ones. Each element is framed by itself, so a batch on one line of
//! any length takes no more memory than its longest record.

use json_records::{Framing, batch_start};

use super::batches::{LOG_KEYS, STATING_KEYS};
use super::diagnostic_reader::DiagnosticReader;
use super::preview::has_document_of_many_lines;
use super::{Recognition, Shape};
use crate::input::sniff::Keys;

pub(super) const SHAPE: Shape = Shape {
    name: "event_hub",
    recognition: Recognition::Preview(|preview| {
        // Another application can log an array under this key.
        let is_log_line = |keys: &Keys| LOG_KEYS.iter().chain(&STATING_KEYS).any(|key| keys.contains(*key));
        batch_start(preview.text, "records").is_some() && !preview.records().next().is_some_and(is_log_line)
    }),
    read: |input, sink| {
        let is_lines = !has_document_of_many_lines(input.preview()?);
        let framing = if is_lines { Framing::BatchLines } else { Framing::Values };
        DiagnosticReader::new(input.limits).read(input, framing, sink)
    },
};
