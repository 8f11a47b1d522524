//! The limits of an object.

/// The limits of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record. A longer one is rejected and skipped without being held in memory.
    pub record: usize,
    /// Bytes of the whole object, decompressed. Bytes beyond are not read.
    pub object: u64,
    /// Decompressed bytes for each compressed byte, over the whole object.
    pub ratio: u64,
    /// The nesting of objects and arrays in a JSON record, the record included. A deeper record is rejected.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Real records have 2 to 40 KiB and are at most six deep. An hour of a large tenant has some GiB. Compression
        // shrinks logs to a tenth or a twentieth, and not much further where a script repeats one record.
        Self { record: 1024 * 1024, object: 64 * 1024 * 1024 * 1024, ratio: 400, depth: 128 }
    }
}
