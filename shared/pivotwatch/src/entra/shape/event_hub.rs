//! Event hub messages: `{"records":[...]}`, the elements being records of diagnostic settings.
//!
//! One batch a file, one a line, or one behind another. Elements are cut at their brackets, so that a batch on a single
//! line of any length costs no more memory than its longest record.

use json_records::{Framing, batch_start};

use super::Shape;
use super::reader::DiagnosticReader;

pub(super) const SHAPE: Shape = Shape {
    name: "event_hub",
    recognises: |head| batch_start(head.text, "records").is_some(),
    read: |input, sink| DiagnosticReader::new(input.limits).read(input, Framing::Lines, sink),
};
