//! Faults of an object, and how they are reported.

use super::summary::count;
use super::{Summary, Unfinished};
use crate::input::ReadFault;
use crate::objects::{ObjectAddress, OpenFault};

/// Why an object was not processed, or only in part.
#[derive(Debug, thiserror::Error)]
pub enum ObjectFault {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenFault),
    /// It could not be read to its end.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// Some of its facts could not be recorded or settled.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    /// The deadline passed before the end of the object.
    #[error(
        "the object could not be processed before the function's timeout; split it, or give the function more memory"
    )]
    TooSlow,
    /// The deadline passed before the object was opened.
    #[error("the function's timeout was too near to begin the object; it is delivered again")]
    NotBegun,
}

impl ObjectFault {
    /// The stable code for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(OpenFault::NotFound) => "object.not_found",
            Self::Open(OpenFault::Archived) => "object.archived",
            Self::Open(OpenFault::Unavailable(_)) => "object.unavailable",
            Self::Read(fault) => fault.code(),
            Self::Unfinished(failed) => failed.code(),
            Self::TooSlow => "object.too_slow",
            Self::NotBegun => "deadline.exceeded",
        }
    }

    /// Whether a retry can succeed. A fault of the object's own bytes is permanent.
    pub(super) const fn is_transient(&self) -> bool {
        match self {
            Self::Open(fault) => matches!(fault, OpenFault::Unavailable(_)),
            Self::Read(fault) => fault.is_transient(),
            Self::Unfinished(_) | Self::TooSlow | Self::NotBegun => true,
        }
    }

    /// Logs and counts the fault. [`Self::Unfinished`] was logged and counted where its errors happened.
    pub(super) fn report(&self, object: &ObjectAddress, summary: &mut Summary) {
        let code = self.code();
        if matches!(self, Self::Unfinished(_)) {
            return;
        }
        if self.is_transient() {
            count(&mut summary.failed, code);
            tracing::error!(code, %object, "{self}");
        } else {
            count(&mut summary.refused, code);
            tracing::warn!(code, %object, "{self}");
        }
    }
}
