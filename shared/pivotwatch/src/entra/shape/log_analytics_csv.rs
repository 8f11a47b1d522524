//! The result of a query, exported as CSV from Log Analytics, Sentinel or a PowerShell tool: whichever columns the query kept, times
//! as the browser's country writes them, and cells over many lines.

use super::{Recognition, Shape, log_analytics, table};

pub(super) const SHAPE: Shape = Shape {
    name: "log_analytics_csv",
    recognition: Recognition::Columns(log_analytics::field_map),
    read: |input, sink| table::read(input, sink, log_analytics::field_map, |_| ()),
};
