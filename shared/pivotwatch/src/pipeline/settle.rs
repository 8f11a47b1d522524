//! Settles addresses: stores the incidents that follow from their facts, publishes them, and marks them as published.
//!
//! An incident is stored together with a lease on publishing it. An invocation that dies before it publishes leaves a
//! stored incident that is not marked. The lease expires, and the next invocation that settles the incident publishes
//! it. At the latest this is the repetition of the invocation that died, or else a sweep. An invocation that dies
//! between publishing and marking causes a second message, which is the price of never losing one. Updates are
//! published alike.
//!
//! An incident that tuning entries hide is stored without a lease, and not published. Whether it is hidden is decided
//! from all its logins and the current entries whenever it is settled, until it is published. The same holds for an
//! incident of a network whose logins are held by incidents of addresses that are mailed.
//!
//! Values that are derived from tallies (signals, severity) can be outdated when they are written. Another invocation
//! may have recorded a failure meanwhile, and found the old incident unchanged. An invocation that wrote an incident
//! therefore loads the tallies again, and settles again if they changed. docs/DESIGN.md has the proof.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::judge::{IncidentsOfDay, judge};
use super::publish::{ATTEMPTS, POLL_INTERVAL, contended};
use super::unfinished::{Unfinished, fail};
use super::{Pipeline, PipelineError, Runtime, Summary, count};
use crate::detection::failure_index::FailureIndex;
use crate::detection::judgement::IncidentJudgements;
use crate::detection::reporting::ReportingPolicy;
use crate::detection::tuning::TunedIndex;
use crate::detection::{Address, Day, Incident, IncidentReport, Login, Tallies, Tuning};
use crate::notify::Notifier;
use crate::store::{
    IncidentKey, Lease, Loaded, Store, StoreError, StoredIncident, UnreadableRecord, Version, Versioned, WriteOutcome,
    record_name,
};

/// How long an invocation holds the lease on publishing. A slot of the ledger and a request to SNS, with all attempts,
/// take less.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How often an address is settled again because its tallies changed meanwhile.
const ROUNDS: u32 = 20;

/// Days with new failures that are settled together, so that the tallies in memory are bounded.
const DAYS_AT_ONCE: usize = 7;

/// Incidents of an address that are settled together, so that memory is bounded for any number of logins.
const INCIDENTS_AT_ONCE: usize = 500;

/// The facts of an address that require to settle it.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a> {
    pub(super) address: Address,
    /// Days with new failures. A new failure can concern every login of the days around, so those are loaded.
    pub(super) failures: BTreeSet<Day>,
    /// New logins. A new login concerns its own incident only.
    pub(super) logins: Vec<&'a Login>,
}

/// One settlement of an address: what its incidents are found and judged by.
struct Settlement<'a> {
    address: Address,
    /// The invocation's id, a part of the owner of its leases.
    request_id: &'a str,
    /// The failures under the rule.
    index: &'a FailureIndex<'a>,
    /// The failures under the tuned rule, if entries apply to the address.
    tuned: Option<&'a TunedIndex<'a>>,
    /// All entries.
    tuning: &'a Tuning,
    /// The new logins. Their records can be missing, if the store failed.
    logins: &'a [&'a Login],
}

/// What keeps an incident from being mailed, if anything.
struct Withheld {
    hidden_by: BTreeSet<String>,
    held_by: BTreeSet<Uuid>,
}

impl Withheld {
    fn of(judged: &IncidentJudgements, incident: Uuid) -> Self {
        Self { hidden_by: judged.hidden_by(incident), held_by: judged.held_by(incident) }
    }

