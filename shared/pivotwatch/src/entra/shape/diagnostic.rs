//! Azure Monitor diagnostic settings: one JSON object a line, as the storage account's `PT1H.json` has them, or set out
//! over many lines by a tool on the way.
//!
//! Fields: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs>; the envelope around them:
//! <https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema>.

use super::super::row::{Field, Role, Row};
use super::super::source::{Origin, of_log};
use super::forwarded::{self, Content};
use super::glance::no_precedents;
use super::{Reader, Shape, Sink, defender, log_analytics};
use crate::input::json::NotJson;

pub(super) const SHAPE: Shape = Shape {
    name: "diagnostic",
    recognises: |head| head.has(&["category"]),
    read: |input, sink| {
        let mut precedents = no_precedents(input.limits);
        super::read_records(input, &mut Reader::of_diagnostic(sink, &mut precedents))
    },
};

/// Reads a record of a diagnostic setting, one of Log Analytics or of Defender, or what a forwarder put around these, as an
/// event hub can have them among the others.
pub(super) fn read_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    read(text, sink, |text, sink| match forwarded::take(text, sink)? {
        Content::Taken => Ok(()),
        Content::Itself | Content::Nothing => log_analytics::read_record(text, sink),
    })
}

/// The same, but with nothing around the record.
pub(super) fn read_bare(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    read(text, sink, log_analytics::read_record)
}

/// Reads a record of a diagnostic setting or of Defender, and leaves one without a category to `others`.
fn read(
    text: &[u8],
    sink: &mut Sink<'_>,
    others: impl FnOnce(&[u8], &mut Sink<'_>) -> Result<(), NotJson>,
) -> Result<(), NotJson> {
    let row = Row::of_json(text, vocabulary).ok_or(NotJson)?;
    match of_log(row.get(Role::Category).as_bytes()) {
        Some(Origin::Source(source)) => sink.sign_in(&row.record(source)),
        Some(Origin::UnknownSignIns) => sink.unknown_sign_in(),
        Some(Origin::OtherLog) if defender::is_category(row.get(Role::Category).as_bytes()) => {
            return defender::read_streamed(text, sink);
        }
        Some(Origin::OtherLog) => sink.other_category(),
        None => return others(text, sink),
    }
    Ok(())
}

pub(super) fn vocabulary(name: &str) -> Field {
    match name {
        "category" => Field::Text(Role::Category),
        "time" => Field::Text(Role::LoggedAt),
        "resultType" => Field::Text(Role::Code),
        "callerIpAddress" => Field::Text(Role::CallerAddress),
        "correlationId" => Field::Text(Role::EnvelopeCorrelationId),
        "properties" => Field::Object(properties),
        _ => Field::Other,
    }
}

fn properties(name: &str) -> Field {
    match name {
        "id" => Field::Text(Role::Id),
        "createdDateTime" => Field::Text(Role::Time),
        "ipAddress" => Field::Text(Role::Address),
        "status" => Field::Object(status),
        "userPrincipalName" => Field::Text(Role::User),
        "servicePrincipalName" => Field::Text(Role::ServicePrincipal),
        "appDisplayName" => Field::Text(Role::App),
        "resourceDisplayName" => Field::Text(Role::Resource),
        "correlationId" => Field::Text(Role::CorrelationId),
        _ => Field::Other,
    }
}

fn status(name: &str) -> Field {
    if name == "errorCode" { Field::Text(Role::StatusCode) } else { Field::Other }
}
