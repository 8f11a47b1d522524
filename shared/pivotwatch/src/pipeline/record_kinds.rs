//! Counts of an object's records by kind: sign-ins and CloudTrail records, usable or not.

use crate::aws::TrailOutcome;
use crate::entra::{Ignored, Outcome};

/// Counts of records by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordKinds {
    /// Records of sign-in exports, without those of other logs.
    pub sign_ins: u64,
    /// Sign-ins that are not rejected and whose category is known, at most `sign_ins`.
    pub usable_sign_ins: u64,
    /// CloudTrail records of log files: every kind of event.
    pub trail_records: u64,
    /// CloudTrail records that are not rejected, at most `trail_records`.
    pub usable_trail_records: u64,
    /// Sign-ins that count as failures.
    pub failures: u64,
    /// Failed sign-ins that are rejected, though another export could have them ([`Rejected::is_lost_failure`]).
    ///
    /// [`Rejected::is_lost_failure`]: crate::entra::Rejected::is_lost_failure
    pub lost_failures: u64,
    /// Console logins that succeeded or failed.
    pub logins: u64,
    /// Console logins whose time, address or result is invalid, or of another source. Not those without a result, which
    /// CloudTrail has too.
    pub lost_logins: u64,
}

impl RecordKinds {
    /// Counts a record of a sign-in export.
    pub(super) fn count_sign_in(&mut self, outcome: &Outcome) {
        let (is_sign_in, is_usable) = match outcome {
            Outcome::Ignored(Ignored::OtherCategory) => (false, false),
            Outcome::Ignored(Ignored::UnknownSignInCategory) | Outcome::Rejected(_) => (true, false),
            Outcome::Failure(_) | Outcome::Ignored(_) => (true, true),
        };
        let is_lost = matches!(outcome, Outcome::Rejected(reason) if reason.is_lost_failure());
        self.failures += u64::from(matches!(outcome, Outcome::Failure(_)));
        self.lost_failures += u64::from(is_lost);
        self.sign_ins += u64::from(is_sign_in);
        self.usable_sign_ins += u64::from(is_usable);
    }

    /// Adds the counts of another part.
    pub(super) fn add(&mut self, other: Self) {
        self.sign_ins += other.sign_ins;
        self.usable_sign_ins += other.usable_sign_ins;
        self.trail_records += other.trail_records;
        self.usable_trail_records += other.usable_trail_records;
        self.failures += other.failures;
        self.lost_failures += other.lost_failures;
        self.logins += other.logins;
        self.lost_logins += other.lost_logins;
    }

    /// Counts a record of a CloudTrail log file. Every event counts, not only logins.
    pub(super) fn count_trail_record(&mut self, outcome: &TrailOutcome) {
        let is_lost = matches!(outcome, TrailOutcome::Rejected(reason) if reason.is_lost_login());
        let (is_record, is_usable) = match outcome {
            TrailOutcome::Login(_) | TrailOutcome::FailedLogin(_) | TrailOutcome::Ignored(_) => (true, true),
            TrailOutcome::Rejected(_) => (is_lost, false),
        };
        self.logins += u64::from(matches!(outcome, TrailOutcome::Login(_) | TrailOutcome::FailedLogin(_)));
        self.lost_logins += u64::from(is_lost);
        self.trail_records += u64::from(is_record);
        self.usable_trail_records += u64::from(is_usable);
    }
}
