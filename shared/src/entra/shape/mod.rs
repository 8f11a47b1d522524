//! The shapes of export that are read.

mod any_record;
mod api_answer;
mod avro;
mod capture;
mod dated;
mod defender;
mod diagnostic;
mod elastic;
mod event_hub;
mod forwarded;
mod glance;
mod graph;
mod head;
mod log_analytics;
mod log_analytics_csv;
mod portal_csv;
mod prefixed;
mod provenance;
mod table;

use self::dated::DateOrderBuffer;
use self::glance::Precedents;
pub(super) use self::head::Framing;
use self::head::{BATCHES, Head};
use super::record::{Ignored, Record, Rejected};
use super::row::Row;
use super::source::{Origin, origin};
use super::time::When;
use super::{Outcome, Receiver, Recognised, Warning};
use crate::detection::Rule;
use crate::detection::failure::Ordinals;
use crate::input::json::{self, Cut, Glance, NotJson, Place, Records};
use crate::input::{Foreign, Input, Limits, ReadFault, is_compressed};

/// Every shape, in the order in which they are tried.
const SHAPES: &[Shape] = &[
    capture::SHAPE,
    event_hub::SHAPE,
    elastic::SHAPE,
    forwarded::SHAPE,
    log_analytics::SHAPE,
    diagnostic::SHAPE,
    api_answer::SHAPE,
    graph::SHAPE,
    defender::SHAPE,
    forwarded::OF_TEXTS,
    portal_csv::SHAPE,
    log_analytics_csv::SHAPE,
    defender::CSV,
    elastic::CSV,
];

