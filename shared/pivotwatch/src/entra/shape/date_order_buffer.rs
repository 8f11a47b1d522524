//! Keeps failures with ambiguous dates until the dates of their file decide the order of day and month.
//!
//! `03/04/2026` is a day of March or of April, depending on the writer's country. Another date of the column can
//! decide, such as one whose day is above 12. A later date can also contradict that one, so a failure with an ambiguous
//! date is kept until the file's end. A date that its numbers decide, as nearly all do, never waits.
//!
//! Invariants:
//! - A file whose kept failures fit into [`MOST_BYTES`] has the same outcomes for every order of its records.
//! - When the buffer is full, its failures are judged by the evidence so far: dated if it decides, otherwise rejected.
//!   So a file of one date order is parsed correctly at any length, once a date has decided. Memory stays bounded.
//! - If a date contradicts its column afterwards, failures that were judged before keep their time. Each of them is
//!   reported as `contradicted_date`, and the contradiction as `mixed_date_orders`.
//!
//! A failure whose date stays ambiguous is rejected: a failure on the wrong day is worse than one that is reported as
//! unusable. Of other sign-ins only the times matter: see [`UndecidedTimes`](super::super::time::UndecidedTimes).

use super::super::record::{Record, TEXTS};
use super::super::time::{Date, OrdersByColumn, TIMES};
use crate::detection::Source;

/// Bytes that the kept failures can take: some 85,000 failures of 150 bytes of text. The portal exports at most 100,000
/// sign-ins, and only their failures with ambiguous dates are kept.
const MOST_BYTES: usize = 24 * 1024 * 1024;

/// Failures of one file with ambiguous dates, and the evidence of the file's dates.
#[derive(Debug)]
pub(super) struct DateOrderBuffer {
    dates: OrdersByColumn,
    failures: Vec<KeptFailure>,
    /// Bytes that `failures` takes, at most [`MOST_BYTES`].
    bytes: usize,
    /// Failures that were dated by the other dates of a column, by column.
    dated: [u64; TIMES],
}

/// A failure with a copy of its texts. Its size is a constant plus that of its texts, so the buffer's size is bounded
/// by the bytes read.
#[derive(Debug)]
struct KeptFailure {
    source: Source,
    /// All texts, joined.
    text: Box<str>,
    /// The end of each text in `text`.
    ends: [u32; TEXTS],
}

/// Bytes that an allocation can take besides its content.
const ALLOCATION: usize = 16;

/// Bytes that a kept failure takes besides its texts. The list can have capacity for twice its length.
const EACH: usize = ALLOCATION + 2 * size_of::<KeptFailure>();

impl DateOrderBuffer {
    /// The buffer of a file without evidence.
    pub(super) const fn new() -> Self {
        Self { dates: OrdersByColumn::UNKNOWN, failures: Vec::new(), bytes: 0, dated: [0; TIMES] }
    }

    /// The evidence of the file's dates so far.
    pub(super) const fn dates(&self) -> OrdersByColumn {
        self.dates
    }

    /// Adds a column's date. If this date is the first to contradict the column, returns how
    /// many failures were dated by the column's evidence before.
    pub(super) fn absorb(&mut self, column: usize, date: &Date) -> Option<u64> {
        self.dates.add(column, date).then_some(self.dated[column])
    }

    /// Counts a failure that was dated by the other dates of a column.
    pub(super) fn count_dated(&mut self, column: usize) {
        self.dated[column] += 1;
    }

    /// Keeps a failure. Returns `false` if the buffer has no room for it.
    #[must_use]
    pub(super) fn keep(&mut self, record: &Record<'_>) -> bool {
        let texts = record.texts();
        let length: usize = texts.iter().map(|text| text.len()).sum();
        let bytes = self.bytes + EACH + length;
        if bytes > MOST_BYTES {
            return false;
        }
        let mut end = 0;
        let ends = texts.map(|text| {
            end += text.len();
            // `end` is at most `MOST_BYTES`, so it always fits.
            u32::try_from(end).unwrap_or(u32::MAX)
        });
        self.failures.push(KeptFailure { source: record.source, text: texts.concat().into_boxed_str(), ends });
        self.bytes = bytes;
        true
    }

    /// Takes the kept failures out.
    pub(super) fn take(&mut self) -> KeptFailures {
        self.bytes = 0;
        KeptFailures(std::mem::take(&mut self.failures))
    }
}

/// Failures taken out of the buffer.
pub(super) struct KeptFailures(Vec<KeptFailure>);

impl KeptFailures {
    /// Their records, in the order in which they were kept.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.0.iter().map(|kept| {
            let mut start = 0;
            let texts = kept.ends.map(|end| &kept.text[std::mem::replace(&mut start, end as usize)..end as usize]);
            Record::of_texts(kept.source, texts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(texts: [&str; TEXTS]) -> Record<'_> {
        Record::of_texts(Source::Interactive, texts)
    }

    #[test]
    fn kept_records_are_returned_unchanged_and_in_order() {
        let long = "x".repeat(9);
        let mut texts = [""; TEXTS];
        let some = ["a", "", "3/4/2026 1:00", "é", "", "", "50126", &long, "ann", "", "c"];
        texts[..some.len()].copy_from_slice(&some);
        let mut buffer = DateOrderBuffer::new();
        assert!(buffer.keep(&record(texts)));
        assert!(buffer.keep(&record([""; TEXTS])));
        let kept = buffer.take();
        let found: Vec<_> = kept.records().map(|record| record.texts().map(str::to_owned)).collect();
        assert_eq!(found, [texts.map(str::to_owned), [""; TEXTS].map(str::to_owned)]);
    }

    #[test]
    fn the_buffer_is_full_at_its_bound_for_many_records_and_for_long_ones() {
        let long = "x".repeat(1 << 20);
        for text in ["", "3/4/2026 1:00", &long] {
            let mut buffer = DateOrderBuffer::new();
            let mut texts = [""; TEXTS];
            texts[0] = text;
            let mut number = 0;
            while buffer.keep(&record(texts)) {
                number += 1;
            }
            assert_eq!(number, MOST_BYTES / (EACH + text.len()));
            let kept = buffer.take();
            let list = kept.0.capacity() * size_of::<KeptFailure>();
            let taken = list + kept.0.iter().map(|kept| kept.text.len() + ALLOCATION).sum::<usize>();
            assert!(taken <= MOST_BYTES, "{taken} bytes for {number} records");
            assert!(buffer.keep(&record(texts)), "the buffer is empty again");
        }
    }

    #[test]
    fn a_failure_that_never_fits_is_not_kept() {
        let mut texts = [""; TEXTS];
        let long = "x".repeat(MOST_BYTES);
        texts[0] = &long;
        assert!(!DateOrderBuffer::new().keep(&record(texts)));
    }
}
