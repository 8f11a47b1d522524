//! Reading an object, whatever it holds: failures, or logins.

use std::io::Read;

use crate::aws;
use crate::detection::Rule;
use crate::entra;
use crate::input::{Input, Limits, ReadFault};

/// The name of a CloudTrail log file among the shapes of exports.
const LOG_FILE: &str = "cloudtrail";

/// Reads an object to its end, gives every record of it to `receiver`, and returns the name of its shape.
///
/// # Errors
/// [`ReadFault`] when it is nothing that can be read, or breaks off; what was received before stays valid.
pub fn read(
    bytes: impl Read + Send,
    rule: &Rule,
    limits: Limits,
    receiver: &mut (impl entra::Receiver + aws::Receiver),
) -> Result<&'static str, ReadFault> {
    let mut input = Input::open(bytes, limits)?;
    let head = input.head()?;
    if aws::is_log_file(head) {
        aws::read_log_file(&mut input, receiver)?;
        return Ok(LOG_FILE);
    }
    let export = entra::recognise(head).ok_or_else(|| entra::no_shape(head))?;
    export.read(&mut input, rule, receiver)?;
    Ok(export.name())
}
