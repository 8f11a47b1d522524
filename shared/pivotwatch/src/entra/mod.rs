//! Reads sign-in exports: from bytes to failures.
//!
//! ```text
//! input ─► shape ──► fields ───────► record ─► failure, or the reason why it does not count
//!          one of    filled through  judged by the rule
//!          SHAPES    a field map
//! ```
//!
//! The content of an export decides its shape, never its name. A bad record costs that record. An object that no shape
//! recognises is refused entirely. `shape` says how to add one.

mod fields;
mod lenient;
mod missing;
mod outcome;
mod record;
mod shape;
mod source;
mod success;
mod time;

pub use outcome::{Ignored, Outcome, Rejected, Warning};
pub use success::{SUCCESS_TEXTS, SuccessTexts, SuccessfulSignIn};
pub use time::{Newest, TimeCollector, TimeRange};

use crate::detection::Rule;
use crate::input::{Input, Limits, ReadFault};

/// Receives the outcomes of an export's records in the order of the records. A failure whose date waits for evidence
/// comes later. A trait beside `aws::TrailReceiver`, because `entra` and `aws` do not know each other's outcomes.
pub trait Receiver {
    /// The outcome of one record.
    fn receive(&mut self, outcome: Outcome);

    /// A warning. One about the next failure comes before that failure.
    fn warn(&mut self, _warning: Warning) {}

    /// Whether [`Receiver::succeeded`] is of use. Nine of ten sign-ins succeed, so their fields are parsed only then.
    fn wants_successes(&self) -> bool {
        false
    }

    /// A successful sign-in. It comes before its outcome, which is [`Ignored::NotAFailure`].
    fn succeeded(&mut self, _success: &SuccessTexts<'_>) {}

    /// Takes a JSON object that is no sign-in, if it belongs to another log that the receiver reads. Returns whether it
    /// did.
    fn take_other_log(&mut self, _record: &[u8]) -> bool {
        false
    }

    /// The collector of the records' times. A record's time is added before its outcome is received.
    fn times(&mut self) -> TimeCollector<'_> {
        TimeCollector::Unused
    }
}

/// The recognised shape of an export.
#[derive(Clone, Copy, Debug)]
pub struct RecognisedShape {
    shape: &'static shape::Shape,
    framing: json_records::Framing,
    is_settled: bool,
}

impl RecognisedShape {
    /// Whether the beginning was long enough: it has the whole first record, or enough of it to decide the framing.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// The name of the shape in logs and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.shape.name
    }

    /// Reads the export to its end, and gives the outcome of every record to `receiver`. `name` is the object's name:
    /// the last resort for the source of records without a field that decides it.
    ///
    /// # Errors
    /// [`ReadFault`] when the object is truncated, is damaged or has no sign-ins. The outcomes before stay valid.
    pub fn read(
        &self,
        input: &mut Input<'_>,
        name: &str,
        rule: &Rule,
        receiver: &mut dyn Receiver,
    ) -> Result<(), ReadFault> {
        let mut state = shape::SinkState::default();
        let mut sink = shape::Sink::new(name, self.framing, rule, &mut state, receiver);
        sink.limits = input.limits;
        let result = (self.shape.read)(input, &mut sink);
        // Also after a fault: the records before it are valid.
        sink.finish();
        let has_part = sink.has_unreadable_part() || result.is_err() && input.begins_unreadable_part();
        ReadFault::of_part(result, has_part)?;
        if sink.records() > 0 && sink.sign_ins() == 0 && !sink.has_taken_other_log() {
            return Err(ReadFault::NotAnExport(sink.without_sign_ins()));
        }
        Ok(())
    }
}

/// Recognises the shape of an export by its beginning ([`Input::preview`]).
///
/// # Errors
/// [`ReadFault::NotAnExport`] with what the object is instead.
pub fn recognise(beginning: &[u8]) -> Result<RecognisedShape, ReadFault> {
    shape::recognise(beginning).map_err(ReadFault::NotAnExport)
}

/// The shape of JSON records of other logs: a log forwarder's documents, or records of more kinds than the beginning
/// shows. Sign-ins can follow them. `is_whole` states whether the beginning is the whole object.
#[must_use]
pub fn recognise_other_logs(beginning: &[u8], is_whole: bool) -> Option<RecognisedShape> {
    shape::recognise_other_logs(beginning, is_whole)
}

/// Reads the sign-ins among the records of another log. Its records are those of one file: equal records without an id
/// are numbered, and their dates decide each other.
#[derive(Debug)]
pub struct SignInsAmongOthers<'a> {
    name: &'a str,
    rule: &'a Rule,
    limits: Limits,
    state: shape::SinkState,
}

impl<'a> SignInsAmongOthers<'a> {
    /// The sign-ins of a file with this name.
    #[must_use]
    pub fn new(name: &'a str, rule: &'a Rule, limits: Limits) -> Self {
        Self { name, rule, limits, state: shape::SinkState::default() }
    }

    /// Reads a JSON object. Returns `false` if it is no sign-in. Then `receiver` has received nothing.
    pub fn read(&mut self, text: &[u8], receiver: &mut dyn Receiver) -> bool {
        shape::parse_record(text, &mut self.sink(receiver))
    }

    /// Ends the file: gives `receiver` the outcomes that waited for other records.
    pub fn finish(&mut self, receiver: &mut dyn Receiver) {
        self.sink(receiver).finish();
    }

    fn sink<'s>(&'s mut self, receiver: &'s mut dyn Receiver) -> shape::Sink<'s> {
        let framing = json_records::Framing::Values;
        let mut sink = shape::Sink::new(self.name, framing, self.rule, &mut self.state, receiver);
        sink.limits = self.limits;
        sink
    }
}

/// The names of all shapes, as in logs and reports, in the order in which they are tried.
pub fn shapes() -> impl Iterator<Item = &'static str> {
    shape::names()
}
