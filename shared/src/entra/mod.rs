//! Sign-in exports in: from bytes to failures.
//!
//! ```text
//! bytes ─► compression ─► input ─► shape ─► record ─► failure, or why it is none
//!          plain, gzip             one of    judged by the rule
//!                                  SHAPES
//! ```
//!
//! Shapes are told apart by what the export holds, never by its name. A bad record costs that record; an object that no
//! shape recognises is refused as a whole. Everything here reads from [`std::io::Read`], so that the Lambda and a
//! command on a laptop read alike. To teach pivotwatch another shape, add one file to `shape/` and one line to
//! `shape::SHAPES`.

mod compression;
mod input;
mod json;
mod record;
mod shape;
mod time;
mod tolerant;

use std::io::{self, Read};

pub use compression::Interrupted;
pub use input::Limits;
pub use record::{Ignored, Rejected};

use crate::detection::{Failure, Rule};
use chrono::{DateTime, Utc};

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

/// Why an object could not be read to its end. Records before the fault were received and count.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// No bytes, or nothing but white space.
    #[error("the object is empty; if an exporter writes it later, it will notify again")]
    Empty,
    /// No shape of sign-in export.
    #[error("the object is no Entra sign-in export: {0}")]
    NotAnExport(&'static str),
    /// It ends in the middle: of the compressed stream, or of the JSON document.
    #[error("the object ends in the middle of {0}; upload it again whole")]
    Truncated(&'static str),
    /// The compressed stream is damaged.
    #[error("the compressed data is damaged ({0}); upload the object again")]
    Corrupt(String),
    /// The bytes stopped coming. Nothing is known against the object, and reading it again can help.
    #[error("the object could not be read to its end: {0}")]
    Transfer(#[source] io::Error),
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name of the shape.
    pub shape: &'static str,
}

/// Reads an export to its end and gives every record of it to `receiver`.
///
/// # Errors
/// [`ReadFault`] when the object is no export or breaks off; what was received before stays valid.
pub fn read(
    bytes: impl Read + Send,
    rule: &Rule,
    limits: Limits,
    receiver: &mut dyn Receiver,
) -> Result<Export, ReadFault> {
    let mut input = input::Input::new(compression::decompressed(bytes)?, limits);
    let head = input.head().map_err(compression::fault)?;
    if head.is_empty() {
        return Err(ReadFault::Empty);
    }
    let shape = shape::SHAPES
        .iter()
        .find(|shape| (shape.recognises)(head))
        .ok_or(ReadFault::NotAnExport(shape::no_shape(head)))?;
    let mut sink = shape::Sink::new(rule, receiver);
    (shape.read)(&mut input, &mut sink)?;
    if sink.records() > 0 && sink.sign_ins() == 0 {
        return Err(ReadFault::NotAnExport("it has records, but none of a sign-in category"));
    }
    Ok(Export { shape: shape.name })
}
