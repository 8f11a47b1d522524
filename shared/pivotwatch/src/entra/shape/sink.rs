//! Where a shape puts the records of an export: it judges each by the rule, and counts what it was.

use json_records::Framing;

use super::super::fields::Fields;
use super::super::record::{DateEvidence, Ignored, Judged, Record, Rejected};
use super::super::source::{Origin, origin};
use super::super::time::{Orders, TIMES, When};
use super::super::{Outcome, Receiver, Warning};
use super::date_order_buffer::DateOrderBuffer;
use crate::detection::Rule;
use crate::detection::failure::{Code, Ordinals};
use crate::input::{Foreign, Limits};

/// Where a shape puts what it reads.
pub(in crate::entra) struct Sink<'a> {
    name: &'a str,
    pub(super) framing: Framing,
    pub(super) rule: &'a Rule,
    receiver: &'a mut dyn Receiver,
    undecided: DateOrderBuffer,
    ordinals: Ordinals,
    records: u64,
    sign_ins: u64,
    malformed: u64,
    unproven: u64,
    has_compressed_part: bool,
    /// What a table is instead of sign-ins.
    foreign: Option<Foreign>,
    /// For what is cut anew within a record.
    pub(in crate::entra) limits: Limits,
}

impl<'a> Sink<'a> {
    pub(in crate::entra) fn new(
        name: &'a str,
        framing: Framing,
        rule: &'a Rule,
        receiver: &'a mut dyn Receiver,
    ) -> Self {
        let (undecided, ordinals, limits) = (DateOrderBuffer::new(), Ordinals::default(), Limits::default());
        Self {
            name,
            framing,
            rule,
            receiver,
            undecided,
            ordinals,
            records: 0,
            sign_ins: 0,
            malformed: 0,
            unproven: 0,
            has_compressed_part: false,
            foreign: None,
            limits,
        }
    }

    /// How many records there were of any kind.
    pub(in crate::entra) fn records(&self) -> u64 {
        self.records
    }

    /// How many of them were of sign-ins.
    pub(in crate::entra) fn sign_ins(&self) -> u64 {
        self.sign_ins
    }

    /// What an export is instead that had records, but none of a sign-in.
    pub(in crate::entra) fn without_sign_ins(&self) -> Foreign {
        if let Some(foreign) = self.foreign {
            foreign
        } else if self.malformed == self.records {
            Foreign::NothingWhole
        } else if self.unproven > 0 {
            Foreign::UnprovenTexts
        } else {
            Foreign::OtherLogs
        }
    }

    /// Compressed data where a record would begin.
    pub(super) fn compressed_part(&mut self) {
        self.has_compressed_part = true;
    }

    /// Whether there was such data.
    pub(in crate::entra) fn has_compressed_part(&self) -> bool {
        self.has_compressed_part
    }

    /// A table whose columns are those of something else.
    pub(super) fn foreign_table(&mut self, foreign: Foreign) {
        if foreign != Foreign::OtherTable {
            self.foreign = Some(foreign);
        }
    }

    /// A record of a sign-in.
    pub(super) fn sign_in(&mut self, record: &Record<'_>) {
        let result = record.failure_code(self.rule);
        // A failure may need any of its times, every other sign-in the first.
        let times = if result.is_ok() { TIMES } else { 1 };
        for (column, text) in record.times().take(times) {
            if let Some(misdated) = self.undecided.absorb(column, When::new(text, Orders::ANY).evidence()) {
                self.warn(Warning::MixedDateOrders);
                (0..misdated).for_each(|_| self.warn(Warning::ContradictedDate));
            }
        }
        match result {
            Ok(code) => {
                if !self.judge(record, code, DateEvidence::Partial) {
                    self.keep(record);
                }
            }
            Err(outcome) => self.judged(outcome, record.first_when(self.undecided.dates())),
        }
    }

    /// Judges a failure. Returns `false` if its time depends on evidence that can still follow.
    pub(super) fn judge(&mut self, record: &Record<'_>, code: Code, evidence: DateEvidence) -> bool {
        let judged = record.judge(code, self.undecided.dates(), evidence, &mut self.ordinals);
        let Some(Judged { outcome, when, dated_by }) = judged else { return false };
        if let Some(column) = dated_by {
            self.undecided.count_dated(column);
        }
        if self.ordinals.take_uncounted() {
            self.warn(Warning::RepeatsUncounted);
        }
        self.judged(outcome, when);
        true
    }

    /// A sign-in that was judged.
    pub(super) fn judged(&mut self, outcome: Outcome, when: When<'_>) {
        self.sign_ins += 1;
        self.receive(outcome, when);
    }

    /// Keeps a failure until its date is decided.
    pub(super) fn keep(&mut self, record: &Record<'_>) {
        if !self.undecided.keep(record) {
            self.release();
            if !self.undecided.keep(record) {
                self.judge_finally(record);
            }
        }
    }

    /// Judges the kept failures by the evidence so far.
    pub(super) fn release(&mut self) {
        for record in self.undecided.take().records() {
            self.judge_finally(&record);
        }
    }

    pub(super) fn judge_finally(&mut self, record: &Record<'_>) {
        match record.failure_code(self.rule) {
            Ok(code) => drop(self.judge(record, code, DateEvidence::Final)),
            Err(outcome) => self.judged(outcome, record.first_when(self.undecided.dates())),
        }
    }

    /// Ends the file: no more evidence follows.
    pub(in crate::entra) fn finish(&mut self) {
        self.release();
    }

    /// A record whose row tells where it comes from.
    pub(super) fn fields(&mut self, fields: Fields<'_>) {
        match origin(&fields, self.name) {
            Origin::Source(source) => self.sign_in(&fields.record(source)),
            Origin::UnknownSignIns => self.unknown_sign_in(),
            Origin::OtherLog => self.other_category(),
        }
    }

    /// A sign-in of a category that is not known.
    pub(super) fn unknown_sign_in(&mut self) {
        self.sign_ins += 1;
        self.receive(Outcome::Ignored(Ignored::UnknownSignInCategory), When::NEVER);
    }

    /// A record of another log.
    pub(super) fn other_category(&mut self) {
        self.receive(Outcome::Ignored(Ignored::OtherCategory), When::NEVER);
    }

    /// A text like a sign-in, in a document that does not say that it comes from Entra.
    pub(super) fn unproven(&mut self) {
        self.unproven += 1;
        self.other_category();
    }

    /// Something about the object's records that deserves attention.
    pub(super) fn warn(&mut self, warning: Warning) {
        self.receiver.warn(warning);
    }

    /// A record that cannot be used.
    pub(super) fn reject(&mut self, reason: Rejected) {
        self.malformed += u64::from(reason == Rejected::Malformed);
        self.receive(Outcome::Rejected(reason), When::NEVER);
    }

    pub(super) fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.records += 1;
        if !self.receiver.times().add(when) {
            self.warn(Warning::FutureTime);
        }
        self.receiver.receive(outcome);
    }
}
