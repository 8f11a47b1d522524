//! The result of a query, exported as CSV from Log Analytics, Sentinel or a PowerShell tool.
//!
//! The query selects the columns, the browser's culture writes the times, and cells span lines.

use super::{Recognition, Shape, log_analytics, table, table_field_maps};

pub(super) const SHAPE: Shape = Shape {
    name: "log_analytics_csv",
    recognition: Recognition::Columns(log_analytics::field_map),
    read: |input, sink| table::read(input, sink, log_analytics::field_map, &table_field_maps()),
};
