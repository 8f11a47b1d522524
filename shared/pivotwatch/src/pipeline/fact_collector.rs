//! Collects the facts of an object into chunks, so that memory is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::horizon::{count_login_time, horizon};
use super::settle::Scope;
use super::success_collector::SuccessCollector;
use super::summary::{Summary, count};
use crate::aws::{TrailOutcome, TrailReceiver};
use crate::detection::tally::TallyKey;
use crate::detection::{FailedLogin, Login, Rule, Tally};
use crate::entra::{self, Newest, Outcome, SuccessTexts, TimeCollector, Warning};

/// Facts (tallies and logins) from which on a chunk is sent. Merging is associative, so the number of chunks does not
/// change what is recorded. Tallies of networks come on top.
const FACTS_PER_CHUNK: usize = 10_000;

/// New failures from which on a chunk is sent. Each takes less than 400 bytes with its names, so a chunk takes less
/// than 100 MB.
const FAILURES_PER_CHUNK: usize = 250_000;

/// Adds the tallies of networks to those of addresses: each is the merge of its addresses' tallies. Done once, since
/// merging is far quicker than adding each failure twice.
pub fn add_networks(tallies: &mut BTreeMap<TallyKey, Box<Tally>>, rule: &Rule) {
    let mut of_networks = BTreeMap::<TallyKey, Box<Tally>>::new();
    for (key, tally) in &*tallies {
        if let Some(address) = rule.ipv6_network.of(key.address) {
            of_networks.entry(TallyKey { address, ..*key }).or_default().merge(tally);
        }
    }
    tallies.append(&mut of_networks);
}

/// Facts of an object that are recorded together.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Boxed, so that the keys of a node are next to each other: a search reads few cache lines.
    pub(super) tallies: BTreeMap<TallyKey, Box<Tally>>,
    pub(super) logins: Vec<Login>,
}

impl Chunk {
    /// Adds a failed console login. Returns whether it is new.
    pub(super) fn add_failed_login(&mut self, failed: &FailedLogin) -> bool {
        self.tallies.entry(TallyKey::of_login(failed)).or_default().add_login(failed)
    }

    fn len(&self) -> usize {
        self.tallies.len() + self.logins.len()
    }

    /// The scopes that the facts require to settle, one for each address.
    pub(super) fn scopes(&self, rule: &Rule) -> Vec<Scope<'_>> {
        let mut scopes = BTreeMap::new();
        let none = |address| Scope { address, failures: BTreeSet::new(), logins: Vec::new() };
        for TallyKey { address, day, .. } in self.tallies.keys() {
            scopes.entry(*address).or_insert_with(|| none(*address)).failures.insert(*day);
        }
        for login in &self.logins {
            for address in rule.counted_by(login.source_ip_address) {
                scopes.entry(address).or_insert_with(|| none(address)).logins.push(login);
            }
        }
        scopes.into_values().collect()
    }
}

/// Collects the facts of an object, counts its records, and sends the facts in chunks.
pub(super) struct FactCollector {
    chunk: Chunk,
    /// New failures in `chunk`, at most [`FAILURES_PER_CHUNK`].
    failures: usize,
    successes: SuccessCollector,
    summary: Summary,
    rule: Rule,
    /// The name of the object.
    export: Arc<str>,
    newest_sign_in: Newest,
    /// See [`horizon`].
    horizon: DateTime<Utc>,
    sender: mpsc::Sender<Chunk>,
}

impl FactCollector {
    /// A collector for the object `name`, which is opened at `now`.
    pub(super) fn new(sender: mpsc::Sender<Chunk>, name: &str, rule: Rule, now: DateTime<Utc>) -> Self {
        let horizon = horizon(now);
        let newest_sign_in = Newest::up_to(horizon);
        Self {
            chunk: Chunk::default(),
            failures: 0,
            successes: SuccessCollector::default(),
            summary: Summary::default(),
            rule,
            export: name.into(),
            newest_sign_in,
            horizon,
            sender,
        }
    }

    /// Sends the chunk if it is full.
    fn send_full_chunk(&mut self) {
        if self.successes.is_full() {
            self.send_successes();
        }
        if self.chunk.len() >= FACTS_PER_CHUNK || self.failures >= FAILURES_PER_CHUNK {
            self.end_failures();
            self.send_chunk();
        }
    }

    /// Ends the tallies of the chunk: they get no failures any more.
    fn end_failures(&mut self) {
        self.failures = 0;
        add_networks(&mut self.chunk.tallies, &self.rule);
        for key in self.chunk.tallies.keys() {
            self.successes.add_tally(*key);
        }
    }

    /// Adds the successes to the tallies of the object, also to those of chunks that were sent, and sends them.
    fn send_successes(&mut self) {
        self.end_failures();
        let mut all = std::mem::take(&mut self.successes);
        for (key, successes) in all.take(&self.rule) {
            self.chunk.tallies.entry(key).or_default().add_successes(&successes);
            if self.chunk.len() >= 2 * FACTS_PER_CHUNK {
                self.send_chunk();
            }
        }
        self.successes = all;
        self.send_chunk();
    }

    /// Sends the chunk unless it is empty, and begins a new one.
    fn send_chunk(&mut self) {
        if self.chunk.len() > 0 {
            // The receiver is closed only when the invocation stops. The event is then delivered again.
            let _ = self.sender.blocking_send(std::mem::take(&mut self.chunk));
        }
    }

    /// Sends the last chunk, and returns the counts of the object.
    pub(super) fn finish(mut self) -> Summary {
        self.send_successes();
        Summary { newest_sign_in: self.newest_sign_in.time(), ..self.summary }
    }
}

impl entra::Receiver for FactCollector {
    fn receive(&mut self, outcome: Outcome) {
        self.send_full_chunk();
        self.summary.count_sign_in(&outcome);
        if let Outcome::Failure(mut failure) = outcome {
            failure.trace.export = Arc::clone(&self.export);
            let is_new = self.chunk.tallies.entry(TallyKey::of(&failure)).or_default().add(&failure);
            self.failures += usize::from(is_new);
            self.summary.duplicates += u64::from(!is_new);
        }
    }

    fn warn(&mut self, warning: Warning) {
        count(&mut self.summary.warnings, warning.name());
    }

    fn wants_successes(&self) -> bool {
        self.rule.counts_successes
    }

    fn succeeded(&mut self, success: &SuccessTexts<'_>) {
        self.successes.add(success);
    }

    fn times(&mut self) -> TimeCollector<'_> {
        TimeCollector::Newest(&mut self.newest_sign_in)
    }
}

impl TrailReceiver for FactCollector {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        self.send_full_chunk();
        self.summary.count_trail_record(&outcome);
        match outcome {
            TrailOutcome::Login(login) => {
                count_login_time(&mut self.summary, login.time, self.horizon);
                self.chunk.logins.push(*login);
            }
            TrailOutcome::FailedLogin(failed) => {
                let is_new = self.chunk.add_failed_login(&failed);
                self.failures += usize::from(is_new);
                self.summary.duplicates += u64::from(!is_new);
            }
            TrailOutcome::Ignored(_) | TrailOutcome::Rejected(_) => {}
        }
    }
}