/// A shape: how it is recognised and how it is read.
#[derive(Debug)]
pub(super) struct Shape {
    /// The name in logs and reports.
    pub(super) name: &'static str,
    /// Whether an export that begins so has this shape.
    recognises: fn(head: &Head<'_>) -> bool,
    /// Reads the export to its end.
    pub(super) read: fn(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault>,
}

/// The shape of an export that begins so and how its records would be framed in JSON, or what it is instead. The beginning
/// has no byte order mark and no white space before it, and is the whole export when that is short.
pub(super) fn recognise(head: &[u8]) -> Result<Recognised, Foreign> {
    let first = Head::of(head);
    let rest = || Head::of_rest(head);
    shape_of(&first).or_else(|| shape_of(&rest()?)).ok_or_else(|| {
        if first.is_json() {
            foreign_json(&first)
        } else {
            head::after_text(head).unwrap_or_else(|| table::foreign(head))
        }
    })
}

/// What JSON is instead of an export.
fn foreign_json(head: &Head<'_>) -> Foreign {
    if head.has(&["error.code"]) || head.has(&["error.message"]) {
        Foreign::ErrorAnswer
    } else if head.has_in_any_case(&["activityDateTime", "activityDisplayName"]) {
        Foreign::AuditRecords
    } else {
        Foreign::OtherJson
    }
}

fn shape_of(head: &Head<'_>) -> Option<Recognised> {
    let shape = SHAPES.iter().find(|shape| (shape.recognises)(head))?;
    Some(Recognised { shape, framing: head.framing, is_settled: head.is_settled })
}

/// The shape of documents of a log forwarder, recognised without a sign-in among them.
pub(super) fn recognise_forwarder(head: &[u8]) -> Option<Recognised> {
    let head = Head::of(head);
    let shape = &forwarded::OF_OTHER_LOGS;
    (shape.recognises)(&head).then_some(Recognised { shape, framing: head.framing, is_settled: true })
}

/// Reads one record, if it is JSON.
type ReadRecord = fn(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson>;

/// Reads the records of JSON however they are framed.
fn read_json(input: &mut Input<'_>, sink: &mut Sink<'_>, read_record: ReadRecord) -> Result<(), ReadFault> {
    read_records(input, &mut Reader { sink, read_record, precedents: None })
}

fn read_records(input: &mut Input<'_>, reader: &mut Reader<'_, '_>) -> Result<(), ReadFault> {
    match reader.sink.framing {
        Framing::Lines => read_lines(input, reader),
        Framing::Values => json::values(input, BATCHES, reader),
    }
}

/// Reads the records of JSON lines, also where some stand in batches.
fn read_lines(input: &mut Input<'_>, reader: &mut Reader<'_, '_>) -> Result<(), ReadFault> {
    json::lines(input, "records", reader)
}

/// Reads records of JSON as they are found.
struct Reader<'r, 's> {
    sink: &'r mut Sink<'s>,
    read_record: ReadRecord,
    /// What the records are compared with, if they can be taken at a glance.
    precedents: Option<&'r mut Precedents>,
}

impl<'r, 's> Reader<'r, 's> {
    /// For records of diagnostic settings.
    fn of_diagnostic(sink: &'r mut Sink<'s>, precedents: &'r mut Precedents) -> Self {
        Self { sink, read_record: diagnostic::read_record, precedents: Some(precedents) }
    }
}

impl Records for Reader<'_, '_> {
    fn glance(&mut self, text: &[u8], place: Place) -> Glance {
        match &mut self.precedents {
            Some(precedents) => glance::glance(text, place, precedents, self.sink),
            None => Glance::Left,
        }
    }

    fn cut(&mut self, record: Cut<'_>) -> Result<(), NotJson> {
        match record {
            Cut::Text(text) => {
                let taken = (self.read_record)(text, self.sink);
                if taken.is_err() && is_compressed(text) {
                    self.sink.compressed_part();
                }
                return taken;
            }
            Cut::TooLong => self.sink.reject(Rejected::TooLong),
            Cut::TooDeep => self.sink.reject(Rejected::TooDeep),
        }
        Ok(())
    }

    fn damaged(&mut self) {
        self.sink.reject(Rejected::Malformed);
    }
}

/// Where a shape puts what it reads.
pub(super) struct Sink<'a> {
    name: &'a str,
    framing: Framing,
    rule: &'a Rule,
    receiver: &'a mut dyn Receiver,
    undecided: DateOrderBuffer,
    ordinals: Ordinals,
    records: u64,
    sign_ins: u64,
    malformed: u64,
    unproven: u64,
    has_compressed_part: bool,
    /// What a table is instead of sign-ins.
    instead: Option<Foreign>,
    /// For what is cut anew within a record.
    pub(super) limits: Limits,
}

impl<'a> Sink<'a> {
    pub(super) fn new(name: &'a str, framing: Framing, rule: &'a Rule, receiver: &'a mut dyn Receiver) -> Self {
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
            instead: None,
            limits,
        }
    }

    /// How many records there were of any kind.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// How many of them were of sign-ins.
    pub(super) fn sign_ins(&self) -> u64 {
        self.sign_ins
    }

    /// What an export is instead that had records, but none of a sign-in.
    pub(super) fn without_sign_ins(&self) -> Foreign {
        if let Some(instead) = self.instead {
            instead
        } else if self.malformed == self.records {
            Foreign::NothingWhole
        } else if self.unproven > 0 {
            Foreign::UnprovenTexts
        } else {
            Foreign::OtherLogs
        }
    }

    /// Compressed data where a record would begin.
    fn compressed_part(&mut self) {
        self.has_compressed_part = true;
    }

    /// Whether there was such data.
    pub(super) fn has_compressed_part(&self) -> bool {
        self.has_compressed_part
    }

    /// A table whose columns are those of something else.
    fn is_instead(&mut self, foreign: Foreign) {
        if foreign != Foreign::OtherTable {
            self.instead = Some(foreign);
        }
    }

    /// A record of a sign-in.
    fn sign_in(&mut self, record: &Record<'_>) {
        self.learn(record.first_when(self.undecided.orders()));
        self.judge(record, true);
    }

    fn judge(&mut self, record: &Record<'_>, may_wait: bool) {
        let (outcome, when) = record.judge(self.rule, self.undecided.orders(), &mut self.ordinals);
        if may_wait && outcome == Outcome::Rejected(Rejected::AmbiguousTime) {
            if self.undecided.keep(record) {
                self.release();
            }
            return;
        }
        if self.ordinals.take_uncounted() {
            self.receiver.warn(Warning::RepeatsUncounted);
        }
        self.sign_ins += 1;
        self.receive(outcome, when);
    }

    /// A record of a sign-in that came to something without its date.
    fn judged(&mut self, outcome: Outcome, when: When<'_>) {
        self.learn(when);
        self.sign_ins += 1;
        self.receive(outcome, when);
    }

    /// Learns what a date says of the file's dates.
    fn learn(&mut self, when: When<'_>) {
        if self.undecided.learn(when.evidence()) {
            self.release();
        }
    }

    /// Judges the failures that waited for evidence of the file's dates, as far as it is known.
    fn release(&mut self) {
        for record in self.undecided.take().records() {
            self.judge(&record, false);
        }
    }

    /// Ends the file: nothing that waits gets more evidence.
    pub(super) fn finish(&mut self) {
        self.release();
    }

    /// A record whose row tells where it comes from.
    fn row(&mut self, row: Row<'_>) {
        match origin(&row, self.name) {
            Origin::Source(source) => self.sign_in(&row.record(source)),
            Origin::UnknownSignIns => self.unknown_sign_in(),
            Origin::OtherLog => self.other_category(),
        }
    }

    /// A sign-in of a category that is not known.
    fn unknown_sign_in(&mut self) {
        self.sign_ins += 1;
        self.receive(Outcome::Ignored(Ignored::UnknownSignInCategory), When::NEVER);
    }

    /// A record of another log.
    fn other_category(&mut self) {
        self.receive(Outcome::Ignored(Ignored::OtherCategory), When::NEVER);
    }

    /// A text like a sign-in, in a document that does not say that it comes from Entra.
    fn unproven(&mut self) {
        self.unproven += 1;
        self.other_category();
    }

    /// A record that cannot be used.
    fn reject(&mut self, reason: Rejected) {
        self.malformed += u64::from(reason == Rejected::Malformed);
        self.receive(Outcome::Rejected(reason), When::NEVER);
    }

    fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.records += 1;
        self.receiver.receive(outcome, when);
    }
}
