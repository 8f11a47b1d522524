//! What the records of a file come to, in numbers.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use pivotwatch::aws::{self, Reading};
use pivotwatch::detection::Address;
use pivotwatch::entra::{self, Outcome, When};
use pivotwatch::pipeline::{Summary, count, count_unusable, see_sign_in, see_trail_record};

/// Numbers of a file.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Records, failures, logins, and the others by reason: what `ingest` counts.
    pub(super) summary: Summary,
    /// The addresses of failures and logins.
    pub(super) addresses: HashSet<Address>,
    /// The first and the last time of a record.
    pub(super) times: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Findings {
    fn record(&mut self, time: Option<DateTime<Utc>>) {
        self.summary.records += 1;
        if let Some(time) = time {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
    }
}

impl entra::Receiver for Findings {
    fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.record(when.read());
        see_sign_in(&mut self.summary.seen, &outcome);
        match outcome {
            Outcome::Failure(failure) => {
                self.summary.failures += 1;
                self.addresses.insert(failure.address);
            }
            Outcome::Ignored(reason) => count(&mut self.summary.ignored, reason.name()),
            Outcome::Rejected(reason) => count(&mut self.summary.rejected, reason.name()),
        }
    }
}

impl aws::Receiver for Findings {
    fn receive_record(&mut self, reading: Reading) {
        see_trail_record(&mut self.summary.seen, &reading);
        match reading {
            Reading::Login(login) => {
                self.record(Some(login.time));
                self.summary.logins += 1;
                self.addresses.insert(login.source_ip_address);
            }
            Reading::Unusable(reason) => {
                self.record(None);
                count_unusable(&mut self.summary, reason);
            }
        }
    }
}
