//! Receives the records of an export from its shape, judges each by the rule, and passes the outcome on. The receiver
//! counts failures, ignored and rejected records.

use json_records::Framing;

use super::super::fields::{FieldId, Fields};
use super::super::outcome::{Ignored, Rejected};
use super::super::record::{DateEvidence, Judged, NotCounted, Record, failure_code};
use super::super::source::{Origin, origin};
use super::super::time::{ColumnOrders, Date, TIMES, UndecidedTimes, When};
use super::super::{Outcome, Receiver, SuccessTexts, Warning};
use super::claim::CarriedLog;
use super::date_order_buffer::DateOrderBuffer;
use super::provenance::{is_of_another, is_within_another};
use crate::detection::Rule;
use crate::detection::failure::{Code, Ordinals};
use crate::input::{Foreign, Limits};

/// What the records of a file so far mean for those that follow.
#[derive(Debug)]
pub(in crate::entra) struct SinkState {
    undecided: DateOrderBuffer,
    undecided_times: UndecidedTimes,
    ordinals: Ordinals,
}

impl Default for SinkState {
    fn default() -> Self {
        Self {
            undecided: DateOrderBuffer::new(),
            undecided_times: UndecidedTimes::default(),
            ordinals: Ordinals::default(),
        }
    }
}

/// Judges the records of one export. Each shape gives its records to it.
pub(in crate::entra) struct Sink<'a> {
    name: &'a str,
    pub(super) framing: Framing,
    pub(super) rule: &'a Rule,
    receiver: &'a mut dyn Receiver,
    state: &'a mut SinkState,
    records: u64,
    sign_ins: u64,
    malformed: u64,
    unproven: u64,
    has_unreadable_part: bool,
    /// The kind of a table without sign-ins.
    foreign: Option<Foreign>,
    /// Whether the receiver took a record of another log.
    has_taken_other_log: bool,
    /// Pages and arrays that are open around the current record, each within a record of the one before.
    pub(super) pages: usize,
    /// Whether another application may have written the current record.
    is_of_another: bool,
    /// The forwarder's document around the current record, empty without one.
    document: Vec<u8>,
    /// For texts within a record that are framed by themselves.
    pub(in crate::entra) limits: Limits,
}

