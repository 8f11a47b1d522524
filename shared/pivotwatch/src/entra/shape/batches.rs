//! The keys of batches: arrays of records. An object without such an array is one record.

use json_records::{Key, KeySet};

use super::claim::CarriedLog;
use super::members::number_of;
use super::provenance::is_within_another;
use crate::input::log_line::{APPLICATION_KEYS, LOGGER_KEYS, NO_SLOT, joined, record_keys};

/// Those of CloudTrail are the last: log files and answers of `LookupEvents`.
pub(super) const BATCH_NAMES: [&str; 16] = [
    "records",
    "value",
    "Value",
    "results",
    "Results",
    "primaryResults",
    "PrimaryResults",
    "primary_results",
    "items",
    "Items",
    "data",
    "Data",
    "signIns",
    "entries",
    "Records",
    "Events",
];

/// Keys that collectors of logs add.
const COLLECTOR_KEYS: [&str; 13] = [
    "@timestamp",
    "timestamp",
    "_raw",
    "_time",
    "log",
    "host",
    "agent",
    "stream",
    "kubernetes",
    "path",
    "user",
    "attributes",
    "ts",
];

/// Keys of log lines, which no page of records has.
pub(super) const LOG_KEYS: [&str; COLLECTOR_KEYS.len() + APPLICATION_KEYS.len() + LOGGER_KEYS.len()] =
    joined(&[&COLLECTOR_KEYS, &APPLICATION_KEYS, &LOGGER_KEYS]);

/// Keys that can state which application wrote an object.
pub(super) const STATING_KEYS: [&str; 18] = [
    "source",
    "source_type",
    "sourcetype",
    "service",
    "service.name",
    "service.type",
    "event",
    "event.dataset",
    "event.module",
    "input",
    "input.type",
    "ddsource",
    "data_stream",
    "data_stream.dataset",
    "fileset",
    "fileset.module",
    "routing",
    "routing.hostname",
];

/// The set of these keys, and of keys that only records have. An object with a record's key is a record, even if it has
/// a batch's array.
pub(super) static BATCHES: KeySet = KeySet::with_batches(&RECORD_KEYS, &BATCH_NAMES).with_beginnings(is_whole);

/// Whether an object is a record, or a batch that another application wrote, by its beginning up to the bracket of a
/// batch's array. Any other long object is entered there, and the keys after its array are not known.
pub(super) fn is_whole(_: &KeySet, beginning: &[u8]) -> bool {
    let object = [beginning, b"]}"].concat();
    number_of(OWN_KEYS, &object) > 0 || is_within_another(&object, CarriedLog::SignIns)
}

/// Keys that only records have.
const OWN_KEYS: [&str; 5] = ["category", "createdDateTime", "CreatedDateTime", "TimeGenerated", "Timestamp"];

const RECORD_KEYS: [(&str, Key); OWN_KEYS.len() + LOG_KEYS.len() + STATING_KEYS.len()] =
    record_keys(joined(&[&OWN_KEYS, &LOG_KEYS, &STATING_KEYS]), NO_SLOT);
