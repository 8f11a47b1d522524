//! The keys of batches: arrays of records. An object without such an array is one record.

use json_records::{Key, KeySet};

use crate::input::sniff::{APPLICATION_KEYS, NO_SLOT};

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
pub(super) const LOG_KEYS: [&str; COLLECTOR_KEYS.len() + APPLICATION_KEYS.len()] = {
    let mut keys = [""; COLLECTOR_KEYS.len() + APPLICATION_KEYS.len()];
    let mut index = 0;
    while index < keys.len() {
        let collectors = COLLECTOR_KEYS.len();
        keys[index] = if index < collectors { COLLECTOR_KEYS[index] } else { APPLICATION_KEYS[index - collectors] };
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
pub(super) static BATCHES: KeySet = KeySet::with_batches(&RECORD_KEYS, &BATCH_NAMES);

const RECORD_KEYS: [(&str, Key); 4 + LOG_KEYS.len() + STATING_KEYS.len()] = {
    let mut keys = [("category", Key::Record(NO_SLOT)); 4 + LOG_KEYS.len() + STATING_KEYS.len()];
    keys[1].0 = "createdDateTime";
    keys[2].0 = "CreatedDateTime";
    keys[3].0 = "TimeGenerated";
    let mut index = 0;
    while index < LOG_KEYS.len() {
        keys[4 + index].0 = LOG_KEYS[index];
        index += 1;
    }
    index = 0;
    while index < STATING_KEYS.len() {
        keys[4 + LOG_KEYS.len() + index].0 = STATING_KEYS[index];
        index += 1;
    }
    keys
};
