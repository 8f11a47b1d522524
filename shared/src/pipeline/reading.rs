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

/// Reads an object to its end, gives every record of it to `receiver`, and returns what it was.
///
/// The object is told by its bytes alone. Its `name`, a key or a path, is asked for one thing only, and only where the
/// records do not say it: which log they come from.
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
    let mut input = Input::open(bytes, limits)?;
    let compression = input.compression();
    let head = input.head()?;
    if aws::is_log_file(head) {
        aws::read_log_file(&mut input, receiver)?;
        return Ok(Read { shape: LOG_FILE, compression });
    }
    let export = entra::recognise(head).ok_or_else(|| entra::no_shape(head))?;
    export.read(&mut input, name, rule, receiver)?;
    Ok(Read { shape: export.name(), compression })
}
