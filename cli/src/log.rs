//! What a command says beside its findings, on standard error.

use std::fmt;
use std::io::Write;

use pivotwatch::entra::Warning;
use pivotwatch::notify::escape_for_display;
use pivotwatch::pipeline::Reasons;

/// Characters of a path that are shown.
const PATH: usize = 200;

/// Characters of a message that are shown.
const MESSAGE: usize = 1000;

/// The log. A log that nobody reads, or that finds its disk full, neither ends a command nor changes its exit status.
pub(crate) struct Log<W>(W);

impl<W: Write> Log<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self(out)
    }

    /// Writes a line as it is.
    pub(crate) fn line(&mut self, line: impl fmt::Display) {
        let _ = writeln!(self.0, "{line}");
    }

    /// Writes a message about the command as a whole.
    pub(crate) fn say(&mut self, message: impl fmt::Display) {
        self.line(format_args!("pivotwatch: {}", shown_message(message)));
    }

    /// Writes a message about a file. Whoever named the file must not write to the terminal: both are escaped.
    pub(crate) fn about(&mut self, path: &str, message: impl fmt::Display) {
        self.line(format_args!("pivotwatch: {}: {}", shown_path(path), shown_message(message)));
    }
}

/// A path as the terminal may show it.
pub(crate) fn shown_path(path: &str) -> String {
    escape_for_display(path, PATH)
}

fn shown_message(message: impl fmt::Display) -> String {
    escape_for_display(&message.to_string(), MESSAGE)
}

/// A number and its noun, with the plural's `s` where the number needs it.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// What deserves attention: a text for each reason.
pub(crate) fn warnings(counts: &Reasons) -> impl Iterator<Item = String> {
    Warning::ALL.into_iter().filter_map(|warning| {
        let number = counts.get(warning.name())?;
        Some(format!("{} of {}: {}", counted(*number, "warning"), warning.name(), warning.explanation()))
    })
}
