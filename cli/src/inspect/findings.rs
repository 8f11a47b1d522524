//! What the records of a file come to, in numbers.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use pivotwatch::aws::{self, Reading};
use pivotwatch::detection::Address;
use pivotwatch::entra::{self, Outcome};
use pivotwatch::telemetry::{Reasons, count};

/// Numbers of a file.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) records: u64,
    pub(super) failures: u64,
    pub(super) logins: u64,
    pub(super) ignored: Reasons,
    pub(super) rejected: Reasons,
    /// The addresses of failures and logins.
    pub(super) addresses: HashSet<Address>,
    /// The first and the last time of a record.
    pub(super) times: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Findings {
    fn record(&mut self, time: Option<DateTime<Utc>>) {
        self.records += 1;
        if let Some(time) = time {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
    }
}

impl entra::Receiver for Findings {
    fn receive(&mut self, outcome: Outcome, time: Option<DateTime<Utc>>) {
        self.record(time);
        match outcome {
            Outcome::Failure(failure) => {
                self.failures += 1;
                self.addresses.insert(failure.address);
            }
            Outcome::Ignored(reason) => count(&mut self.ignored, reason.name()),
            Outcome::Rejected(reason) => count(&mut self.rejected, reason.name()),
        }
    }
}

impl aws::Receiver for Findings {
    fn receive_record(&mut self, reading: Reading) {
        match reading {
            Reading::Login(login) => {
                self.record(Some(login.time));
                self.logins += 1;
                self.addresses.insert(login.source_ip_address);
            }
            Reading::Unusable(reason) => {
                self.record(None);
                count(if reason.is_fault() { &mut self.rejected } else { &mut self.ignored }, reason.name());
            }
        }
    }
}
