//! The findings of an inspection: counts, addresses and times of a file's records.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::Address;
use pivotwatch::entra::{self, Outcome, TimeCollector, TimeRange, Warning};
use pivotwatch::pipeline::{Summary, count, horizon};

/// The findings of a file.
#[derive(Debug)]
pub(super) struct Findings {
    /// The counts that `ingest` would add.
    pub(super) summary: Summary,
    /// The addresses of failures and logins.
    pub(super) addresses: HashSet<Address>,
    /// The first and the last time of a record.
    pub(super) times: TimeRange,
}

impl Findings {
    /// The findings before the first record of a file that is inspected `now`.
    pub(super) fn none(now: DateTime<Utc>) -> Self {
        let (summary, addresses) = (Summary::default(), HashSet::new());
        Self { summary, addresses, times: TimeRange::with_horizon(horizon(now)) }
    }

    fn add_login(&mut self, address: Address, time: DateTime<Utc>) {
        if !self.times.add(time) {
            count(&mut self.summary.warnings, Warning::FutureTime.name());
        }
        self.addresses.insert(address);
    }
}

impl entra::Receiver for Findings {
    fn receive(&mut self, outcome: Outcome) {
        self.summary.count_sign_in(&outcome);
        if let Outcome::Failure(failure) = outcome {
            self.addresses.insert(failure.address);
        }
    }

    fn warn(&mut self, warning: Warning) {
        count(&mut self.summary.warnings, warning.name());
    }

    fn times(&mut self) -> TimeCollector<'_> {
        TimeCollector::Range(&mut self.times)
    }
}

impl TrailReceiver for Findings {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        self.summary.count_trail_record(&outcome);
        match outcome {
            TrailOutcome::Login(login) => {
                self.summary.logins += 1;
                self.add_login(login.source_ip_address, login.time);
            }
            TrailOutcome::FailedLogin(failed) => self.add_login(failed.source_ip_address, failed.time),
            TrailOutcome::Ignored(_) | TrailOutcome::Rejected(_) => {}
        }
    }
}
