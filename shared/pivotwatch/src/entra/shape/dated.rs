//! Failures whose dates have two readings, kept until their file decides between them.
//!
//! A browser exports `03/04/2026` as its user's country writes it. One date whose day is no month decides for the file; until
//! it comes, failures with such dates are kept. A file that never decides has them rejected: a failure counted on the
//! wrong day would be worse than one that is reported as unusable.

use super::super::record::{Record, TEXTS};
use super::super::time::Orders;
use crate::detection::Source;

/// Bytes that the kept failures can take, some ninety thousand of them; the portal exports a hundred thousand sign-ins at most,
/// of which only the failures are kept. If the file has not decided by then, they are rejected.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// Failures of one file that wait for its order of day and month.
#[derive(Debug)]
pub(super) struct DateOrderBuffer {
    orders: Orders,
    failures: Vec<Kept>,
    /// What `failures` takes, at most [`MOST_BYTES`] and one record.
    bytes: usize,
}

/// A failure without its source of text. Its size is that of its texts and a constant: what is kept is less than a constant
/// times the bytes that were read, whatever they were.
#[derive(Debug)]
struct Kept {
    source: Source,
    /// All texts without a separator.
    text: Box<str>,
    /// Where each ends in `text`.
    ends: [usize; TEXTS],
}

/// What an allocation can take besides its content.
const ALLOCATION: usize = 16;

impl DateOrderBuffer {
    /// For a file of which nothing is known.
    pub(super) const fn new() -> Self {
        Self { orders: Orders::ANY, failures: Vec::new(), bytes: 0 }
    }

    /// The orders that the file's dates can have.
    pub(super) const fn orders(&self) -> Orders {
        self.orders
    }

    /// Learns what a date says of the file. Returns whether it excludes an order.
    pub(super) fn learn(&mut self, date: Orders) -> bool {
        let before = self.orders;
        self.orders.learn(date);
        self.orders != before
    }

    /// Keeps a failure. Returns whether the buffer is full.
    pub(super) fn keep(&mut self, record: &Record<'_>) -> bool {
        let texts = record.texts();
        let mut end = 0;
        let ends = texts.map(|text| {
            end += text.len();
            end
        });
        self.failures.push(Kept { source: record.source, text: texts.concat().into_boxed_str(), ends });
        // The list can have room for twice as many.
        self.bytes += end + ALLOCATION + 2 * size_of::<Kept>();
        self.bytes >= MOST_BYTES
    }

    /// Takes the kept failures out.
    pub(super) fn take(&mut self) -> KeptFailures {
        self.bytes = 0;
        KeptFailures(std::mem::take(&mut self.failures))
    }
}

/// Failures that were kept.
pub(super) struct KeptFailures(Vec<Kept>);

impl KeptFailures {
    /// Their records, in the order in which they came.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.0.iter().map(|kept| {
            let mut start = 0;
            let texts = kept.ends.map(|end| &kept.text[std::mem::replace(&mut start, end)..end]);
            Record::of_texts(kept.source, texts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What keeping a failure takes, whatever its texts.
    const EACH: usize = ALLOCATION + 2 * size_of::<Kept>();

    fn record(texts: [&str; TEXTS]) -> Record<'_> {
        Record::of_texts(Source::Interactive, texts)
    }

    #[test]
    fn kept_records_come_out_as_they_came_in() {
        let texts = ["a", "", "3/4/2026 1:00", "é", "", "50126", "x".repeat(9).leak(), "ann", "", "c"];
        let mut buffer = DateOrderBuffer::new();
        assert!(!buffer.keep(&record(texts)));
        assert!(!buffer.keep(&record([""; TEXTS])));
        let kept = buffer.take();
        let found: Vec<_> = kept.records().map(|record| record.texts().map(str::to_owned)).collect();
        assert_eq!(found, [texts.map(str::to_owned), [""; TEXTS].map(str::to_owned)]);
    }

    #[test]
    fn the_buffer_is_full_at_its_bound_whether_records_are_many_or_long() {
        let long = "x".repeat(1 << 20);
        for text in ["", "3/4/2026 1:00", &long] {
            let mut buffer = DateOrderBuffer::new();
            let mut number = 1;
            while !buffer.keep(&record([text, "", "", "", "", "", "", "", "", ""])) {
                number += 1;
            }
            assert_eq!(number, MOST_BYTES.div_ceil(EACH + text.len()));
            let kept = buffer.take();
            let list = kept.0.capacity() * size_of::<Kept>();
            let taken = list + kept.0.iter().map(|kept| kept.text.len() + ALLOCATION).sum::<usize>();
            assert!(taken < MOST_BYTES + EACH + text.len(), "{taken} bytes for {number} records");
            assert_eq!(buffer.bytes, 0, "and begins anew");
        }
    }
}
