//! The keys of batches: arrays of records. An object without such an array is one record.

use json_records::{Key, KeySet};

use super::provenance::{CarriedLog, is_within_another, number_of};
use crate::input::sniff::{APPLICATION_KEYS, LOGGER_KEYS, NO_SLOT};

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
pub(super) const LOG_KEYS: [&str; COLLECTOR_KEYS.len() + APPLICATION_KEYS.len() + LOGGER_KEYS.len()] = {
    let mut keys = [""; COLLECTOR_KEYS.len() + APPLICATION_KEYS.len() + LOGGER_KEYS.len()];
    let (collectors, applications) = (COLLECTOR_KEYS.len(), COLLECTOR_KEYS.len() + APPLICATION_KEYS.len());
    let mut index = 0;
    while index < keys.len() {
        keys[index] = if index < collectors {
            COLLECTOR_KEYS[index]
        } else if index < applications {
            APPLICATION_KEYS[index - collectors]
        } else {
            LOGGER_KEYS[index - applications]
        };
        index += 1;
    }
    keys
};

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

const RECORD_KEYS: [(&str, Key); OWN_KEYS.len() + LOG_KEYS.len() + STATING_KEYS.len()] = {
    let mut keys = [("", Key::Record(NO_SLOT)); OWN_KEYS.len() + LOG_KEYS.len() + STATING_KEYS.len()];
    let (own, logs) = (OWN_KEYS.len(), OWN_KEYS.len() + LOG_KEYS.len());
    let mut index = 0;
    while index < keys.len() {
        keys[index].0 = if index < own {
            OWN_KEYS[index]
        } else if index < logs {
            LOG_KEYS[index - own]
        } else {
            STATING_KEYS[index - logs]
        };
        index += 1;
    }
    keys
};
