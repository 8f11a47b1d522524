//! Rows of Log Analytics as JSON: what a workspace's data export writes, a query's result saved as JSON, and what reaches
//! an event hub through a workspace.
//!
//! Graph's sign-ins have the same fields under the same names but for case, so both are read through one field map. Fields:
//! <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs> and
//! <https://learn.microsoft.com/azure/azure-monitor/reference/tables/aadnoninteractiveusersigninlogs>; in the latter the
//! objects of the former are their JSON text.

use super::super::fields::{Field, FieldId, Fields, field_in};
use super::super::record::Rejected;
use super::reader::{NotJson, read_json};
use super::{Recognition, Shape, Sink};

pub(super) const SHAPE: Shape = Shape {
    name: "log_analytics",
    recognition: Recognition::Preview(|preview| {
        ["CreatedDateTime", "TimeGenerated"]
            .iter()
            .any(|time| ["ResultType", "Category", "Type"].iter().any(|other| preview.has(&[time, other])))
    }),
    read: |input, sink| read_json(input, sink, parse_record),
};

/// Reads a row, or a sign-in of Graph.
pub(super) fn parse_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let fields = Fields::of_json(text, field_map).ok_or(NotJson)?;
    let times = [FieldId::Time, FieldId::LoggedAt, FieldId::OriginalLoggedAt];
    if times.iter().all(|id| fields.get(*id).is_empty()) && tells_no_log(&fields) {
        // Something else altogether.
        sink.reject(Rejected::NoCategory);
    } else {
        sink.fields(fields);
    }
    Ok(())
}

fn tells_no_log(fields: &Fields<'_>) -> bool {
    fields.get(FieldId::Category).is_empty() && fields.get(FieldId::Table).is_empty()
}

/// The names of Log Analytics and Graph, also where a tool wrote a record of a diagnostic setting flat.
pub(super) fn field_map(name: &str) -> Field {
    const ENVELOPE: &str = "properties";
    match name.split_at_checked(ENVELOPE.len()) {
        Some((envelope, path)) if envelope.eq_ignore_ascii_case(ENVELOPE) => {
            path.strip_prefix(['.', '/', '_']).map_or(Field::Other, named)
        }
        _ => named(name),
    }
}

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
        // An export of a query's result splits columns that are objects for some rows and texts for others.
        ("Status_dynamic", Field::Object(status)),
        ("Status_string", Field::Object(status)),
        ("userPrincipalName", Field::Text(FieldId::User)),
        ("servicePrincipalName", Field::Text(FieldId::ServicePrincipal)),
        ("appDisplayName", Field::Text(FieldId::App)),
        ("resourceDisplayName", Field::Text(FieldId::Resource)),
        ("correlationId", Field::Text(FieldId::CorrelationId)),
        ("Category", Field::Text(FieldId::Category)),
        ("Type", Field::Text(FieldId::Table)),
        ("isInteractive", Field::Words(FieldId::Interactive)),
        ("signInEventTypes", Field::Words(FieldId::EventTypes)),
    ];
    field_in(FIELDS, name)
}

fn status(name: &str) -> Field {
    field_in(&[("errorCode", Field::Text(FieldId::StatusCode))], name)
}
