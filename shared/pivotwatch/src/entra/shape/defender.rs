//! Defender's advanced hunting: rows of `AADSignInEventsBeta`, now `EntraIdSignInEvents`, as JSON or CSV.
//!
//! The streaming API wraps the same rows in records of an event hub, so `diagnostic` parses those by
//! [`parse_streamed`].
//!
//! Fields: <https://learn.microsoft.com/defender-xdr/advanced-hunting-aadsignineventsbeta-table>.

use super::super::fields::{Field, FieldId, Fields, field_of_query};
use super::parse_record::NotJson;
use super::reader::read_json;
use super::{Recognition, Shape, Sink, mixed, table, table_field_maps};

pub(super) const SHAPE: Shape = Shape {
    name: "defender",
    // A query selects the columns. Sentinel's copy has `TimeGenerated` too.
    recognition: Recognition::Preview(|preview| {
        ["LogonType", "IPAddress", "AccountUpn"].iter().any(|other| preview.has(&["Timestamp", "ErrorCode", other]))
    }),
    read: |input, sink| read_json(input, sink, parse_mixed),
};

pub(super) const CSV: Shape = Shape {
    name: "defender_csv",
    recognition: Recognition::Columns(field_map),
    read: |input, sink| table::read(input, sink, field_map, &table_field_maps()),
};

pub(super) fn field_map(name: &str) -> Field {
    const FIELDS: &[(&str, Field)] = &[
        ("Timestamp", Field::Text(FieldId::Time)),
        ("RequestId", Field::Text(FieldId::Id)),
        ("ReportId", Field::Text(FieldId::OtherId)),
        ("CorrelationId", Field::Text(FieldId::CorrelationId)),
        ("ResourceTenantId", Field::Text(FieldId::Tenant)),
        ("IPAddress", Field::Text(FieldId::Address)),
        ("ErrorCode", Field::Text(FieldId::Code)),
        ("AccountUpn", Field::Text(FieldId::User)),
        // Of `AADSpnSignInEventsBeta`, the table of applications.
        ("ServicePrincipalId", Field::Text(FieldId::ServicePrincipalId)),
        ("ServicePrincipalName", Field::Text(FieldId::ServicePrincipal)),
        ("Application", Field::Text(FieldId::App)),
        ("ResourceDisplayName", Field::Text(FieldId::Resource)),
        ("ClientAppUsed", Field::Text(FieldId::ClientApp)),
        ("UserAgent", Field::Text(FieldId::UserAgent)),
        ("LogonType", Field::Words(FieldId::EventTypes)),
    ];
    field_of_query(FIELDS, name)
}

/// Parses a row, or a record of another shape.
fn parse_mixed(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let fields = Fields::of_json(text, field_map).ok_or(NotJson)?;
    if mixed::is_sign_in(&fields) || !mixed::parse(text, sink) {
        sink.fields_of(text, fields);
    }
    Ok(())
}

/// The fields of a row that Sentinel copied, to which it added a time and a table. `None` of another row.
pub(super) fn fields_of_copy(text: &[u8]) -> Option<Fields<'_>> {
    let fields = Fields::of_json(text, field_map)?;
    let is_row = fields.has_any(&[FieldId::EventTypes, FieldId::User, FieldId::ServicePrincipalId]);
    (is_row && mixed::is_sign_in(&fields)).then_some(fields)
}

pub(super) fn parse_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    sink.fields_of(text, Fields::of_json(text, field_map).ok_or(NotJson)?);
    Ok(())
}

/// Whether a record of the streaming API with this category holds a sign-in.
pub(super) fn is_category(category: &[u8]) -> bool {
    ["AdvancedHunting-AADSignInEventsBeta", "AdvancedHunting-EntraIdSignInEvents"]
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(category))
}

/// Parses a record of the streaming API.
pub(super) fn parse_streamed(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let envelope = |name: &str| if name == "properties" { Field::Object(field_map) } else { Field::Other };
    sink.fields_of(text, Fields::of_json(text, envelope).ok_or(NotJson)?);
    Ok(())
}