    /// Decides whether the next message of the stored incident is published now, which needs the lease, is left to a
    /// digest, or is withheld.
    fn decide(&self, joined: &mut StoredIncident, lease: Lease, policy: ReportingPolicy, now: DateTime<Utc>) -> bool {
        joined.lease = None;
        if !self.hidden_by.is_empty() || !self.held_by.is_empty() {
            if joined.published_at.is_none() {
                joined.hidden_by.clone_from(&self.hidden_by);
                joined.held_by.clone_from(&self.held_by);
            }
            joined.deferral = None;
            return false;
        }
        joined.hidden_by.clear();
        joined.held_by.clear();
        joined.deferral = joined.deferral.or_else(|| policy.deferral(&joined.incident, now));
        if joined.deferral.is_none() {
            joined.lease = Some(lease);
        }
        joined.lease.is_some()
    }
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Settles the incidents that new facts concern. The facts must be recorded already. `request_id` is the
    /// invocation's, and becomes a part of the owner of its leases.
    ///
    /// # Errors
    /// [`Unfinished`] when the event must be delivered again.
    pub(super) async fn settle(
        &self,
        scope: Scope<'_>,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let Scope { address, failures, logins } = scope;
        let mut result = Ok(());
        if !logins.is_empty() {
            let scope = Scope { address, failures: BTreeSet::new(), logins };
            result = self.settle_until_current(&scope, request_id, summary).await;
        }
        let failures: Vec<_> = failures.into_iter().collect();
        for days in failures.chunks(DAYS_AT_ONCE) {
            let scope = Scope { address, failures: days.iter().copied().collect(), logins: Vec::new() };
            result = result.and(self.settle_until_current(&scope, request_id, summary).await);
        }
        result
    }

    async fn settle_until_current(
        &self,
        scope: &Scope<'_>,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let days_of_incidents = self.rule.days_around(&scope.failures);
        let days_of_logins = scope.logins.iter().map(|login| login.day());
        let days = self.rule.days_around(&days_of_incidents.iter().copied().chain(days_of_logins).collect());
        let mut found = self.load_tallies(scope.address, &days, summary).await?;
        // Reported once, since every round loads the same records again.
        report_unreadable(scope.address, &found.unreadable, summary);
        for _ in 0..ROUNDS {
            let writes = summary.writes;
            // Boxed, so that the many futures of `settle` stay small.
            Box::pin(self.settle_by(&found, scope, &days_of_incidents, request_id, summary)).await?;
            if summary.writes == writes {
                return Ok(());
            }
            let now = self.load_tallies(scope.address, &days, summary).await?.records;
            if now == found.records {
                return Ok(());
            }
            found.records = now;
        }
        let error = PipelineError::Contended(format!("the tallies of {}", scope.address));
        Err(fail(summary, &error, scope.address, "its tallies"))
    }

    async fn load_tallies(
        &self,
        address: Address,
        days: &BTreeSet<Day>,
        summary: &mut Summary,
    ) -> Result<Loaded<Tallies>, Unfinished> {
        let found = self.store.load_tallies(address, days).await;
        found.map_err(|error| fail(summary, &error.into(), address, "its tallies"))
    }

    /// The report of an incident, from the tallies that are stored now.
    ///
    /// # Errors
    /// [`StoreError`] when the tallies around the incident cannot be loaded.
    pub async fn report(&self, incident: Incident) -> Result<IncidentReport, StoreError> {
        let days = self.rule.days_around(&BTreeSet::from([incident.day]));
        let address = incident.columns.source_ip_address;
        let tallies = self.store.load_tallies(address, &days).await?.records;
        Ok(FailureIndex::of(&tallies, &self.rule, address).report(incident))
    }

