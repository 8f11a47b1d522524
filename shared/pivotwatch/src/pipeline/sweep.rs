//! The sweep: every 15 minutes a schedule invokes `detect`, to report what no message reported.
//!
//! An incident has no message of its own if it was deferred ([`Deferral`]), or if the invocation that was to publish it
//! died for good. The sweep reports all of them in digests. It also counts the confirmed subscribers of the topic.
//! While there is none, nothing is published, and what was published since the last sweep that saw one is reported
//! again when there is one.
//!
//! A digest is sent before its incidents are marked. So a sweep that dies in between causes a second digest, and none
//! loses an incident. Only one sweep runs at a time, and only a sweep reports what is deferred.

use std::collections::BTreeMap;
use std::pin::pin;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use super::publish::{ATTEMPTS, contended};
use super::record_facts::CONCURRENCY;
use super::slots::unlimited;
use super::unfinished::Unfinished;
use super::{Invocation, Pipeline, PipelineError, Runtime, Summary, count};
use crate::detection::Day;
use crate::detection::ledger::Ledger;
use crate::detection::reporting::{Deferral, Reported};
use crate::notify::{Digest, DigestEntry, Notifier, digest_message, digests};
use crate::store::{IncidentKey, Store, StoreError, StoredIncident, Versioned, WriteOutcome};

/// How long a sweep keeps others from running: longer than the timeout of `detect`.
const LONGEST: TimeDelta = TimeDelta::minutes(3);

/// The incidents that are loaded together, so that memory is bounded. Digests begin with the most severe of them.
const TOGETHER: usize = 5_000;

