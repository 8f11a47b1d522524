//! Rows of a file whose dates may be written with the day or the month first, which only the file as a whole can tell.
//!
//! A browser exports `03/04/2026` as its user's country writes it. One date whose day is no month decides for the file; until
//! it comes, failures with such dates are held back. A file that never decides has them rejected: a failure counted on the
//! wrong day would be worse than one that is reported as unusable.

use super::super::Outcome;
use super::super::record::{Record, Rejected};
use super::super::row::Row;
use super::super::source::{Origin, origin};
use super::super::time::{Clue, Dates, clue};
use super::Sink;

/// Bytes of records that are held back, some eighty thousand of them; the portal exports a hundred thousand sign-ins at most,
/// and only failures are held. If the file has not decided by then, they are rejected.
const MOST_HELD: usize = 24 * 1024 * 1024;

/// Puts rows into a sink as soon as their dates can be read.
pub(super) struct Dated<'s, 'a> {
    sink: &'s mut Sink<'a>,
    dates: Dates,
    /// Whether there were dates as America writes them; others write them so too, so a certain clue goes before.
    looks_american: bool,
    held: Vec<Record<'static>>,
    held_bytes: usize,
}

impl<'s, 'a> Dated<'s, 'a> {
    pub(super) fn new(sink: &'s mut Sink<'a>) -> Self {
        Self { sink, dates: Dates::Undecided, looks_american: false, held: Vec::new(), held_bytes: 0 }
    }

    pub(super) fn row(&mut self, row: Row<'_>) {
        match origin(&row, self.sink.name) {
            Origin::Source(source) => self.record(row.record(source)),
            Origin::UnknownSignIns => self.sink.unknown_sign_in(),
            Origin::OtherLog => self.sink.other_category(),
        }
    }

    pub(super) fn reject(&mut self, reason: Rejected) {
        self.sink.reject(reason);
    }

    /// Gives up what is still held back.
    pub(super) fn finish(mut self) {
        self.release();
    }

    fn record(&mut self, record: Record<'_>) {
        if self.dates == Dates::Undecided {
            self.learn(record.written_time().unwrap_or_default());
        }
        let judged = record.judge(self.sink.rule, self.dates);
        if self.dates == Dates::Undecided && judged.0 == Outcome::Rejected(Rejected::AmbiguousTime) {
            self.held_bytes += record.size();
            self.held.push(record.into_owned());
            if self.held_bytes > MOST_HELD {
                self.release();
            }
        } else {
            self.sink.judged(judged);
        }
    }

    fn learn(&mut self, time: &str) {
        match clue(time) {
            Some(Clue::Certain(dates)) => {
                self.dates = dates;
                self.release();
            }
            Some(Clue::American) => self.looks_american = true,
            None => {}
        }
    }

    fn release(&mut self) {
        if self.dates == Dates::Undecided && self.looks_american {
            self.dates = Dates::MonthFirst;
        }
        self.held_bytes = 0;
        for record in std::mem::take(&mut self.held) {
            let judged = record.judge(self.sink.rule, self.dates);
            self.sink.judged(judged);
        }
    }
}
