//! Errors of the pipeline: each is logged and counted where it happens, and the invocation fails after the last one.

use std::fmt;

use super::summary::count;
use super::{PipelineError, Summary};
use crate::detection::Address;

/// Some of the work failed, so the event must be delivered again. The log has a line for each error.
///
/// A `Result` holds one error. With fifty unreadable tallies, an operator would repair the first, redrive the event,
/// and only then see the second. Errors are therefore reported one by one with `fail`, and functions return this
/// marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not everything was recorded and settled; the log has each error, and the first was {code}")]
pub struct Unfinished {
    code: &'static str,
}

impl Unfinished {
    /// The marker for an error that was logged and counted under `code`.
    pub(super) const fn of(code: &'static str) -> Self {
        Self { code }
    }

    /// The code of the first error.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }
}

/// Logs an error with its record and address, counts it in `summary.failed`, and returns the marker.
///
/// Call this once for each error, where the error happens. `Result::and` can then combine markers without losing an
/// error.
pub(super) fn fail(
    summary: &mut Summary,
    error: &PipelineError,
    address: Address,
    record: impl fmt::Display,
) -> Unfinished {
    let code = error.code();
    count(&mut summary.failed, code);
    tracing::error!(code, %address, %record, "{error}");
    Unfinished::of(code)
}
