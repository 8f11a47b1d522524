//! Azure Monitor diagnostic settings: one JSON object a line, as in the storage account's `PT1H.json`, or
//! pretty-printed by a tool.
//!
//! Fields: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs>; the envelope around them:
//! <https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema>.

use json_records::{Key, KeySet};

use super::super::fields::{FIELD_IDS, Field, FieldId, Fields};
use super::super::source::{Origin, of_log};
use super::batches::{BATCH_NAMES, STATING_KEYS, is_whole};
use super::members::number_of;
use super::parse_record::NotJson;
use super::{Sink, defender, log_analytics, mixed};
use crate::input::log_line::{APPLICATION_KEYS, LOGGER_KEYS, NO_SLOT, joined, record_keys};

/// Parses a record of a diagnostic setting, of Log Analytics or of Defender, or a forwarder's document around one. An
/// event hub can mix all of these.
pub(super) fn parse_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    parse(text, sink, log_analytics::parse_mixed)
}

/// Like [`parse_record`], without a forwarder's document around the record.
pub(super) fn parse_bare(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    parse(text, sink, log_analytics::parse_record)
}

/// Parses a record of a diagnostic setting or of Defender. `others` parses a record without a category.
pub(super) fn parse(
    text: &[u8],
    sink: &mut Sink<'_>,
    others: impl FnOnce(&[u8], &mut Sink<'_>) -> Result<(), NotJson>,
) -> Result<(), NotJson> {
    let fields = Fields::of_json(text, field_map).ok_or(NotJson)?;
    match of_log(fields.get(FieldId::Category).as_bytes()) {
        Some(Origin::Source(_) | Origin::UnknownSignIns) => sink.fields_of(text, fields),
        Some(Origin::OtherLog) if defender::is_category(fields.get(FieldId::Category).as_bytes()) => {
            return defender::parse_streamed(text, sink);
        }
        // A row of another shape, to which an analyst added a category of his own.
        Some(Origin::OtherLog) if has_no_properties(text) && mixed::parse_row(text, sink) => {}
        Some(Origin::OtherLog) => sink.other_category(),
        None => return others(text, sink),
    }
    Ok(())
}

/// Whether a record lacks what every record of a diagnostic setting has.
fn has_no_properties(text: &[u8]) -> bool {
    number_of(["properties", "operationName"], text) == 0
}

/// The fields of a record: the one table for the fast path and the full parse. A slot is the field's [`FieldId`].
pub(super) static KEYS: KeySet = KeySet::with_batches(&RECORD_KEYS, &BATCH_NAMES).with_beginnings(is_whole);

const FIELDS: [(&str, Key); 8] = [
    ("category", Key::Record(FieldId::Category as usize)),
    ("time", Key::Value(FieldId::LoggedAt as usize)),
    ("resultType", Key::Value(FieldId::Code as usize)),
    ("operationName", Key::Value(FieldId::Operation as usize)),
    ("callerIpAddress", Key::Value(FieldId::CallerAddress as usize)),
    ("correlationId", Key::Value(FieldId::EnvelopeCorrelationId as usize)),
    ("tenantId", Key::Value(FieldId::Tenant as usize)),
    ("properties", Key::Object(IN_PROPERTIES, &PROPERTIES)),
];

/// The fields, the keys that can state which application wrote a record, and the keys of log lines.
const RECORD_KEYS: [(&str, Key); FIELDS.len() + STATING_KEYS.len() + APPLICATION_KEYS.len() + LOGGER_KEYS.len()] =
    joined(&[
        &FIELDS,
        &record_keys(STATING_KEYS, STATED),
        &record_keys(APPLICATION_KEYS, LOG_LINE),
        &record_keys(LOGGER_KEYS, NO_SLOT),
    ]);

static PROPERTIES: KeySet = KeySet::new(&[
    ("id", Key::Value(FieldId::Id as usize)),
    ("createdDateTime", Key::Value(FieldId::Time as usize)),
    ("ipAddress", Key::Value(FieldId::Address as usize)),
    ("status", Key::Object(IN_STATUS, &STATUS)),
    ("userPrincipalName", Key::Value(FieldId::User as usize)),
    ("servicePrincipalName", Key::Value(FieldId::ServicePrincipal as usize)),
    ("appDisplayName", Key::Value(FieldId::App as usize)),
    ("resourceDisplayName", Key::Value(FieldId::Resource as usize)),
    ("clientAppUsed", Key::Value(FieldId::ClientApp as usize)),
    ("userAgent", Key::Value(FieldId::UserAgent as usize)),
    ("correlationId", Key::Value(FieldId::CorrelationId as usize)),
]);

static STATUS: KeySet = KeySet::new(&[("errorCode", Key::Value(FieldId::StatusCode as usize))]);

/// Slots after those of the fields, for the keys of objects.
pub(super) const IN_PROPERTIES: usize = FIELD_IDS;
const IN_STATUS: usize = FIELD_IDS + 1;

/// The slot of all keys that can state which application wrote a record. A record with two of them has a full parse.
pub(super) const STATED: usize = FIELD_IDS + 2;

/// The slot of all keys of log lines. A record with two of them has a full parse, and can be another application's.
const LOG_LINE: usize = STATED + 1;

/// The number of slots.
pub(super) const SLOTS: usize = LOG_LINE + 1;

pub(super) fn field_map(name: &str) -> Field {
    match field(&KEYS, name) {
        // A tool flattened the record: `properties.status.errorCode`.
        Field::Other => log_analytics::field_of_flattened(name),
        field => field,
    }
}

fn properties(name: &str) -> Field {
    field(&PROPERTIES, name)
}

fn status(name: &str) -> Field {
    field(&STATUS, name)
}

fn field(keys: &KeySet, name: &str) -> Field {
    match keys.get(name) {
        Some(Key::Value(slot) | Key::Record(slot)) => FieldId::in_slot(slot).map_or(Field::Other, Field::Text),
        Some(Key::Object(IN_PROPERTIES, _)) => Field::Object(properties),
        Some(Key::Object(IN_STATUS, _)) => Field::Object(status),
        Some(Key::Object(..) | Key::Batch) | None => Field::Other,
    }
}
