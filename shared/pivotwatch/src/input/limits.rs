//! What an object may cost.

/// What an object may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record. A longer one is rejected and passed over without being held in memory.
    pub record: usize,
    /// Bytes of the whole object, decompressed. Nothing is read beyond.
    pub object: u64,
    /// How many bytes one compressed byte may become, over the whole object.
    pub ratio: u64,
    /// How deep the objects and arrays of a record of JSON may lie in one another, the record being the first. A deeper one
    /// is rejected.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Real records have 2 to 40 KiB, and an hour of a large tenant some GiB; text of logs shrinks to a tenth or a
        // twentieth, and not much further when a script repeats one record. The deepest is six deep.
        Self { record: 1024 * 1024, object: 64 * 1024 * 1024 * 1024, ratio: 400, depth: 128 }
    }
}
