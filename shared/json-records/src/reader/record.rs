//! A record, how records are framed, and why a stream cannot be read on.

use std::io;

use crate::index::IndexedRecord;

/// A record of a stream.
#[derive(Debug)]
pub enum Record<'r, const N: usize> {
    /// A valid record with a trusted index.
    Indexed(IndexedRecord<'r, N>),
    /// A record that is valid, perhaps only once [`repaired`](crate::repaired). It has no index that can be trusted.
    Raw(&'r [u8]),
    /// A record longer than [`Limits::record`]. It was skipped.
    TooLong,
    /// A record nested deeper than the indexer allows.
    TooDeep,
    /// These bytes are no record: damage, a closing bracket that closes nothing, a value that is no object. Of a line
    /// that has records too, the first such bytes.
    Damaged(&'r [u8]),
}

/// How records are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One record a line. A damaged line costs no other. A batch on a line is one record too.
    ///
    /// Two kinds of arrays and batches give each element as a record. One is on a line that is longer than
    /// [`Limits::record`]. The other is a batch over several lines that begins with `{"records":[`, or another first
    /// batch key.
    Lines,
    /// Like [`Framing::Lines`], but each element of every batch that begins with `{"records":[` is a record. A line of
    /// at most [`Limits::record`] with other members after its array is one record.
    BatchLines,
    /// JSON documents, concatenated: objects, arrays of records, and batches, over any number of lines.
    Values,
}

/// Bounds on records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the longest record. A longer one is skipped without being held in memory.
    pub record: usize,
}

/// Why a stream cannot be read to its end. Records before the error are good.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stream's own error.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The stream ends within an array, a batch, or a document.
    #[error("the stream ends in the middle of a JSON document")]
    Truncated,
}
