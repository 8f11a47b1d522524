//! The keys whose arrays hold records: everything else in an object belongs to one record.

use json_records::{Key, KeySet};

/// A set of these requested keys and the keys of batches.
macro_rules! with_batches {
    ($($key:expr),* $(,)?) => {
        ::json_records::KeySet::new(&[
            $($key,)*
            ("records", Key::Batch),
            ("value", Key::Batch),
            ("Value", Key::Batch),
            ("results", Key::Batch),
            ("Results", Key::Batch),
            ("primaryResults", Key::Batch),
            ("PrimaryResults", Key::Batch),
            ("primary_results", Key::Batch),
            ("items", Key::Batch),
            ("Items", Key::Batch),
            ("data", Key::Batch),
            ("Data", Key::Batch),
            ("signIns", Key::Batch),
            ("entries", Key::Batch),
        ])
    };
}
pub(super) use with_batches;

/// The keys of batches alone.
pub(super) static BATCHES: KeySet = with_batches![];
