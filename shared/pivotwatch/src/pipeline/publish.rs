//! Publishes an incident, or an update of it, and marks it.
//!
//! A message takes a slot of the ledger first ([`super::slots`]). A message without a slot is left to the
//! next digest, which is noted in the incident. A slot whose invocation dies is lost; the incident's lease expires
//! then, and the next sweep reports it.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

use super::{Pipeline, PipelineError, Runtime, Summary, count};
use crate::detection::failure_index::FailureIndex;
use crate::detection::reporting::{Deferral, NextMessage, Reported};
use crate::detection::{Incident, IncidentReport};
use crate::notify::{Message, Notifier, PublishError, Update, incident_message};
use crate::store::{IncidentKey, Store, StoredIncident, Versioned, WriteOutcome, record_name};

/// The longest wait before an incident under another invocation's lease is loaded again.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Attempts to store or mark an incident. A wait takes half a [`POLL_INTERVAL`] on average, so several leases expire
/// before the last attempt.
pub(super) const ATTEMPTS: u32 = 200;

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
