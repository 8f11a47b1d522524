//! Settling: what follows from the facts is stored, published once, and marked as published, in this order.
//!
//! An incident is stored together with a lease on publishing it. Whoever dies before it is published leaves a stored
//! incident that is not marked; the lease runs out, and the next to settle the address, which is at the latest the
//! repeated invocation of the one who died, publishes it. Whoever dies after publishing and before marking causes a
//! second message, the price of never losing one.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::TimeDelta;

use super::failure::{Unfinished, fail};
use super::{Pipeline, PipelineError, Surroundings};
use crate::detection::{Address, Day, Incident, Login, incidents};
use crate::notify::{Notifier, message};
use crate::store::{IncidentKey, Known, Lease, Store, StoreError, StoredIncident, Version, Versioned, Write, record};
use crate::telemetry::Summary;

/// How long others leave publishing to whoever stored the incident: longer than the clients try to reach SNS.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// The longest wait before looking again whether somebody else has published.
const WAIT: Duration = Duration::from_secs(1);

/// How often an incident is looked at before giving up. Each look waits for half a [`WAIT`] on average, so that several
/// leases run out before.
const LOOKS: u32 = 200;

impl<S: Store, N: Notifier, W: Surroundings> Pipeline<S, N, W> {
    /// Reads back everything known of an address around `days`, and settles the incidents that it is. That is one query,
    /// and a second, wider one when there is a login on a neighbouring day.
    pub(super) async fn settle(
        &self,
        address: Address,
        days: RangeInclusive<Day>,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let near = self.around(*days.start(), *days.end());
        let known = match self.known_around(address, &days).await {
            Ok(known) => known,
            Err(error) => {
                let (from, to) = record::range(*near.start(), *near.end());
                return Err(fail(summary, &error.into(), address, format_args!("{from} to {to}")));
            }
        };
        for (record, cause) in &known.unreadable {
            summary.unreadable += 1;
            tracing::error!(code = "store.unreadable", %address, record, cause, "a record was left out");
        }
        let mut result = Ok(());
        let found = incidents(&known.evidence, &self.rule);
        for found in found.into_iter().filter(|incident| near.contains(&incident.day)) {
            let stored = known.incidents.get(&found.id).cloned();
            // One incident that cannot be settled must not keep the others back.
            let key = IncidentKey::of(&found);
            let settled = self.settle_incident(found, stored, summary).await;
            result = result.and(settled.map_err(|error| fail(summary, &error, address, record::incident(&key))));
        }
        result
    }

    async fn known_around(&self, address: Address, days: &RangeInclusive<Day>) -> Result<Known, StoreError> {
        let near = self.around(*days.start(), *days.end());
        let known = self.store.known(address, near.clone()).await?;
        let is_beside = |login: &Login| !days.contains(&login.day());
        if known.evidence.logins.iter().any(is_beside) {
            // A failure of these days belongs to what is told of a login on a neighbouring day, whose other side has not
            // been read. Seen from here alone, it would come to what the order of arrival makes of it.
            return self.store.known(address, self.around(*near.start(), *near.end())).await;
        }
        Ok(known)
    }

    async fn settle_incident(
        &self,
        found: Incident,
        mut stored: Option<Versioned<StoredIncident>>,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let key = IncidentKey::of(&found);
        let owner = format!("{:016x}", self.surroundings.random());
        for _ in 0..LOOKS {
            let version = stored.as_ref().map_or(Version::NONE, |stored| stored.version);
            let before = stored.map(|stored| stored.value);
            let mut joined = match &before {
                Some(before) => before.clone(),
                None => StoredIncident { incident: found.clone(), published_at: None, lease: None },
            };
            joined.incident.join(found.clone());

            let now = self.surroundings.now();
            if joined.published_at.is_some() {
                if before.as_ref() == Some(&joined) {
                    return Ok(());
                }
            } else if joined.lease.as_ref().is_some_and(|lease| lease.owner != owner && lease.until > now) {
                self.surroundings.wait_up_to(WAIT).await;
                stored = self.store.incident(&key).await?;
                continue;
            } else {
                joined.lease = Some(Lease { owner: owner.clone(), until: now + LEASE });
            }

            match self.store.write_incident(&joined, version).await? {
                Write::Done => {
                    summary.writes += 1;
                    summary.incidents += u64::from(version == Version::NONE);
                    if joined.published_at.is_some() {
                        return Ok(());
                    }
                    return self.publish(key, Versioned { value: joined, version: version.next() }, summary).await;
                }
                Write::Conflict => {
                    summary.conflicts += 1;
                    stored = self.store.incident(&key).await?;
                }
            }
        }
        Err(PipelineError::Contended(format!("{}#incident#{} of {}", key.day, key.id, key.address)))
    }

    /// Publishes an incident that is stored with our lease, and marks it.
    async fn publish(
        &self,
        key: IncidentKey,
        mut stored: Versioned<StoredIncident>,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let message = message(&stored.value.incident, &self.rule, &self.table);
        if let Err(error) = self.notifier.publish(&message).await {
            // Gives the lease back, so that whoever tries again need not wait for it. Failing that it runs out.
            stored.value.lease = None;
            let _ = self.store.write_incident(&stored.value, stored.version).await;
            return Err(error.into());
        }
        summary.publishes += 1;
        for _ in 0..LOOKS {
            stored.value.published_at = Some(self.surroundings.now());
            stored.value.lease = None;
            if self.store.write_incident(&stored.value, stored.version).await? == Write::Done {
                summary.writes += 1;
                return Ok(());
            }
            summary.conflicts += 1;
            match self.store.incident(&key).await? {
                Some(current) if current.value.published_at.is_some() => return Ok(()),
                Some(current) => stored = current,
                // Somebody deleted it; it is theirs to know why.
                None => return Ok(()),
            }
        }
        Err(PipelineError::Contended(format!("{}#incident#{} of {}", key.day, key.id, key.address)))
    }
}
