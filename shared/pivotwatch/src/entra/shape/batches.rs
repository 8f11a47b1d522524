//! The keys of batches: arrays of records. An object without such an array is one record.

use json_records::KeySet;

pub(super) const BATCH_NAMES: [&str; 14] = [
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
];

/// The set of these keys.
pub(super) static BATCHES: KeySet = KeySet::with_batches(&[], &BATCH_NAMES);
