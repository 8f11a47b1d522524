//! Parses the command line. Its arguments can be file names that an attacker chose, so messages escape them.

use std::ffi::OsString;
use std::io;

use clap::Parser;
use clap::error::ErrorKind;
use pivotwatch::notify::escape_for_display;

use crate::log::Log;

/// The exit status after wrong arguments.
const WRONG_ARGUMENTS: i32 = 2;

/// Parses the arguments of this process. Exits if they are wrong, or ask for help or the version.
pub(crate) fn parse<A: Parser>() -> A {
    let arguments: Vec<_> = std::env::args_os().collect();
    match A::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => refuse::<A>(&arguments, error.kind()),
    }
}

/// Prints the message for arguments that were not accepted, and exits. The message has line breaks and colours of its
/// own, so it cannot be escaped as a whole. Instead the arguments are escaped, and parsed again for the message.
fn refuse<A: Parser>(arguments: &[OsString], kind: ErrorKind) -> ! {
    let escaped = arguments.iter().map(|argument| escape_for_display(&argument.to_string_lossy(), usize::MAX));
    if let Err(error) = A::try_parse_from(escaped) {
        error.exit();
    }
    Log::new(io::stderr()).say(kind);
    std::process::exit(WRONG_ARGUMENTS)
}
