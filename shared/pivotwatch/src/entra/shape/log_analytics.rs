//! Rows of Log Analytics as JSON: a workspace's data export to storage or an event hub, or a query's result.
//!
//! Graph's sign-ins have the same names except for case, so one field map serves both. Fields:
//! <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs> and
//! <https://learn.microsoft.com/azure/azure-monitor/reference/tables/aadnoninteractiveusersigninlogs>. The latter has
//! the JSON text of an object where the former has the object.

use super::super::fields::{Field, FieldId, Fields, field_in, field_of_query};
use super::super::outcome::Rejected;
use super::parse_record::NotJson;
use super::reader::read_json;
use super::{Recognition, Shape, Sink, defender, mixed};

pub(super) const SHAPE: Shape = Shape {
    name: "log_analytics",
    recognition: Recognition::Preview(|preview| {
        ["CreatedDateTime", "TimeGenerated"]
            .iter()
            .any(|time| ["ResultType", "Category", "Type"].iter().any(|other| preview.has(&[time, other])))
            // Some databases write the names of columns in small letters.
            || preview.has_in_any_case(&["TimeGenerated", "ResultType"])
    }),
    read: |input, sink| read_json(input, sink, parse_mixed),
};

/// Parses a row, or a sign-in of Graph.
pub(super) fn parse_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    parse(text, sink, |_, _| false)
}

/// Like [`parse_record`], or a record of another shape.
pub(super) fn parse_mixed(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    parse(text, sink, mixed::parse)
}

/// Parses a row. `others` parses a record that lacks a time or an address, or returns `false`.
pub(super) fn parse(
    text: &[u8],
    sink: &mut Sink<'_>,
    others: impl FnOnce(&[u8], &mut Sink<'_>) -> bool,
) -> Result<(), NotJson> {
    let fields = Fields::of_json(text, field_map).ok_or(NotJson)?;
    if !fields.has_any(&[FieldId::Time, FieldId::User, FieldId::Code])
        && let Some(fields) = defender::fields_of_copy(text)
    {
        sink.fields_of(text, fields);
        return Ok(());
    }
    let has_time = fields.has_any(&[FieldId::Time, FieldId::LoggedAt, FieldId::OriginalLoggedAt]);
    // A record of another shape can have the other fields under the same keys.
    if has_time && fields.has_any(&[FieldId::Address, FieldId::CallerAddress]) || !others(text, sink) {
        if has_time || fields.has_any(&[FieldId::Category, FieldId::Table]) {
            sink.fields_of(text, fields);
        } else {
            sink.reject(Rejected::NoCategory);
        }
    }
    Ok(())
}

/// Maps the names of Log Analytics and Graph, and those of a flattened record of a diagnostic setting.
pub(super) fn field_map(name: &str) -> Field {
    match field_of_flattened(name) {
        Field::Other => named(name),
        field => field,
    }
}

/// Maps the paths within the properties of a record of a diagnostic setting: `properties.createdDateTime`.
pub(super) fn field_of_flattened(name: &str) -> Field {
    const PROPERTIES: &str = "properties";
    match name.split_at_checked(PROPERTIES.len()) {
        Some((envelope, path)) if envelope.eq_ignore_ascii_case(PROPERTIES) && path.starts_with(SEPARATORS) => {
            named(path.trim_start_matches(SEPARATORS))
        }
        _ => Field::Other,
    }
}

/// What tools write between the names of a path.
const SEPARATORS: [char; 3] = ['.', '/', '_'];

fn named(name: &str) -> Field {
    const FIELDS: &[(&str, Field)] = &[
        ("id", Field::Text(FieldId::Id)),
        ("createdDateTime", Field::Text(FieldId::Time)),
        ("TimeGenerated", Field::Text(FieldId::LoggedAt)),
        // A search job copies rows into a table of its own.
        ("_OriginalTimeGenerated", Field::Text(FieldId::OriginalLoggedAt)),
        ("_OriginalType", Field::Text(FieldId::OriginalTable)),
        ("_OriginalItemId", Field::Text(FieldId::SearchName)),
        ("_SearchName", Field::Text(FieldId::SearchName)),
        ("ipAddress", Field::Text(FieldId::Address)),
        ("ResultType", Field::Text(FieldId::Code)),
        ("status", Field::Object(status)),
        ("errorCode", Field::Text(FieldId::StatusCode)),
        // An export of a query's result splits a column that has objects in some rows and texts in others.
        ("Status_dynamic", Field::Object(status)),
        ("Status_string", Field::Object(status)),
        ("userPrincipalName", Field::Text(FieldId::User)),
        ("servicePrincipalName", Field::Text(FieldId::ServicePrincipal)),
        ("servicePrincipalId", Field::Text(FieldId::ServicePrincipalId)),
        ("appDisplayName", Field::Text(FieldId::App)),
        ("resourceDisplayName", Field::Text(FieldId::Resource)),
        ("clientAppUsed", Field::Text(FieldId::ClientApp)),
        ("operationName", Field::Text(FieldId::Operation)),
        ("userAgent", Field::Text(FieldId::UserAgent)),
        ("correlationId", Field::Text(FieldId::CorrelationId)),
        // `TenantId` is the workspace.
        ("AADTenantId", Field::Text(FieldId::Tenant)),
        ("resourceTenantId", Field::Text(FieldId::Tenant)),
        ("Category", Field::Text(FieldId::Category)),
        ("Type", Field::Text(FieldId::Table)),
        // What queries name the table of a row in a union.
        ("TableName", Field::Text(FieldId::NamedTable)),
        ("SourceTable", Field::Text(FieldId::NamedTable)),
        ("isInteractive", Field::Words(FieldId::Interactive)),
        ("signInEventTypes", Field::Words(FieldId::EventTypes)),
    ];
    field_of_query(FIELDS, name)
}

fn status(name: &str) -> Field {
    field_in(&[("errorCode", Field::Text(FieldId::StatusCode))], name)
}
