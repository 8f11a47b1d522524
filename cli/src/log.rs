//! The log of a command, on standard error.

use std::fmt;
use std::io::Write;

use pivotwatch::entra::Warning;
use pivotwatch::notify::escape_for_display;
use pivotwatch::pipeline::Reasons;

/// Characters of a path that are shown.
const PATH_LENGTH: usize = 200;

/// Characters of a message that are shown.
const MESSAGE_LENGTH: usize = 1000;

/// The log. An error when writing to it (a closed pipe, a full disk) neither ends a command nor changes its exit
/// status.
pub(crate) struct Log<W>(W);

impl<W: Write> Log<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self(out)
    }

    /// Writes a line without escaping it.
    pub(crate) fn line(&mut self, line: impl fmt::Display) {
        let _ = writeln!(self.0, "{line}");
    }

    /// Writes a message about the command as a whole.
    pub(crate) fn say(&mut self, message: impl fmt::Display) {
        self.line(format_args!("pivotwatch: {}", shown_message(message)));
    }

    /// Writes a message about a file. Path and message are escaped, since an attacker may have chosen the file's name.
    pub(crate) fn about(&mut self, path: &str, message: impl fmt::Display) {
        self.line(format_args!("pivotwatch: {}: {}", shown_path(path), shown_message(message)));
    }
}

/// A path, escaped for display.
pub(crate) fn shown_path(path: &str) -> String {
    escape_for_display(path, PATH_LENGTH)
}

/// A message, escaped for display.
pub(crate) fn shown_message(message: impl fmt::Display) -> String {
    escape_for_display(&message.to_string(), MESSAGE_LENGTH)
}

/// A number with its noun, in the plural unless the number is 1.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The messages for counts of warnings, one for each reason.
pub(crate) fn warnings(counts: &Reasons) -> impl Iterator<Item = String> {
    Warning::ALL.into_iter().filter_map(|warning| {
        let number = counts.get(warning.name())?;
        Some(format!("{} of {}: {}", counted(*number, "warning"), warning.name(), warning.explanation()))
    })
}
