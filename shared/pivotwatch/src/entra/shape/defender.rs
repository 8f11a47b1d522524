//! Defender's advanced hunting: rows of `AADSignInEventsBeta`, now `EntraIdSignInEvents`, as JSON, as CSV, and as the
//! streaming API wraps them, which is read with the event hub's messages that it comes in.
//!
//! Fields: <https://learn.microsoft.com/defender-xdr/advanced-hunting-aadsignineventsbeta-table>.

use super::super::row::{Field, Role, Row, field_in};
use super::reader::{NotJson, read_json};
use super::{Shape, Sink, table};

pub(super) const SHAPE: Shape = Shape {
    name: "defender",
    // Whichever columns a query kept, `Timestamp` beside `TimeGenerated` where Sentinel has a copy.
    recognises: |head| {
        ["LogonType", "IPAddress", "AccountUpn"].iter().any(|other| head.has(&["Timestamp", "ErrorCode", other]))
    },
    read: |input, sink| read_json(input, sink, read_record),
};

pub(super) const CSV: Shape = Shape {
    name: "defender_csv",
    recognises: |head| table::has_columns(head, vocabulary),
    read: |input, sink| table::read(input, sink, vocabulary, |_| ()),
};

pub(super) fn vocabulary(name: &str) -> Field {
    const FIELDS: &[(&str, Field)] = &[
        ("Timestamp", Field::Text(Role::Time)),
        ("RequestId", Field::Text(Role::Id)),
        ("ReportId", Field::Text(Role::OtherId)),
        ("CorrelationId", Field::Text(Role::CorrelationId)),
        ("IPAddress", Field::Text(Role::Address)),
        ("ErrorCode", Field::Text(Role::Code)),
        ("AccountUpn", Field::Text(Role::User)),
        ("Application", Field::Text(Role::App)),
        ("ResourceDisplayName", Field::Text(Role::Resource)),
        ("LogonType", Field::Words(Role::EventTypes)),
    ];
    field_in(FIELDS, name)
}

pub(super) fn read_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    sink.row(Row::of_json(text, vocabulary).ok_or(NotJson)?);
    Ok(())
}

/// Whether a record of the streaming API with this category holds a sign-in.
pub(super) fn is_category(category: &[u8]) -> bool {
    ["AdvancedHunting-AADSignInEventsBeta", "AdvancedHunting-EntraIdSignInEvents"]
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(category))
}

/// Reads a record of the streaming API.
pub(super) fn read_streamed(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let envelope = |name: &str| if name == "properties" { Field::Object(vocabulary) } else { Field::Other };
    sink.row(Row::of_json(text, envelope).ok_or(NotJson)?);
    Ok(())
}