impl<'a> Sink<'a> {
    pub(in crate::entra) fn new(
        name: &'a str,
        framing: Framing,
        rule: &'a Rule,
        state: &'a mut SinkState,
        receiver: &'a mut dyn Receiver,
    ) -> Self {
        Self {
            name,
            framing,
            rule,
            receiver,
            state,
            records: 0,
            sign_ins: 0,
            malformed: 0,
            unproven: 0,
            has_unreadable_part: false,
            foreign: None,
            has_taken_other_log: false,
            pages: 0,
            is_of_another: false,
            document: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// The number of records of any kind.
    pub(in crate::entra) fn records(&self) -> u64 {
        self.records
    }

    /// The number of records of sign-ins.
    pub(in crate::entra) fn sign_ins(&self) -> u64 {
        self.sign_ins
    }

    /// Whether the receiver took a record of another log.
    pub(in crate::entra) fn has_taken_other_log(&self) -> bool {
        self.has_taken_other_log
    }

    /// The kind of an export that has records, and no sign-in among them.
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

    /// Reports a part that is not read, at the position of a record.
    pub(super) fn unreadable_part(&mut self) {
        self.has_unreadable_part = true;
    }

    /// Whether such a part was reported.
    pub(in crate::entra) fn has_unreadable_part(&self) -> bool {
        self.has_unreadable_part
    }

    /// Reports a table without the columns of a sign-in.
    pub(super) fn foreign_table(&mut self, foreign: Foreign) {
        if foreign != Foreign::OtherTable {
            self.foreign = Some(foreign);
        }
    }

    /// Judges a sign-in, or keeps it until its date is decided.
    pub(super) fn sign_in(&mut self, record: &Record<'_>) {
        let result = record.failure_code(self.rule);
        // A failure can need any of its times, every other sign-in only the first.
        let times = if result.is_ok() { TIMES } else { 1 };
        let mut first_date = None;
        for (place, (column, text)) in record.times().take(times).enumerate() {
            let Some(date) = When::by_itself(text).date() else { continue };
            if place == 0 {
                first_date = Some(date);
            }
            if let Some(misdated) = self.state.undecided.absorb(column, &date) {
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
            Err(outcome) => {
                if outcome == NotCounted::Ignored(Ignored::NotAFailure) && record.is_success() {
                    let time = record.times.iter().map(|text| text.trim()).find(|text| !text.is_empty());
                    self.succeeded(&SuccessTexts {
                        addresses: record.addresses.each_ref().map(|text| text.as_bytes()),
                        users: [record.user.as_bytes(), b""],
                        time: time.unwrap_or_default().as_bytes(),
                    });
                }
                let when = self.first_when(record, first_date);
                self.judged(outcome.into(), when);
            }
        }
    }

    /// Whether the receiver has a use for successes.
    pub(super) fn wants_successes(&self) -> bool {
        self.receiver.wants_successes()
    }

    /// Passes a successful sign-in on. A forged one could make an attack look like an office, so one of a document of
    /// another application is none.
    pub(super) fn succeeded(&mut self, success: &SuccessTexts<'_>) {
        if self.wants_successes() && !self.is_of_another {
            self.receiver.succeeded(success);
        }
    }

    /// The first of a record's times, which may not be parseable: few times of records that do not count are parsed.
    /// `date` is its date. A time that other dates can still decide is added at the end.
    fn first_when<'r>(&mut self, record: &'r Record<'_>, date: Option<Date>) -> When<'r> {
        let Some((column, text)) = record.times().next() else { return When::NEVER };
        let orders = self.state.undecided.dates().of(column);
        let when = When::new(text, orders);
        if orders == ColumnOrders::Mixed || !date.is_some_and(|date| date.is_undecided()) {
            return when;
        }
        if let Some(horizon) = self.receiver.times().horizon() {
            self.state.undecided_times.add(column, when, horizon);
        }
        When::NEVER
    }

    /// Judges a failure. Returns `false` if its time depends on evidence that can still follow.
    pub(super) fn judge(&mut self, record: &Record<'_>, code: Code, evidence: DateEvidence) -> bool {
        let judged = record.judge(code, self.state.undecided.dates(), evidence, &mut self.state.ordinals);
        let Some(Judged { outcome, when, dated_by }) = judged else { return false };
        if let Some(column) = dated_by {
            self.state.undecided.count_dated(column);
        }
        if self.state.ordinals.take_uncounted() {
            self.warn(Warning::RepeatsUncounted);
        }
        let when = when.unwrap_or_else(|| {
            let first = record.times().next().and_then(|(_, text)| When::by_itself(text).date());
            self.first_when(record, first)
        });
        self.judged(outcome, when);
        true
    }

    /// Counts a judged sign-in, and passes it on.
    pub(super) fn judged(&mut self, outcome: Outcome, when: When<'_>) {
        self.sign_ins += 1;
        self.receive(outcome, when);
    }

    /// Keeps a failure until its date is decided.
    pub(super) fn keep(&mut self, record: &Record<'_>) {
        if !self.state.undecided.keep(record) {
            self.release();
            if !self.state.undecided.keep(record) {
                self.judge_finally(record);
            }
        }
    }

    /// Judges the kept failures by the evidence so far.
    pub(super) fn release(&mut self) {
        for record in self.state.undecided.take().records() {
            self.judge_finally(&record);
        }
    }

    pub(super) fn judge_finally(&mut self, record: &Record<'_>) {
        match record.failure_code(self.rule) {
            Ok(code) => drop(self.judge(record, code, DateEvidence::Final)),
            Err(outcome) => self.judged(outcome.into(), When::NEVER),
        }
    }

    /// Ends the export: no more evidence follows.
    pub(in crate::entra) fn finish(&mut self) {
        self.release();
        let undecided = std::mem::take(&mut self.state.undecided_times);
        for times in undecided.decided(self.state.undecided.dates()) {
            self.receiver.times().add_all(&times);
            (0..times.future).for_each(|_| self.warn(Warning::FutureTime));
        }
    }

    /// Begins another table of the export. Its writer's dates are no evidence for those before.
    pub(super) fn begin_table(&mut self) {
        self.finish();
        self.state.undecided = DateOrderBuffer::new();
    }

    /// Judges a record whose fields decide its source.
    pub(super) fn fields(&mut self, fields: Fields<'_>) {
        if fields.is_summary() {
            return self.summary();
        }
        match origin(&fields, self.name) {
            Origin::Source(source) => self.sign_in(&fields.record(source)),
            Origin::UnknownSignIns => self.unknown_sign_in(),
            Origin::OtherLog => self.other_category(),
        }
    }

    /// Rejects a row that summarises sign-ins.
    fn summary(&mut self) {
        self.foreign_table(Foreign::SummarisedTable);
        self.reject(Rejected::Summary);
    }

    /// Counts a sign-in of an unknown category.
    pub(super) fn unknown_sign_in(&mut self) {
        self.judged(Outcome::Ignored(Ignored::UnknownSignInCategory), When::NEVER);
    }

    /// Counts a record of another log.
    pub(super) fn other_category(&mut self) {
        self.receive(Outcome::Ignored(Ignored::OtherCategory), When::NEVER);
    }

    /// Offers a record to the receiver, which may read its log. Returns whether the receiver took it.
    pub(super) fn take_other_log(&mut self, record: &[u8]) -> bool {
        let is_taken = self.receiver.take_other_log(record);
        self.has_taken_other_log |= is_taken;
        self.records += u64::from(is_taken);
        is_taken
    }

    /// Parses the record of a forwarder's document. Only a failure costs a look at the document.
    pub(super) fn within(&mut self, document: &[u8], parse: impl FnOnce(&mut Self)) {
        self.document.extend_from_slice(document);
        parse(self);
        self.document.clear();
    }

    /// Judges a record that may be one of another application: a visitor can post a sign-in to it. A failure in an
    /// application's document is one of another log. One that names another source itself is rejected.
    pub(super) fn fields_of(&mut self, text: &[u8], fields: Fields<'_>) {
        if fields.is_summary() {
            return self.summary();
        }
        match origin(&fields, self.name) {
            Origin::Source(source) => {
                let codes = [FieldId::Code, FieldId::StatusCode].map(|id| fields.get(id));
                let code = failure_code(self.rule, source, codes);
                let decides = match code {
                    Ok(_) => true,
                    Err(outcome) => outcome == NotCounted::Ignored(Ignored::NotAFailure) && self.wants_successes(),
                };
                let names_another = decides && is_of_another(text);
                let is_of_another =
                    decides && !self.document.is_empty() && is_within_another(&self.document, CarriedLog::SignIns);
                if is_of_another && code.is_ok() {
                    self.unproven();
                } else if names_another && code.is_ok() {
                    // Tools add such members to whole records too, so its loss must be seen.
                    self.judged(Outcome::Rejected(Rejected::OtherSource), When::NEVER);
                } else {
                    self.is_of_another = names_another || is_of_another;
                    self.sign_in(&fields.record(source));
                    self.is_of_another = false;
                }
            }
            Origin::UnknownSignIns => self.unknown_sign_in(),
            Origin::OtherLog => self.other_category(),
        }
    }

    /// Counts a text like a sign-in in a document that does not state Entra as its origin.
    pub(super) fn unproven(&mut self) {
        self.unproven += 1;
        self.other_category();
    }

    /// Passes a warning on.
    pub(super) fn warn(&mut self, warning: Warning) {
        self.receiver.warn(warning);
    }

    /// Counts a record that cannot be used.
    pub(super) fn reject(&mut self, reason: Rejected) {
        self.malformed += u64::from(reason == Rejected::Malformed);
        self.receive(Outcome::Rejected(reason), When::NEVER);
    }

    /// Passes an outcome on, after the time of its record.
    pub(super) fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.records += 1;
        if !self.receiver.times().add(when) {
            self.warn(Warning::FutureTime);
        }
        self.receiver.receive(outcome);
    }
}