/// Before the first sweep that saw a subscriber, messages of this time may have had none.
const BEFORE_THE_FIRST: TimeDelta = TimeDelta::days(1);

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Reports what no message reported, unless another sweep is running.
    ///
    /// # Errors
    /// [`Unfinished`] when something is left to the next sweep.
    pub async fn sweep_in(&self, invocation: Invocation<'_>) -> (Summary, Result<(), Unfinished>) {
        let Invocation { deadline, .. } = invocation;
        let mut summary = Summary::default();
        let swept = deadline.run(self.sweep(&mut summary), &self.runtime).await;
        let result = swept.unwrap_or_else(|| Err(failed(&PipelineError::OutOfTime, &mut summary)));
        self.announce_in(invocation, &mut summary).await;
        (summary, result)
    }

    async fn sweep(&self, summary: &mut Summary) -> Result<(), Unfinished> {
        let now = self.runtime.now().trunc_subsecs(0);
        let until = Some(now + LONGEST);
        let begin = |ledger: &mut Ledger| {
            // Its own time is there if the answer to its first attempt was lost.
            let is_running = ledger.sweep_until.is_some_and(|running| running > now) && ledger.sweep_until != until;
            ledger.sweep_until = until;
            if is_running { Err(()) } else { Ok(ledger.clone()) }
        };
        let ledger = match self.change_ledger(begin, summary).await {
            Ok(Ok(ledger)) => ledger,
            Ok(Err(())) => return Ok(()),
            // Nothing is known of other sweeps then. A second digest is the lesser evil.
            Err(error) => {
                unlimited(error, summary).map(|()| Ledger::default()).map_err(|error| failed(&error, summary))?
            }
        };
        let is_observing = self.policy.observation.is_on(now);
        let was_observed = is_observing && ledger.observed_on == Some(Day::of(now));
        let is_heard = self.hear_subscribers(&ledger, now, summary).await;
        let (digests, mut result) = (summary.digests, is_heard.map(drop));
        match self.store.list_unreported().await {
            Ok(listed) => {
                let digested = summary.digested;
                let total = listed.len() as u64;
                if is_heard == Ok(true) && !was_observed {
                    result = self.report_unreported(listed, now, summary).await;
                }
                summary.unreported = Some(total.saturating_sub(summary.digested - digested));
            }
            Err(error) => result = result.and(Err(failed(&error.into(), summary))),
        }
        if is_heard == Ok(true) {
            let alive = self.send_alive(now, summary).await;
            result = result.and(alive.map_err(|error| failed(&error, summary)));
        }
        let is_observed = is_observing && (result.is_ok() || summary.digests > digests) && is_heard == Ok(true);
        let end = |ledger: &mut Ledger| {
            ledger.sweep_until = None;
            if is_observed {
                ledger.observed_on = Some(Day::of(now));
            }
        };
        let ended = self.note_in_ledger(end, summary).await;
        summary.sweeps += 1;
        result.and(ended.map_err(|error| failed(&error, summary)))
    }

    /// Counts the confirmed subscribers, and keeps since when there is none. Returns `false` while nobody is known to
    /// listen.
    async fn hear_subscribers(
        &self,
        ledger: &Ledger,
        now: DateTime<Utc>,
        summary: &mut Summary,
    ) -> Result<bool, Unfinished> {
        let subscribers = match self.notifier.subscribers().await {
            Ok(subscribers) => subscribers,
            Err(error) => {
                failed(&error.into(), summary);
                return Ok(!ledger.is_silent(now));
            }
        };
        summary.confirmed_subscribers = Some(subscribers);
        if let Some(since) = ledger.silent_since.filter(|_| subscribers > 0) {
            self.defer_unheard(since, now, summary).await?;
        }
        let hear = |ledger: &mut Ledger| {
            if subscribers > 0 {
                (ledger.silent_since, ledger.heard_at) = (None, Some(now));
            } else {
                let heard_at = ledger.heard_at.unwrap_or(now - BEFORE_THE_FIRST);
                ledger.silent_since.get_or_insert(heard_at);
                ledger.silent_seen_at = Some(now);
            }
        };
        self.note_in_ledger(hear, summary).await.map_err(|error| failed(&error, summary))?;
        Ok(subscribers > 0)
    }

    /// Changes the ledger, unless it is unreadable.
    async fn note_in_ledger(&self, change: impl Fn(&mut Ledger), summary: &mut Summary) -> Result<(), PipelineError> {
        let change = |ledger: &mut Ledger| {
            change(ledger);
            Ok::<_, ()>(())
        };
        self.change_ledger(change, summary).await.map(drop).or_else(|error| unlimited(error, summary))
    }

    /// Defers what was reported since `since`, when nobody may have listened. A message of its own has an incident with
    /// a login of the last day, so that these are incidents of the days around.
    async fn defer_unheard(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let (first, last) = (Day::of(since).before(2), Day::of(now).after(1));
        for day in (0..).map(|later| first.after(later)).take_while(|day| *day <= last) {
            let listed = self.store.list_incidents(day).await.map_err(|error| failed(&error.into(), summary))?;
            let published = listed.into_iter().filter(|listed| listed.is_published).map(|listed| listed.key);
            let loaded = stream::iter(published).map(async |key| self.store.load_incident(&key).await);
            let mut loaded = pin!(loaded.buffer_unordered(CONCURRENCY));
            while let Some(found) = loaded.next().await {
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        skip_unreadable(error, summary)?;
                        continue;
                    }
                };
                let is_unheard = |stored: &Versioned<StoredIncident>| {
                    let reported_since = stored.value.reported.as_ref().is_some_and(|reported| since <= reported.at);
                    reported_since && stored.value.deferral.is_none()
                };
                if let Some(stored) = found.filter(is_unheard) {
                    let deferred = self.defer(stored, Deferral::NoSubscriber, summary).await;
                    deferred.map_err(|error| failed(&error, summary))?;
                }
            }
        }
        Ok(())
    }

    /// Reports all incidents that are due.
    async fn report_unreported(
        &self,
        listed: Vec<IncidentKey>,
        now: DateTime<Utc>,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let mut result = Ok(());
        for keys in listed.chunks(TOGETHER) {
            let loaded = stream::iter(keys).map(async |key| self.due(*key, now).await);
            let mut loaded = pin!(loaded.buffer_unordered(CONCURRENCY));
            let mut due = Vec::new();
            while let Some(found) = loaded.next().await {
                match found {
                    Ok(found) => due.extend(found),
                    Err(error) => result = result.and(skip_unreadable(error, summary)),
                }
            }
            for digest in digests(due) {
                result = result.and(self.send_digest(digest, summary).await);
            }
        }
        result
    }

    /// The entry of an unreported incident, `None` if an invocation is publishing it, or it is reported by now.
    async fn due(&self, key: IncidentKey, now: DateTime<Utc>) -> Result<Option<DigestEntry>, StoreError> {
        let Some(Versioned { mut value, version }) = self.store.load_incident(&key).await? else { return Ok(None) };
        if !value.is_unreported() || value.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return Ok(None);
        }
        // Later facts can take back why an update was due.
        let is_news = value.next_message().is_some() || value.deferral == Some(Deferral::NoSubscriber);
        if is_news && value.deferral.is_some() {
            return Ok(Some(entry(&value)));
        }
        value.lease = None;
        value.deferral = is_news.then_some(Deferral::Interrupted);
        let written = self.store.write_incident(&value, version).await?;
        // After a conflict, another invocation is at work on it.
        Ok((is_news && written == WriteOutcome::Done).then(|| entry(&value)))
    }

    /// Sends a digest, and marks its incidents.
    async fn send_digest(&self, digest: Digest, summary: &mut Summary) -> Result<(), Unfinished> {
        let sent = self.publish_digest(&digest, summary).await;
        let sent_at = sent.map_err(|error| failed(&error, summary))?;
        let id = digest.id().to_string();
        let marked = stream::iter(digest.entries).map(async |entry| self.mark_digested(entry, &id, sent_at).await);
        let mut marked = pin!(marked.buffer_unordered(CONCURRENCY));
        let mut result = Ok(());
        while let Some(of_one) = marked.next().await {
            match of_one {
                Ok(()) => summary.digested += 1,
                Err(error) => result = Err(failed(&error, summary)),
            }
        }
        result
    }

    /// Publishes a digest, and returns when.
    async fn publish_digest(&self, digest: &Digest, summary: &mut Summary) -> Result<DateTime<Utc>, PipelineError> {
        let now = self.take_second(summary).await?;
        self.notifier.publish(&digest_message(digest, now, &self.rule, &self.deployment)).await?;
        summary.digests += 1;
        Ok(now.trunc_subsecs(0))
    }

    async fn mark_digested(&self, entry: DigestEntry, digest: &str, at: DateTime<Utc>) -> Result<(), PipelineError> {
        let key = IncidentKey::of(&entry.incident);
        let DigestEntry { incident, severity, signals, .. } = entry;
        let reported = Reported { severity, signals, failures: BTreeMap::new(), end_time: incident.end_time, at };
        for _ in 0..ATTEMPTS {
            let Some(Versioned { mut value, version }) = self.store.load_incident(&key).await? else { return Ok(()) };
            if value.deferral.is_none() {
                return Ok(());
            }
            let number = value.next_message().map_or(1, |next| next.number);
            value.mark(reported.clone(), number, Some(digest), self.runtime.now());
            if self.store.write_incident(&value, version).await? == WriteOutcome::Done {
                return Ok(());
            }
        }
        Err(contended(&key))
    }
}

/// The entry of an incident that is deferred.
fn entry(stored: &StoredIncident) -> DigestEntry {
    let deferral = stored.deferral.unwrap_or(Deferral::Interrupted);
    DigestEntry {
        incident: stored.incident.clone(),
        severity: stored.severity(),
        signals: stored.signals.clone(),
        // What nobody could receive is as new as what was not sent.
        is_update: stored.published_at.is_some() && deferral != Deferral::NoSubscriber,
        deferral,
    }
}

/// Counts and logs an incident that cannot be parsed, which is skipped. Any other error is one of the sweep.
fn skip_unreadable(error: StoreError, summary: &mut Summary) -> Result<(), Unfinished> {
    match error {
        StoreError::Unreadable { record, cause } => {
            summary.unreadable += 1;
            tracing::error!(code = "store.unreadable", record, cause, "an incident was not reported");
            Ok(())
        }
        error => Err(failed(&error.into(), summary)),
    }
}

/// Logs and counts an error of the sweep.
fn failed(error: &PipelineError, summary: &mut Summary) -> Unfinished {
    let code = error.code();
    count(&mut summary.failed, code);
    tracing::error!(code, "the sweep left something to the next one: {error}");
    Unfinished::of(code)
}
