//! Publishes an incident, or an update of it, and marks it.
//!
//! A message takes a slot of the ledger first ([`crate::detection::ledger`]). A message without a slot is left to the
//! next digest, which is noted in the incident. A slot whose invocation dies is lost; the incident's lease expires
//! then, and the next sweep reports it.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

use super::{Pipeline, PipelineError, Runtime, Summary, count};
use crate::detection::failure_index::FailureIndex;
use crate::detection::ledger::Ledger;
use crate::detection::reporting::{Deferral, NextMessage, Reported};
use crate::detection::{Address, Incident, IncidentReport};
use crate::notify::{Message, Notifier, PublishError, Update, incident_message};
use crate::store::{IncidentKey, Store, StoreError, StoredIncident, Versioned, WriteOutcome, record_name};

/// The longest wait before an incident under another invocation's lease is loaded again.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Attempts to store or mark an incident. A wait takes half a [`POLL_INTERVAL`] on average, so several leases expire
/// before the last attempt.
pub(super) const ATTEMPTS: u32 = 200;

/// Attempts to change the ledger. With the waits they take some seconds, since the lease on publishing goes on.
const LEDGER_ATTEMPTS: u32 = 30;

/// The longest wait before the ledger is loaded again after a conflict.
pub(super) const LEDGER_INTERVAL: Duration = Duration::from_millis(200);

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Publishes the next message of an incident that is stored with the lease of this settlement, or leaves it to a
    /// digest.
    pub(super) async fn publish(
        &self,
        index: &FailureIndex<'_>,
        stored: Versioned<StoredIncident>,
        next: NextMessage,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        match self.send(index, &stored.value.incident, &next, summary).await {
            Ok(Ok(reported)) => self.mark(stored, reported, next.number, summary).await,
            Ok(Err(deferral)) => self.defer(stored, deferral, summary).await,
            Err(error) => {
                // Ends the lease, so that a retry need not wait for it. If that fails, the lease expires. It stays, so
                // that a sweep finds an update that no retry publishes.
                let Versioned { mut value, version } = stored;
                if let Some(lease) = &mut value.lease {
                    lease.until = self.runtime.now().trunc_subsecs(0);
                }
                let _ = self.store.write_incident(&value, version).await;
                Err(error)
            }
        }
    }

    /// Sends the message of an incident, and returns what it said, or why it has no slot.
    async fn send(
        &self,
        index: &FailureIndex<'_>,
        incident: &Incident,
        next: &NextMessage,
        summary: &mut Summary,
    ) -> Result<Result<Reported, Deferral>, PipelineError> {
        if let Err(deferral) = self.take_slot(incident.columns.source_ip_address, summary).await? {
            return Ok(Err(deferral));
        }
        let report = index.report(incident.clone());
        self.deliver(&report, next).await?;
        summary.publishes += 1;
        summary.updates += u64::from(next.number > 1);
        Ok(Ok(Reported::of(report, self.runtime.now())))
    }

    /// Publishes a message, and returns it.
    pub(super) async fn deliver(&self, report: &IncidentReport, next: &NextMessage) -> Result<Message, PublishError> {
        let NextMessage { number, reasons } = next.clone();
        let update = (number > 1).then_some(Update { number, reasons });
        let now = self.runtime.now();
        let message = incident_message(report, update.as_ref(), now, &self.rule, &self.deployment);
        self.notifier.publish(&message).await?;
        Ok(message)
    }

    /// Marks an incident as reported by the message of this number.
    pub(super) async fn mark(
        &self,
        mut stored: Versioned<StoredIncident>,
        reported: Reported,
        number: u32,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let key = IncidentKey::of(&stored.value.incident);
        for _ in 0..ATTEMPTS {
            stored.value.mark(reported.clone(), number, None, self.runtime.now());
            if self.store.write_incident(&stored.value, stored.version).await? == WriteOutcome::Done {
                summary.writes += 1;
                return Ok(());
            }
            summary.conflicts += 1;
            match self.store.load_incident(&key).await? {
                Some(current) if !current.value.is_reported(number) => stored = current,
                // Another settlement reported it, or somebody deleted the record on purpose.
                _ => return Ok(()),
            }
        }
        Err(contended(&key))
    }

    /// Leaves an incident to the next digest.
    pub(super) async fn defer(
        &self,
        mut stored: Versioned<StoredIncident>,
        deferral: Deferral,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let key = IncidentKey::of(&stored.value.incident);
        let owner = stored.value.lease.as_ref().map(|lease| lease.owner.clone());
        for _ in 0..ATTEMPTS {
            stored.value.lease = None;
            stored.value.deferral = Some(deferral);
            if self.store.write_incident(&stored.value, stored.version).await? == WriteOutcome::Done {
                summary.writes += 1;
                count(&mut summary.deferred, deferral.name());
                return Ok(());
            }
            summary.conflicts += 1;
            match self.store.load_incident(&key).await? {
                Some(current) if current.value.lease.as_ref().map(|lease| &lease.owner) == owner.as_ref() => {
                    stored = current;
                }
                // The lease expired, and another settlement or a sweep took over.
                _ => return Ok(()),
            }
        }
        Err(contended(&key))
    }

    /// Takes the slot of a message about `address`, and waits for it. An unreadable ledger limits nothing.
    async fn take_slot(&self, address: Address, summary: &mut Summary) -> Result<Result<(), Deferral>, PipelineError> {
        let take = |ledger: &mut Ledger| ledger.take(address, self.runtime.now(), &self.policy);
        match self.change_ledger(take, summary).await {
            Ok(Ok(second)) => {
                self.wait_for(second).await;
                Ok(Ok(()))
            }
            Ok(Err(deferral)) => Ok(Err(deferral)),
            // So many others send messages that a digest is the better form.
            Err(PipelineError::Contended(_)) => Ok(Err(Deferral::TooManyAtOnce)),
            Err(error) => unlimited(error, summary).map(Ok),
        }
    }

    /// Takes a slot of a second for a message that has no other limit, and waits for it. Returns the time then.
    pub(super) async fn take_second(&self, summary: &mut Summary) -> Result<DateTime<Utc>, PipelineError> {
        for _ in 0..ATTEMPTS {
            let take = |ledger: &mut Ledger| ledger.take_second(self.runtime.now()).ok_or(());
            match self.change_ledger(take, summary).await {
                Ok(Ok(second)) => {
                    self.wait_for(second).await;
                    return Ok(self.runtime.now());
                }
                Ok(Err(())) => self.runtime.wait_up_to(POLL_INTERVAL).await,
                Err(error) => return unlimited(error, summary).map(|()| self.runtime.now()),
            }
        }
        Err(contended_ledger())
    }

    async fn wait_for(&self, second: DateTime<Utc>) {
        let ahead = (second - self.runtime.now()).to_std().unwrap_or_default();
        if !ahead.is_zero() {
            self.runtime.wait(ahead).await;
        }
    }

    /// Changes the ledger by a function that is applied again after each conflict. If it declines, nothing is written.
    pub(super) async fn change_ledger<T, E>(
        &self,
        change: impl Fn(&mut Ledger) -> Result<T, E>,
        summary: &mut Summary,
    ) -> Result<Result<T, E>, PipelineError> {
        for _ in 0..LEDGER_ATTEMPTS {
            let Versioned { mut value, version } = self.store.load_ledger().await?;
            let changed = match change(&mut value) {
                Ok(changed) => changed,
                Err(declined) => return Ok(Err(declined)),
            };
            if self.store.write_ledger(&value, version).await? == WriteOutcome::Done {
                return Ok(Ok(changed));
            }
            summary.conflicts += 1;
            self.runtime.wait_up_to(LEDGER_INTERVAL).await;
        }
        Err(contended_ledger())
    }
}

