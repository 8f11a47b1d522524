//! Event hub messages: `{"records":[...]}`, the elements being records of diagnostic settings.
//!
//! One batch a file, one a line, or one behind another. Elements are cut at their brackets, so that a batch on a single
//! line of any length costs no more memory than its longest record.

use json_records::{Framing, batch_start};

use super::reader::DiagnosticReader;
use super::{Recognition, Shape};

pub(super) const SHAPE: Shape = Shape {
    name: "event_hub",
    recognition: Recognition::Preview(|preview| batch_start(preview.text, "records").is_some()),
    read: |input, sink| DiagnosticReader::new(input.limits).read(input, Framing::Lines, sink),
};
