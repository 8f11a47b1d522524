//! Counts of what an invocation did.
//!
//! Every record is counted, either as used or under the reason of its loss. Reasons are names of closed enums.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::RecordKinds;
use crate::aws::TrailOutcome;
use crate::entra::Outcome;
use crate::store::activity::hear;

/// Counts by reason.
pub type Reasons = BTreeMap<&'static str, u64>;

/// The counts of an invocation, or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Objects that the events named.
    pub objects: u64,
    /// Of `objects`, those with a usable sign-in.
    pub exports: u64,
    /// Objects that cannot be used, by error code. They stay in the bucket, and the log names them.
    pub refused: Reasons,
    /// Errors of objects, events, records and addresses that are worth a retry, by error code.
    pub failed: Reasons,
    /// Records of objects: failures, logins, ignored and rejected records together.
    pub records: u64,
    /// `records` by kind.
    pub kinds: RecordKinds,
    /// Objects that were read to their end and have no usable record, by reason.
    pub unusable: Reasons,
    /// Failures that the rule counts, each copy included.
    pub failures: u64,
    /// Valid records and events that are not counted, by reason.
    pub ignored: Reasons,
    /// Records that cannot be used, by reason.
    pub rejected: Reasons,
    /// Sign-ins and logins that need an operator's attention, by reason. They are also counted elsewhere.
    pub warnings: Reasons,
    /// Events, or parts of events, that were not recognised.
    pub unrecognised: u64,
    /// Failures and logins that were recorded before.
    pub duplicates: u64,
    /// Writes to the store that took effect.
    pub writes: u64,
    /// Writes that were repeated because of a concurrent write.
    pub conflicts: u64,
    /// Stored records that could not be parsed and were skipped.
    pub unreadable: u64,
    /// Successful console logins.
    pub logins: u64,
    /// Failed console logins.
    pub failed_logins: u64,
    /// The regions that recorded the successful logins, each with the time of its last.
    pub regions: BTreeMap<String, DateTime<Utc>>,
    /// The accounts of the successful logins, each with the time of its last.
    pub accounts: BTreeMap<String, DateTime<Utc>>,
    /// Incidents that were not known before.
    pub incidents: u64,
    /// Of `incidents`, those that tuning entries hid.
    pub hidden: u64,
    /// Messages about one incident that were sent, updates included.
    pub publishes: u64,
    /// Of `publishes`, updates.
    pub updates: u64,
    /// Incidents and updates that were left to a digest, by reason.
    pub deferred: Reasons,
    /// Digests sent.
    pub digests: u64,
    /// Incidents and updates that digests reported.
    pub digested: u64,
    /// Sweeps that ended.
    pub sweeps: u64,
    /// Incidents and updates that were not reported after a sweep.
    pub unreported: Option<u64>,
    /// Confirmed subscribers of the topic.
    pub confirmed_subscribers: Option<u64>,
    /// Announcements of tuning entries sent.
    pub announcements: u64,
    /// Tuning entries that are invalid and were ignored, counted whenever the entries are read.
    pub tuning_invalid: u64,
    /// Attempts to read the tuning table that failed.
    pub tuning_unavailable: u64,
    /// The time of the newest sign-in.
    pub newest_sign_in: Option<DateTime<Utc>>,
    /// The time of the newest login.
    pub newest_login: Option<DateTime<Utc>>,
}

impl Summary {
    /// Counts a record of a sign-in export: a failure, or the reason why it is none.
    pub fn count_sign_in(&mut self, outcome: &Outcome) {
        self.records += 1;
        self.kinds.count_sign_in(outcome);
        match outcome {
            Outcome::Failure(_) => self.failures += 1,
            Outcome::Ignored(reason) => count(&mut self.ignored, reason.name()),
            Outcome::Rejected(reason) => count(&mut self.rejected, reason.name()),
        }
    }

    /// Counts a CloudTrail record of an object, by the reason unless it is a login. A successful login is counted when
    /// it is recorded.
    pub fn count_trail_record(&mut self, outcome: &TrailOutcome) {
        self.records += 1;
        self.kinds.count_trail_record(outcome);
        match outcome {
            TrailOutcome::Login(_) => {}
            TrailOutcome::FailedLogin(_) => self.failed_logins += 1,
            TrailOutcome::Ignored(reason) => count(&mut self.ignored, reason.name()),
            TrailOutcome::Rejected(reason) => count(&mut self.rejected, reason.name()),
        }
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.exports += other.exports;
        self.records += other.records;
        self.kinds.add(other.kinds);
        self.failures += other.failures;
        self.unrecognised += other.unrecognised;
        self.duplicates += other.duplicates;
        self.writes += other.writes;
        self.conflicts += other.conflicts;
        self.unreadable += other.unreadable;
        self.logins += other.logins;
        self.failed_logins += other.failed_logins;
        self.incidents += other.incidents;
        self.hidden += other.hidden;
        self.publishes += other.publishes;
        self.updates += other.updates;
        self.digests += other.digests;
        self.digested += other.digested;
        self.sweeps += other.sweeps;
        self.unreported = other.unreported.or(self.unreported);
        self.confirmed_subscribers = other.confirmed_subscribers.or(self.confirmed_subscribers);
        self.announcements += other.announcements;
        self.tuning_invalid += other.tuning_invalid;
        self.tuning_unavailable += other.tuning_unavailable;
        for (ours, theirs) in [
            (&mut self.refused, other.refused),
            (&mut self.failed, other.failed),
            (&mut self.unusable, other.unusable),
            (&mut self.ignored, other.ignored),
            (&mut self.rejected, other.rejected),
            (&mut self.warnings, other.warnings),
            (&mut self.deferred, other.deferred),
        ] {
            for (reason, number) in theirs {
                *ours.entry(reason).or_default() += number;
            }
        }
        hear(&mut self.regions, &other.regions);
        hear(&mut self.accounts, &other.accounts);
        self.newest_sign_in = self.newest_sign_in.max(other.newest_sign_in);
        self.newest_login = self.newest_login.max(other.newest_login);
    }
}

/// Increments the count of `reason`.
pub fn count(reasons: &mut Reasons, reason: &'static str) {
    *reasons.entry(reason).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_parts_of_an_invocation_add_up() {
        let some = |seconds| Summary {
            objects: 2,
            records: 10,
            failures: 6,
            ignored: Reasons::from([("not_a_failure", 3)]),
            newest_sign_in: Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)),
            ..Summary::default()
        };
        let mut sum = some(0);
        sum.add(some(1));
        assert_eq!((sum.objects, sum.records, sum.failures), (4, 20, 12));
        assert_eq!(sum.ignored, Reasons::from([("not_a_failure", 6)]));
        assert_eq!(sum.newest_sign_in, Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(1)));
    }
}
