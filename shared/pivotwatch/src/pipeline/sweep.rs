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
use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};

use super::deadline::StopSignal;
use super::publish::contended;
use super::record_facts::CONCURRENCY;
use super::settle::ATTEMPTS;
use super::unfinished::Unfinished;
use super::{Invocation, Pipeline, PipelineError, Runtime, Summary, count};
use crate::detection::Day;
use crate::detection::ledger::Ledger;
use crate::detection::reporting::{Deferral, Reported};
use crate::notify::{Digest, DigestEntry, Notifier, digest_message, digests};
use crate::store::{IncidentKey, Store, StoredIncident, Versioned, WriteOutcome};

/// How long a sweep keeps others from running: longer than the timeout of `detect`.
const LONGEST: TimeDelta = TimeDelta::minutes(3);

/// The incidents that a sweep reports, so that memory is bounded. The next sweep reports the others.
const MOST: usize = 5_000;

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
        let swept = {
            let stop = StopSignal::default();
            let work = pin!(self.sweep(&mut summary));
            let time = pin!(deadline.enforce(&stop, &self.runtime));
            match select(work, time).await {
                Either::Left((result, _)) => result,
                Either::Right(_) => Err(PipelineError::OutOfTime),
            }
        };
        let result = swept.map_err(|error| failed(&error, &mut summary));
        self.announce_in(invocation, &mut summary).await;
        (summary, result)
    }

    async fn sweep(&self, summary: &mut Summary) -> Result<(), PipelineError> {
        let now = self.runtime.now().trunc_subsecs(0);
        let begin = |ledger: &mut Ledger| {
            let is_running = ledger.sweep_until.is_some_and(|until| until > now);
            ledger.sweep_until = Some(now + LONGEST);
            if is_running { Err(()) } else { Ok(ledger.clone()) }
        };
        let Ok(ledger) = self.change_ledger(begin, summary).await? else { return Ok(()) };
        let today = Day::of(now);
        let is_observing = self.policy.observation.is_on(now);
        let reported = match self.hear_subscribers(&ledger, now, summary).await {
            Ok(true) if is_observing && ledger.observed_on == Some(today) => Ok(false),
            Ok(true) => {
                let reported = self.report_unreported(now, summary).await;
                reported.and(self.send_alive(now, summary).await).map(|()| true)
            }
            other => other,
        };
        let end = |ledger: &mut Ledger| {
            ledger.sweep_until = None;
            if is_observing && matches!(reported, Ok(true)) {
                ledger.observed_on = Some(today);
            }
            Ok::<_, ()>(())
        };
        let _ = self.change_ledger(end, summary).await?;
        summary.unreported = Some(self.store.list_unreported().await?.len() as u64);
        summary.sweeps += 1;
        reported.map(|_| ())
    }

    /// Counts the confirmed subscribers, and keeps since when there is none. Returns `false` while nobody is known to
    /// listen.
    async fn hear_subscribers(
        &self,
        ledger: &Ledger,
        now: DateTime<Utc>,
        summary: &mut Summary,
    ) -> Result<bool, PipelineError> {
        let subscribers = match self.notifier.subscribers().await {
            Ok(subscribers) => subscribers,
            Err(error) => {
                failed(&error.into(), summary);
                return Ok(ledger.silent_since.is_none());
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
            }
            Ok::<_, ()>(())
        };
        let _ = self.change_ledger(hear, summary).await?;
        Ok(subscribers > 0)
    }

    /// Defers what was published since `since`, when nobody may have listened. A message of its own has an incident
    /// with a login of the last day, so that these are incidents of the days around.
    async fn defer_unheard(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let (first, last) = (Day::of(since).before(2), Day::of(now).after(1));
        for day in (0..).map(|later| first.after(later)).take_while(|day| *day <= last) {
            for listed in self.store.list_incidents(day).await? {
                let Some(stored) = self.store.load_incident(&listed.key).await? else { continue };
                if stored.value.published_at.is_some_and(|published_at| since <= published_at) {
                    self.defer(stored, Deferral::NoSubscriber, summary).await?;
                }
            }
        }
        Ok(())
    }

    /// Reports all incidents that are due.
    async fn report_unreported(&self, now: DateTime<Utc>, summary: &mut Summary) -> Result<(), PipelineError> {
        let mut result = Ok(());
        let listed = self.store.list_unreported().await?;
        let loaded = stream::iter(listed.into_iter().take(MOST)).map(async |key| self.due(key, now).await);
        let mut loaded = pin!(loaded.buffer_unordered(CONCURRENCY));
        let mut due = Vec::new();
        while let Some(found) = loaded.next().await {
            match found {
                Ok(found) => due.extend(found),
                Err(error) => {
                    failed(&error, summary);
                    result = Err(error);
                }
            }
        }
        for digest in digests(due) {
            result = result.and(self.send_digest(digest, summary).await);
        }
        result
    }

    /// The entry of an unreported incident, `None` if an invocation is publishing it, or it is reported by now.
    async fn due(&self, key: IncidentKey, now: DateTime<Utc>) -> Result<Option<DigestEntry>, PipelineError> {
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
    async fn send_digest(&self, digest: Digest, summary: &mut Summary) -> Result<(), PipelineError> {
        let now = self.take_second(summary).await?;
        self.notifier.publish(&digest_message(&digest, now, &self.rule, &self.deployment)).await?;
        summary.digests += 1;
        let id = digest.id().to_string();
        let marked = stream::iter(digest.entries).map(async |entry| self.mark_digested(entry, &id).await);
        let mut marked = pin!(marked.buffer_unordered(CONCURRENCY));
        let mut result = Ok(());
        while let Some(of_one) = marked.next().await {
            match of_one {
                Ok(()) => summary.digested += 1,
                Err(error) => {
                    failed(&error, summary);
                    result = Err(error);
                }
            }
        }
        result
    }

    async fn mark_digested(&self, entry: DigestEntry, digest: &str) -> Result<(), PipelineError> {
        let key = IncidentKey::of(&entry.incident);
        let DigestEntry { incident, severity, signals, .. } = entry;
        let reported = Reported { severity, signals, failures: BTreeMap::new(), end_time: incident.end_time };
        for _ in 0..ATTEMPTS {
            let Some(Versioned { mut value, version }) = self.store.load_incident(&key).await? else { return Ok(()) };
            if value.deferral.is_none() {
                return Ok(());
            }
            let number = value.next_message().map_or(1, |next| next.number);
            value.mark(reported.clone(), number, Some(digest), self.runtime.now());
            // What came meanwhile is left to the next sweep, since its settlement left it to this one.
            value.deferral = value.next_message().map(|_| Deferral::Interrupted);
            if self.store.write_incident(&value, version).await? == WriteOutcome::Done {
                return Ok(());
            }
        }
        Err(contended(&key))
    }
}

/// The entry of an incident that is deferred.
fn entry(stored: &StoredIncident) -> DigestEntry {
    DigestEntry {
        incident: stored.incident.clone(),
        severity: stored.severity(),
        signals: stored.signals.clone(),
        deferral: stored.deferral.unwrap_or(Deferral::Interrupted),
        is_update: stored.published_at.is_some(),
    }
}

/// Logs and counts an error of the sweep.
fn failed(error: &PipelineError, summary: &mut Summary) -> Unfinished {
    let code = error.code();
    count(&mut summary.failed, code);
    tracing::error!(code, "the sweep left something to the next one: {error}");
    Unfinished::of(code)
}
