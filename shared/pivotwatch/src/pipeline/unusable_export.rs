//! Exports without a usable record.
//!
//! No incident can be found in an export that has no record, or whose every sign-in is rejected. It must be reported,
//! since its silence would look like a quiet day.

use super::object_reader::{LOG_FILE, ObjectFormat};
use super::summary::Summary;

/// Why an object that was read to its end has no usable record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableExport {
    /// It has no record.
    NoRecord,
    /// It has records, but each sign-in is rejected or of an unknown category, and each CloudTrail record is rejected.
    NoUsableRecord,
}

impl UnusableExport {
    /// The name in metrics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRecord => "no_record",
            Self::NoUsableRecord => "no_usable_record",
        }
    }

    /// Decides for an object that was read to its end, given its `counts`. A log file without a record is usable: it
    /// covers five minutes without an event.
    #[must_use]
    pub fn of(object: ObjectFormat, counts: &Summary) -> Option<Self> {
        if counts.records == 0 {
            return (object.shape != LOG_FILE).then_some(Self::NoRecord);
        }
        (counts.kinds.usable_sign_ins == 0 && counts.kinds.usable_trail_records == 0).then_some(Self::NoUsableRecord)
    }
}
