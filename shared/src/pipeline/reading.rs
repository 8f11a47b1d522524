//! Reading an object, whatever it holds: failures, or logins.

use std::io;

use crate::aws;
use crate::detection::Rule;
use crate::entra;
use crate::input::{Compression, Input, Limits, ReadFault};

/// The name of a CloudTrail log file among the shapes of exports.
const LOG_FILE: &str = "cloudtrail";

/// What an object turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The name of its shape.
    pub shape: &'static str,
    /// How it was compressed.
    pub compression: Compression,
}

/// An object whose beginning was read and recognised.
pub struct Recognised<'a> {
    input: Input<'a>,
    export: Option<entra::Recognised>,
}

/// Tells what an object is by its beginning.
///
/// # Errors
/// [`ReadFault`] when it is nothing that can be read.
pub fn recognise<'a>(bytes: impl io::Read + Send + 'a, limits: Limits) -> Result<Recognised<'a>, ReadFault> {
    let mut input = Input::open(bytes, limits)?;
    let head = input.head()?;
    let export = if aws::is_log_file(head) {
        None
    } else {
        Some(entra::recognise(head).map_err(|fault| input.damage().unwrap_or(fault))?)
    };
    Ok(Recognised { input, export })
}

impl Recognised<'_> {
    /// What the object is.
    #[must_use]
    pub fn what(&self) -> Read {
        let shape = self.export.map_or(LOG_FILE, |export| export.name());
        Read { shape, compression: self.input.compression() }
    }

    /// Reads the object to its end and gives every record of it to `receiver`.
    ///
    /// The object is told by its bytes alone. Its `name`, a key or a path, is asked for one thing only, and only where
    /// the records do not say it: which log they come from.
    ///
    /// # Errors
    /// [`ReadFault`] when it breaks off; what was received before stays valid.
    pub fn read(
        mut self,
        name: &str,
        rule: &Rule,
        receiver: &mut (impl entra::Receiver + aws::Receiver),
    ) -> Result<(), ReadFault> {
        match self.export {
            None => aws::read_log_file(&mut self.input, receiver),
            Some(export) => export.read(&mut self.input, name, rule, receiver),
        }
    }
}

/// Recognises an object, reads it to its end, and returns what it was.
///
/// # Errors
/// [`ReadFault`] when it is nothing that can be read, or breaks off; what was received before stays valid.
pub fn read(
    bytes: impl io::Read + Send,
    name: &str,
    rule: &Rule,
    limits: Limits,
    receiver: &mut (impl entra::Receiver + aws::Receiver),
) -> Result<Read, ReadFault> {
    let recognised = recognise(bytes, limits)?;
    let what = recognised.what();
    recognised.read(name, rule, receiver)?;
    Ok(what)
}
