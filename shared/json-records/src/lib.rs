//! Reads the records of JSON from a stream.
//!
//! ```text
//! bytes ─► ReadBuffer ─► RecordReader ─────────► Record::Indexed   valid, the requested keys indexed
//!                        frames, validates,      Record::Raw       valid, perhaps only after repair
//!                        resynchronises          Record::Damaged …
//!                             │
//!                          Indexer: templates, else the validator
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `read_buffer` | buffers the stream |
//! | `reader` | frames records on lines, in arrays and in batches, and resynchronises after damage |
//! | `validate` | validates one object, 64 bytes at a time, and indexes its requested keys |
//! | `template` | does the same by comparing a record with earlier ones |
//! | `repair` | repairs strings that JSON does not allow |
//!
//! The README says what the crate promises, what it does not, and how each part works.

mod index;
mod indexer;
mod key_set;
mod read_buffer;
mod reader;
mod repair;
mod scalar;
#[cfg(feature = "templates")]
mod template;
mod validate;

pub use index::IndexedRecord;
pub use indexer::Indexer;
pub use key_set::{Key, KeySet};
pub use read_buffer::ReadBuffer;
pub use reader::{Framing, Limits, ReadError, Record, RecordReader, batch_start};
pub use repair::{parse_or_repair, repaired, repaired_for_sniffing};
pub use scalar::Value;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Every SIMD level of this machine, for tests.
#[cfg(test)]
fn levels() -> Vec<fearless_simd::Level> {
    use fearless_simd::Level;
    let best = Level::new();
    let mut levels = vec![best];
    #[cfg(target_arch = "x86_64")]
    {
        let others =
            [best.as_avx2().map(Level::Avx2), best.as_sse4_2().map(Level::Sse4_2), best.as_sse2().map(Level::Sse2)];
        levels.extend(others.into_iter().flatten());
    }
    levels.push(Level::baseline());
    levels
}