    /// Settles once, with these tallies. Logins are loaded after the tallies. A login that is recorded later is settled
    /// by the invocation that recorded it, which sees the failures.
    async fn settle_by(
        &self,
        tallies: &Loaded<Tallies>,
        scope: &Scope<'_>,
        days_of_incidents: &BTreeSet<Day>,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let Scope { address, ref logins, .. } = *scope;
        let Loaded { records: tallies, unreadable } = tallies;
        let index = FailureIndex::of(tallies, &self.rule, address);
        if index.is_quiet() {
            return Ok(());
        }
        // Boxed, like the settlement, so that the futures of `settle` stay small.
        let tuning = Box::pin(self.tuning(summary)).await;
        // What cannot be read could be what the entries leave.
        let tuned = TunedIndex::of(tallies, &self.rule, &tuning, address).filter(|_| unreadable.is_empty());
        let (index, tuned, tuning) = (&index, tuned.as_ref(), &tuning);
        let settlement = Settlement { address, request_id, index, tuned, tuning, logins };
        let mut found = BTreeMap::new();
        index.matching(logins.iter().copied(), &mut found);
        let mut result = Ok(());
        for day in days_of_incidents {
            let mut after = None;
            loop {
                let page = match self.store.load_logins(address, *day, after).await {
                    Ok(page) => page,
                    Err(error) => {
                        let failed = fail(summary, &error.into(), address, format_args!("{day}#login#"));
                        result = result.and(Err(failed));
                        break;
                    }
                };
                report_unreadable(address, &page.unreadable, summary);
                index.matching(&page.records.logins, &mut found);
                if found.len() >= INCIDENTS_AT_ONCE {
                    let found = std::mem::take(&mut found);
                    result = result.and(self.settle_incidents(&settlement, found, summary).await);
                }
                after = page.records.next;
                if after.is_none() {
                    break;
                }
            }
        }
        result.and(self.settle_incidents(&settlement, found, summary).await)
    }

    /// Settles incidents. An error of one does not keep the others from being settled.
    async fn settle_incidents(
        &self,
        settlement: &Settlement<'_>,
        found: BTreeMap<Uuid, Incident>,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let address = settlement.address;
        let mut by_day = BTreeMap::<Day, Vec<Incident>>::new();
        for incident in found.into_values() {
            by_day.entry(incident.day).or_default().push(incident);
        }
        let mut result = Ok(());
        for (day, incidents) in by_day {
            let loaded = match self.stored_incidents(address, day, &incidents, summary).await {
                Ok(stored) => {
                    // Nothing is to be decided about an incident that needs no further message.
                    let needs_message = |incident: &&Incident| {
                        let stored = stored.get(&incident.id).map(|stored| stored.value.clone());
                        joined(stored, incident, settlement.index).next_message().is_some()
                    };
                    let undecided = incidents.iter().filter(needs_message).map(|incident| incident.id);
                    let judged = IncidentJudgements::of(undecided);
                    let judged = self.judged(settlement, day, judged, summary).await;
                    judged.map(|judged| (stored, judged))
                }
                Err(error) => Err(error),
            };
            let (mut stored, mut judged) = match loaded {
                Ok(loaded) => loaded,
                Err(error) => {
                    let failed = fail(summary, &error.into(), address, format_args!("{day}#incident#"));
                    result = result.and(Err(failed));
                    continue;
                }
            };
            for incident in incidents {
                let (key, stored) = (IncidentKey::of(&incident), stored.remove(&incident.id));
                let settled = self.settle_incident(settlement, incident, stored, &mut judged, summary).await;
                let settled = settled.map_err(|error| fail(summary, &error, address, record_name::incident(&key)));
                result = result.and(settled);
            }
        }
        result
    }

    /// The stored versions of `incidents`, all of one day. Gets the item of a single incident, and queries for several.
    async fn stored_incidents(
        &self,
        address: Address,
        day: Day,
        incidents: &[Incident],
        summary: &mut Summary,
    ) -> Result<BTreeMap<Uuid, Versioned<StoredIncident>>, StoreError> {
        if let [incident] = incidents {
            let stored = self.store.load_incident(&IncidentKey::of(incident)).await?;
            return Ok(stored.map(|stored| (incident.id, stored)).into_iter().collect());
        }
        let wanted = incidents.iter().map(|incident| incident.id).collect();
        let found = self.store.load_incidents(address, day, &wanted).await?;
        report_unreadable(address, &found.unreadable, summary);
        Ok(found.records)
    }

