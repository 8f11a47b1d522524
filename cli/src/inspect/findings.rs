//! The findings of an inspection: counts, addresses and times of a file's records.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::Address;
use pivotwatch::entra::{self, Outcome, Warning, When};
use pivotwatch::pipeline::{Summary, count, count_sign_in, count_trail_record, horizon};

/// The findings of a file.
#[derive(Debug)]
pub(super) struct Findings {
    /// The counts that `ingest` would add.
    pub(super) summary: Summary,
    /// The addresses of failures and logins.
    pub(super) addresses: HashSet<Address>,
    /// The earliest and the latest time of a record.
    pub(super) times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// See [`horizon`].
    horizon: DateTime<Utc>,
}

impl Findings {
    /// The findings before the first record of a file that is inspected `now`.
    pub(super) fn none(now: DateTime<Utc>) -> Self {
        let (summary, addresses) = (Summary::default(), HashSet::new());
        Self { summary, addresses, times: None, horizon: horizon(now) }
    }

    fn count_record(&mut self, time: Option<DateTime<Utc>>) {
        self.summary.records += 1;
        if let Some(time) = time {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
            if time > self.horizon {
                count(&mut self.summary.warnings, Warning::FutureTime.name());
            }
        }
    }
}

impl entra::Receiver for Findings {
    fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.count_record(when.read());
        count_sign_in(&mut self.summary.kinds, &outcome);
        match outcome {
            Outcome::Failure(failure) => {
                self.summary.failures += 1;
                self.addresses.insert(failure.address);
            }
            Outcome::Ignored(reason) => count(&mut self.summary.ignored, reason.name()),
            Outcome::Rejected(reason) => count(&mut self.summary.rejected, reason.name()),
        }
    }

    fn warn(&mut self, warning: Warning) {
        count(&mut self.summary.warnings, warning.name());
    }
}

impl TrailReceiver for Findings {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        count_trail_record(&mut self.summary.kinds, &outcome);
        self.count_record(if let TrailOutcome::Login(login) = &outcome { Some(login.time) } else { None });
        match outcome {
            TrailOutcome::Login(login) => {
                self.summary.logins += 1;
                self.addresses.insert(login.source_ip_address);
            }
            TrailOutcome::Ignored(reason) => count(&mut self.summary.ignored, reason.name()),
            TrailOutcome::Rejected(reason) => count(&mut self.summary.rejected, reason.name()),
        }
    }
}
