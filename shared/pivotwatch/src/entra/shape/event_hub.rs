//! Event hub messages: `{"records":[...]}`, the elements being records of diagnostic settings.
//!
//! One batch a file, one a line, or one behind another. Elements are cut at their brackets, so that a batch on a single
//! line of any length costs no more memory than its longest record.

use super::glance::no_precedents;
use super::{Reader, Shape};
use crate::input::json::batch_start;

pub(super) const SHAPE: Shape = Shape {
    name: "event_hub",
    recognises: |head| batch_start(head.text, "records").is_some(),
    read: |input, sink| {
        let mut precedents = no_precedents(input.limits);
        super::read_lines(input, &mut Reader::of_diagnostic(sink, &mut precedents))
    },
};