/// Reports that messages are not limited, because the ledger is unreadable. Returns any other error.
pub(super) fn unlimited(error: PipelineError, summary: &mut Summary) -> Result<(), PipelineError> {
    match error {
        PipelineError::Store(StoreError::Unreadable { record, cause }) => {
            summary.unreadable += 1;
            tracing::error!(code = "store.unreadable", record, cause, "messages are not limited");
            Ok(())
        }
        error => Err(error),
    }
}

fn contended_ledger() -> PipelineError {
    PipelineError::Contended("the ledger of messages".to_owned())
}

/// The error of an incident that others keep writing.
pub(super) fn contended(key: &IncidentKey) -> PipelineError {
    PipelineError::Contended(format!("{} of {}", record_name::incident(key), key.address))
}

impl StoredIncident {
    /// Notes that the message of this number, or a digest, reported the incident.
    pub(super) fn mark(&mut self, reported: Reported, number: u32, digest: Option<&str>, now: DateTime<Utc>) {
        // Truncated, since records have whole seconds.
        self.published_at.get_or_insert(now.trunc_subsecs(0));
        self.updates = self.updates.max(number.saturating_sub(1));
        self.reported = Some(reported);
        self.digest = digest.map(str::to_owned).or(self.digest.take());
        // What came meanwhile is left to the next sweep, since its settlement left it to a digest.
        self.deferral = self.deferral.and(self.next_message()).map(|_| Deferral::Interrupted);
        self.lease = None;
        self.hidden_by.clear();
        self.held_by.clear();
    }

    /// Whether the message of this number was reported.
    fn is_reported(&self, number: u32) -> bool {
        self.published_at.is_some() && self.updates >= number.saturating_sub(1)
    }
}
