//! Sign-in exports in: from bytes to failures.
//!
//! ```text
//! input ─► shape ─► record ─► failure, or why it is none
//!          one of    judged by the rule
//!          SHAPES
//! ```
//!
//! Shapes are told apart by what the export holds, never by its name. A bad record costs that record; an object that no
//! shape recognises is refused as a whole. To teach pivotwatch another shape, add one file to `shape/` and one line to
//! `shape::SHAPES`.

mod record;
mod shape;
mod time;
mod tolerant;

pub use record::{Ignored, Rejected};

use chrono::{DateTime, Utc};

use crate::detection::{Failure, Rule};
use crate::input::{Input, ReadFault};

/// What one record of an export came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A failed sign-in that the rule counts.
    Failure(Failure),
    /// A record in order that is not counted.
    Ignored(Ignored),
    /// A record that cannot be used.
    Rejected(Rejected),
}

/// Takes what the records of an export come to, in the order in which they stand in it.
pub trait Receiver {
    /// One record, with the time of its sign-in where that could be read.
    fn receive(&mut self, outcome: Outcome, time: Option<DateTime<Utc>>);
}

/// A shape of export, recognised.
#[derive(Clone, Copy)]
pub struct Recognised(&'static shape::Shape);

impl Recognised {
    /// The name of the shape in logs and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Reads the export to its end and gives every record of it to `receiver`. The object's name is a last resort, see
    /// [`Source`](crate::detection::Source) of records that do not tell it.
    ///
    /// # Errors
    /// [`ReadFault`] when the object breaks off or has no sign-ins; what was received before stays valid.
    pub fn read(
        &self,
        input: &mut Input<'_>,
        name: &str,
        rule: &Rule,
        receiver: &mut dyn Receiver,
    ) -> Result<(), ReadFault> {
        let mut sink = shape::Sink::new(name, rule, receiver);
        (self.0.read)(input, &mut sink)?;
        if sink.records() > 0 && sink.sign_ins() == 0 {
            return Err(ReadFault::NotAnExport(sink.without_sign_ins()));
        }
        Ok(())
    }
}

/// Tells the shape of an export from its beginning ([`Input::head`]).
#[must_use]
pub fn recognise(head: &[u8]) -> Option<Recognised> {
    shape::SHAPES.iter().find(|shape| (shape.recognises)(head)).map(Recognised)
}

/// What to tell somebody whose object begins so and has no shape that is known.
#[must_use]
pub fn no_shape(head: &[u8]) -> ReadFault {
    ReadFault::NotAnExport(shape::no_shape(head))
}
