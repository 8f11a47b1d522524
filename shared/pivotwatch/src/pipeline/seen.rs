//! What kinds of record an object has, and whether any of them can be used.
//!
//! An export whose every sign-in is rejected, or that has no record at all, finds no incident because it cannot. That must
//! not look like a quiet day.

use super::reading::{LOG_FILE, Read};
use super::summary::{Seen, Summary};
use crate::aws::{TrailOutcome, TrailRejected};
use crate::entra::{Ignored, Outcome};

/// Why nothing in an object that was read to its end can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableExport {
    /// It has no record.
    NoRecord,
    /// It has records. Each sign-in is rejected or of an unknown category, and each CloudTrail record is rejected.
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

    /// Judges an object that was read to its end, by what was counted in it. A trail's log file without a record is in
    /// order: nothing happened in five minutes.
    #[must_use]
    pub fn of(object: Read, counted: &Summary) -> Option<Self> {
        if counted.records == 0 {
            return (object.shape != LOG_FILE).then_some(Self::NoRecord);
        }
        (counted.seen.usable_sign_ins == 0 && counted.seen.usable_trail_records == 0).then_some(Self::NoUsableRecord)
    }
}

/// Counts a record of a sign-in export.
pub fn see_sign_in(seen: &mut Seen, outcome: &Outcome) {
    let (is_sign_in, is_usable) = match outcome {
        Outcome::Ignored(Ignored::OtherCategory) => (false, false),
        Outcome::Ignored(Ignored::UnknownSignInCategory) | Outcome::Rejected(_) => (true, false),
        Outcome::Failure(_) | Outcome::Ignored(_) => (true, true),
    };
    seen.sign_ins += u64::from(is_sign_in);
    seen.usable_sign_ins += u64::from(is_usable);
}

/// Counts a record of a CloudTrail log file: any event of CloudTrail, whether it is a login or not.
pub fn see_trail_record(seen: &mut Seen, outcome: &TrailOutcome) {
    let (is_record, is_usable) = match outcome {
        TrailOutcome::Login(_) | TrailOutcome::Ignored(_) => (true, true),
        TrailOutcome::Rejected(TrailRejected::NoTime) => (true, false),
        TrailOutcome::Rejected(
            TrailRejected::NotARecord | TrailRejected::Malformed | TrailRejected::TooLong | TrailRejected::TooDeep,
        ) => (false, false),
    };
    seen.trail_records += u64::from(is_record);
    seen.usable_trail_records += u64::from(is_usable);
}
