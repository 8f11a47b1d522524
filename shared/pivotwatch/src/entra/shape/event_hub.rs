//! Event hub messages: `{"records":[...]}`, a batch of records of diagnostic settings.
//!
//! A file has one batch, one a line, or concatenated ones. Each element is framed by itself, so a batch on one line of
//! any length takes no more memory than its longest record.

use json_records::{Framing, batch_start};

use super::reader::DiagnosticReader;
use super::{Recognition, Shape};

pub(super) const SHAPE: Shape = Shape {
    name: "event_hub",
    recognition: Recognition::Preview(|preview| batch_start(preview.text, "records").is_some()),
    read: |input, sink| DiagnosticReader::new(input.limits).read(input, Framing::BatchLines, sink),
};
