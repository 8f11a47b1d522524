//! Exports without a usable record.
//!
//! No incident can be found in an export that has no record, or whose every failure is rejected. It must be reported,
//! since its silence would look like a quiet day.

use super::object_reader::{LOG_FILE, ObjectFormat};
use super::summary::Summary;
use crate::detection::Rule;

/// Why an object that was read to its end has no usable record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableExport {
    /// It has no record.
    NoRecord,
    /// It has records, but each sign-in is rejected or of an unknown category, and each CloudTrail record is rejected.
    NoUsableRecord,
    /// It has no usable failure, and more failed sign-ins are rejected than the rule's threshold. Its successes are
    /// usable, but match nothing.
    NoUsableFailure,
    /// It has console logins, and none is usable.
    NoUsableLogin,
}

impl UnusableExport {
    /// The name in metrics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRecord => "no_record",
            Self::NoUsableRecord => "no_usable_record",
            Self::NoUsableFailure => "no_usable_failure",
            Self::NoUsableLogin => "no_usable_login",
        }
    }

    /// Decides for an object that was read to its end by `rule`, given its `counts`. A log file without a record is
    /// usable: it covers five minutes without an event.
    #[must_use]
    pub fn of(object: ObjectFormat, counts: &Summary, rule: &Rule) -> Option<Self> {
        if counts.records == 0 {
            return (object.shape != LOG_FILE).then_some(Self::NoRecord);
        }
        let kinds = &counts.kinds;
        if kinds.usable_sign_ins == 0 && kinds.usable_trail_records == 0 {
            Some(Self::NoUsableRecord)
        } else if kinds.failures == 0 && kinds.lost_failures > u64::from(rule.threshold) {
            Some(Self::NoUsableFailure)
        } else if kinds.logins == 0 && kinds.lost_logins > 0 {
            Some(Self::NoUsableLogin)
        } else {
            None
        }
    }
}
