//! Azure Monitor diagnostic settings: one JSON object a line, as the storage account's `PT1H.json` has them.
//!
//! Fields: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs>; the envelope around them:
//! <https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema>.

use serde::Deserialize;

use super::super::record::{Record, Rejected};
use super::super::tolerant::{Object, Text};
use super::{Shape, Sink};
use crate::detection::Source;
use crate::input::json::{self, Cut};
use crate::input::{Input, ReadFault};

pub(super) const SHAPE: Shape = Shape { name: "diagnostic", recognises, read };

/// Some line of the beginning is a record of a diagnostic setting: not necessarily the first, which can be damaged.
fn recognises(head: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n').any(|line| parse(line).is_some_and(|envelope| !envelope.category.0.is_empty()))
        // A first record longer than the beginning, which therefore cannot be parsed yet.
        || (head.starts_with(b"{") && !head.contains(&b'\n') && contains(head, b"\"category\""))
}

/// Reads the records, also where some stand in batches.
pub(super) fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    json::lines(input, "records", |record| match record {
        Cut::Text(text) => read_record(text, sink),
        Cut::TooLong => sink.reject(Rejected::TooLong),
    })
}

fn read_record(text: &[u8], sink: &mut Sink<'_>) {
    let Some(envelope) = parse(text) else { return sink.reject(Rejected::Malformed) };
    let category = envelope.category.0.trim();
    if category.is_empty() {
        return sink.reject(Rejected::NoCategory);
    }
    match source(category) {
        Some(source) => sink.sign_in(&envelope.record(source)),
        None if ends_with_sign_in_logs(category) => sink.unknown_sign_in(),
        None => sink.other_category(),
    }
}

/// The source of a category. Azure has changed the case of category names before.
fn source(category: &str) -> Option<Source> {
    [
        ("SignInLogs", Source::Interactive),
        ("NonInteractiveUserSignInLogs", Source::NonInteractive),
        ("ServicePrincipalSignInLogs", Source::ServicePrincipal),
        ("ManagedIdentitySignInLogs", Source::ManagedIdentity),
        ("ADFSSignInLogs", Source::Adfs),
    ]
    .into_iter()
    .find(|(name, _)| name.eq_ignore_ascii_case(category))
    .map(|(_, source)| source)
}

fn ends_with_sign_in_logs(category: &str) -> bool {
    category.to_ascii_lowercase().ends_with("signinlogs")
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

fn parse(text: &[u8]) -> Option<Envelope<'_>> {
    // An array would do for a struct, field by field; it is no record.
    let text = text.trim_ascii();
    if text.starts_with(b"{") { serde_json::from_slice(text).ok() } else { None }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Envelope<'a> {
    #[serde(borrow)]
    category: Text<'a>,
    #[serde(borrow)]
    time: Text<'a>,
    #[serde(borrow)]
    result_type: Text<'a>,
    #[serde(borrow)]
    caller_ip_address: Text<'a>,
    #[serde(borrow)]
    correlation_id: Text<'a>,
    #[serde(borrow)]
    properties: Object<Properties<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    created_date_time: Text<'a>,
    #[serde(borrow)]
    ip_address: Text<'a>,
    #[serde(borrow)]
    status: Object<Status<'a>>,
    #[serde(borrow)]
    user_principal_name: Text<'a>,
    #[serde(borrow)]
    service_principal_name: Text<'a>,
    #[serde(borrow)]
    app_display_name: Text<'a>,
    #[serde(borrow)]
    resource_display_name: Text<'a>,
    #[serde(borrow)]
    correlation_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow)]
    error_code: Text<'a>,
}

impl<'a> Envelope<'a> {
    fn record(self, source: Source) -> Record<'a> {
        let properties = self.properties.0;
        Record {
            source,
            id: properties.id.0,
            // When it happened, and only in want of that when it was logged, which is minutes later.
            times: [properties.created_date_time.0, self.time.0],
            addresses: [properties.ip_address.0, self.caller_ip_address.0],
            codes: [self.result_type.0, properties.status.0.error_code.0],
            user: properties.user_principal_name.or(properties.service_principal_name),
            app: properties.app_display_name.or(properties.resource_display_name),
            correlation_id: properties.correlation_id.or(self.correlation_id),
        }
    }
}
