//! Facts on their way from an object to the store.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;

use super::seen::{see_sign_in, see_trail_record};
use super::settle::Scope;
use super::summary::{Summary, count};
use crate::aws::{TrailOutcome, TrailReceiver};
use crate::detection::tally::TallyKey;
use crate::detection::{Login, Tally};
use crate::entra::{self, Newest, Outcome, TimeCollector, Warning};

/// Facts that are gathered from an object before they are recorded, so that memory is bounded whatever the object holds.
/// Recording an object in several parts comes to the same as recording it whole.
const FACTS_AT_ONCE: usize = 10_000;

/// New failures that are gathered before they are recorded. With its names each takes less than 400 bytes, so the facts
/// of a part take less than 100 MB, however they are spread over tallies.
const FAILURES_AT_ONCE: usize = 250_000;

/// Facts that are not recorded yet.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) tallies: BTreeMap<TallyKey, Tally>,
    pub(super) logins: Vec<Login>,
}

impl Facts {
    fn number(&self) -> usize {
        self.tallies.len() + self.logins.len()
    }

    /// What the facts require to be settled, by address.
    pub(super) fn scopes(&self) -> Vec<Scope<'_>> {
        let mut scopes = BTreeMap::new();
        let none = |address| Scope { address, failures: BTreeSet::new(), logins: Vec::new() };
        for TallyKey { address, day, .. } in self.tallies.keys() {
            scopes.entry(*address).or_insert_with(|| none(*address)).failures.insert(*day);
        }
        for login in &self.logins {
            let address = login.source_ip_address;
            scopes.entry(address).or_insert_with(|| none(address)).logins.push(login);
        }
        scopes.into_values().collect()
    }
}

/// Gathers the facts of an object and hands them over in parts.
pub(super) struct Gathering {
    facts: Facts,
    /// New failures in `facts`, at most [`FAILURES_AT_ONCE`].
    failures: usize,
    summary: Summary,
    newest_sign_in: Newest,
    /// The latest time that is not in the future.
    horizon: DateTime<Utc>,
    sender: mpsc::Sender<Facts>,
}

impl Gathering {
    /// Gathers for `sender` from an object that is read from `now` on.
    pub(super) fn new(sender: mpsc::Sender<Facts>, now: DateTime<Utc>) -> Self {
        let horizon = horizon(now);
        let newest_sign_in = Newest::up_to(horizon);
        Self { facts: Facts::default(), failures: 0, summary: Summary::default(), newest_sign_in, horizon, sender }
    }

    /// Hands over what was gathered so far.
    fn hand_over(&mut self) {
        self.failures = 0;
        if self.facts.number() > 0 {
            // Nobody receives any more only when the invocation is over.
            let _ = self.sender.blocking_send(std::mem::take(&mut self.facts));
        }
    }

    /// What was gathered in all.
    pub(super) fn finish(mut self) -> Summary {
        self.hand_over();
        Summary { newest_sign_in: self.newest_sign_in.time(), ..self.summary }
    }

    fn record(&mut self) {
        self.summary.records += 1;
        if self.facts.number() >= FACTS_AT_ONCE || self.failures >= FAILURES_AT_ONCE {
            self.hand_over();
        }
    }
}

impl entra::Receiver for Gathering {
    fn receive(&mut self, outcome: Outcome) {
        self.record();
        see_sign_in(&mut self.summary.seen, &outcome);
        match outcome {
            Outcome::Failure(failure) => {
                self.summary.failures += 1;
                let tally = self.facts.tallies.entry(TallyKey::of(&failure)).or_default();
                let is_new = tally.add(&failure);
                self.failures += usize::from(is_new);
                self.summary.duplicates += u64::from(!is_new);
            }
            Outcome::Ignored(reason) => count(&mut self.summary.ignored, reason.name()),
            Outcome::Rejected(reason) => count(&mut self.summary.rejected, reason.name()),
        }
    }

    fn warn(&mut self, warning: Warning) {
        count(&mut self.summary.warnings, warning.name());
    }

    fn times(&mut self) -> TimeCollector<'_> {
        TimeCollector::Newest(&mut self.newest_sign_in)
    }
}

impl TrailReceiver for Gathering {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        self.record();
        see_trail_record(&mut self.summary.seen, &outcome);
        match outcome {
            TrailOutcome::Login(login) => {
                see_login(&mut self.summary, login.time, self.horizon);
                self.facts.logins.push(*login);
            }
            TrailOutcome::Ignored(reason) => count(&mut self.summary.ignored, reason.name()),
            TrailOutcome::Rejected(reason) => count(&mut self.summary.rejected, reason.name()),
        }
    }
}

/// The latest time that is not in the future at `now`: clocks differ, but not by an hour.
#[must_use]
pub fn horizon(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::hours(1)
}

/// Counts a login after the horizon as one of the future, and takes any other for the newest if it is.
pub(super) fn see_login(summary: &mut Summary, time: DateTime<Utc>, horizon: DateTime<Utc>) {
    if time > horizon {
        count(&mut summary.warnings, Warning::FutureTime.name());
    } else {
        summary.newest_login = summary.newest_login.max(Some(time));
    }
}
