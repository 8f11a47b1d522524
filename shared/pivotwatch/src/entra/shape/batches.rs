//! The keys of batches: arrays of records. An object without such an array is one record.

use json_records::{Key, KeySet};

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

/// The set of these keys, and of keys that only sign-ins have: an object with one of
/// those is a record, even if it has such arrays.
pub(super) static BATCHES: KeySet = KeySet::with_batches(
    &[
        ("category", Key::Record(0)),
        ("createdDateTime", Key::Record(0)),
        ("CreatedDateTime", Key::Record(0)),
        ("TimeGenerated", Key::Record(0)),
    ],
    &BATCH_NAMES,
);
