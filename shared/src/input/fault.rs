//! Why an object could not be read.

use std::io;

/// Why an object could not be read to its end. Records before the fault were received and count.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// No bytes, or nothing but white space.
    #[error("the object is empty; if an exporter writes it later, it will notify again")]
    Empty,
    /// No shape that is known.
    #[error("the object is no Entra sign-in export and no CloudTrail log file: {0}")]
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

impl ReadFault {
    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "object.empty",
            Self::NotAnExport(_) => "object.not_an_export",
            Self::Truncated(_) => "object.truncated",
            Self::Corrupt(_) => "object.corrupt",
            Self::Transfer(_) => "object.transfer",
        }
    }

    /// Whether it can go better another time. What is wrong with an object itself stays wrong with it.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transfer(_))
    }
}