    /// The judgements of incidents, all of one day.
    async fn judged(
        &self,
        settlement: &Settlement<'_>,
        day: Day,
        judged: IncidentJudgements,
        summary: &mut Summary,
    ) -> Result<IncidentJudgements, StoreError> {
        let Settlement { address, index, tuned, tuning, logins, .. } = *settlement;
        let new: Vec<_> = logins.iter().copied().filter(|login| login.day() == day).collect();
        let of_day = IncidentsOfDay { address, day, new: &new };
        let Loaded { records, unreadable } = judge(&self.store, index, tuned, tuning, of_day, judged).await?;
        report_unreadable(address, &unreadable, summary);
        Ok(records)
    }

    /// Settles an incident. After a concurrent write it is judged again, since it can have another reason or further
    /// logins. So the last writer does not restore what an older judgement withheld.
    async fn settle_incident(
        &self,
        settlement: &Settlement<'_>,
        found: Incident,
        mut stored: Option<Versioned<StoredIncident>>,
        judged: &mut IncidentJudgements,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let key = IncidentKey::of(&found);
        // The request id alone would not do: a retry has the same id, and must not use the lease of the first
        // invocation.
        let owner = format!("{}/{:016x}", settlement.request_id, self.runtime.random());
        for _ in 0..ATTEMPTS {
            let version = stored.as_ref().map_or(Version::NONE, |stored| stored.version);
            let before = stored.map(|stored| stored.value);
            let mut joined = joined(before.clone(), &found, settlement.index);
            let now = self.runtime.now();
            let next = joined.next_message();
            if next.is_some() && joined.lease.as_ref().is_some_and(|lease| lease.owner != owner && lease.until > now) {
                self.runtime.wait_up_to(POLL_INTERVAL).await;
                judged.forget(found.id);
                stored = self.store.load_incident(&key).await?;
                continue;
            }
            if next.is_some() && !judged.have(found.id) {
                let this = IncidentJudgements::of([found.id]);
                judged.extend(self.judged(settlement, key.day, this, summary).await?);
            }
            let lease = Lease { owner: owner.clone(), until: now + LEASE };
            let withheld = Withheld::of(judged, found.id);
            let published = next.filter(|_| withheld.decide(&mut joined, lease, self.policy, now));
            if published.is_none() && before.as_ref() == Some(&joined) {
                return Ok(());
            }
            match self.store.write_incident(&joined, version).await? {
                WriteOutcome::Done => {
                    summary.writes += 1;
                    summary.incidents += u64::from(version == Version::NONE);
                    summary.hidden += u64::from(version == Version::NONE && !joined.hidden_by.is_empty());
                    let was_deferred = before.is_some_and(|before| before.deferral.is_some());
                    if let Some(deferral) = joined.deferral.filter(|_| !was_deferred) {
                        count(&mut summary.deferred, deferral.name());
                    }
                    let stored = Versioned { value: joined, version: version.next() };
                    return match published {
                        Some(next) => Box::pin(self.publish(settlement.index, stored, next, summary)).await,
                        None => Ok(()),
                    };
                }
                WriteOutcome::Conflict => {
                    summary.conflicts += 1;
                    judged.forget(found.id);
                    stored = self.store.load_incident(&key).await?;
                }
            }
        }
        Err(contended(&key))
    }
}

/// The stored incident, or a new one, with the facts that were found and the signals of all.
fn joined(stored: Option<StoredIncident>, found: &Incident, index: &FailureIndex<'_>) -> StoredIncident {
    let mut joined = stored.unwrap_or_else(|| StoredIncident::new(found.clone()));
    joined.incident.join(found.clone());
    joined.signals = index.signals(&joined.incident);
    joined
}

/// Counts and logs records that could not be parsed and were skipped.
pub(super) fn report_unreadable(address: Address, unreadable: &[UnreadableRecord], summary: &mut Summary) {
    for UnreadableRecord { record, cause } in unreadable {
        summary.unreadable += 1;
        tracing::error!(code = "store.unreadable", %address, record, cause, "a record was skipped");
    }
}
