//! The shapes of export that are read.

mod diagnostic;
mod event_hub;

use chrono::{DateTime, Utc};

use super::record::{Ignored, Record, Rejected};
use super::{Outcome, Receiver};
use crate::detection::Rule;
use crate::input::{Foreign, Input, ReadFault};

/// Every shape, in the order in which they are tried.
pub(super) const SHAPES: &[Shape] = &[event_hub::SHAPE, diagnostic::SHAPE];

/// A shape: how it is recognised and how it is read.
pub(super) struct Shape {
    /// The name in logs and reports.
    pub(super) name: &'static str,
    /// Whether an export that begins so has this shape. The beginning has no byte order mark and no white space before
    /// it, and is the whole export when that is short.
    pub(super) recognises: fn(head: &[u8]) -> bool,
    /// Reads the export to its end.
    pub(super) read: fn(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault>,
}

/// What to tell somebody whose object has no shape that is known.
pub(super) fn no_shape(head: &[u8]) -> Foreign {
    match head.first() {
        Some(b'{' | b'[') => Foreign::OtherJson,
        _ => Foreign::NoText,
    }
}

/// Where a shape puts what it reads.
pub(super) struct Sink<'a> {
    name: &'a str,
    rule: &'a Rule,
    receiver: &'a mut dyn Receiver,
    records: u64,
    sign_ins: u64,
    malformed: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(name: &'a str, rule: &'a Rule, receiver: &'a mut dyn Receiver) -> Self {
        Self { name, rule, receiver, records: 0, sign_ins: 0, malformed: 0 }
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
        if self.malformed == self.records { Foreign::NothingWhole } else { Foreign::OtherLogs }
    }

    /// A record of a sign-in.
    fn sign_in(&mut self, record: &Record<'_>) {
        let (outcome, time) = record.judge(self.rule);
        self.sign_ins += 1;
        self.receive(outcome, time);
    }

    /// A sign-in of a category that is not known.
    fn unknown_sign_in(&mut self) {
        self.sign_ins += 1;
        self.receive(Outcome::Ignored(Ignored::UnknownSignInCategory), None);
    }

    /// A record of another log.
    fn other_category(&mut self) {
        self.receive(Outcome::Ignored(Ignored::OtherCategory), None);
    }

    /// A record that cannot be used.
    fn reject(&mut self, reason: Rejected) {
        self.malformed += u64::from(reason == Rejected::Malformed);
        self.receive(Outcome::Rejected(reason), None);
    }

    fn receive(&mut self, outcome: Outcome, time: Option<DateTime<Utc>>) {
        self.records += 1;
        self.receiver.receive(outcome, time);
    }
}
