//! Settles what tuning entries hid, after the entries changed.
//!
//! An incident that an entry hid may not be hidden any more once the entry is removed, changed, or gone. No further
//! fact of its address has to come. So the announcement of the change also schedules the settlement of the incidents of
//! the last 24 hours.
//!
//! One settlement is not enough. Another invocation can still hide an incident by its copy of the entries. The index
//! that lists the incidents can lag, and a settlement can fail. So the incidents are settled several times. That is
//! idempotent, since a published incident is not published again.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::record_facts::CONCURRENCY;
use super::settle::{Scope, report_unreadable};
use super::unfinished::{Unfinished, fail};
use super::{Pipeline, PipelineError, Runtime, Summary};
use crate::detection::tuning::Effect;
use crate::detection::{Address, Day, Tuning};
use crate::notify::Notifier;
use crate::store::{Announcement, Resettlement, Store, StoreError, StoredIncident, Versioned, WriteOutcome};

/// The age of the oldest logins whose incidents are settled, when an entry changes.
pub const LOOK_BACK: TimeDelta = TimeDelta::hours(24);

/// When the incidents are settled, after the change was announced. First at once. Then when no copy of the earlier
/// entries is in use, which takes a minute. Then when the same holds after an outage of the table, which takes 15
/// minutes and the longest invocation. And once more, in case the others failed.
const AFTER: [TimeDelta; 4] = [TimeDelta::zero(), TimeDelta::minutes(2), TimeDelta::minutes(30), TimeDelta::hours(6)];

impl Resettlement {
    /// The first one after a change that was announced `now`.
    pub(super) fn of_change(now: DateTime<Utc>) -> Self {
        let now = now.trunc_subsecs(0);
        Self { changed_at: now, settle_at: now }
    }

    /// The next one, `None` after the last.
    fn after(self, now: DateTime<Utc>) -> Option<Self> {
        let next = AFTER.into_iter().map(|after| self.changed_at + after).find(|time| *time > now)?;
        Some(Self { settle_at: next, ..self })
    }
}

/// The changes of entries whose incidents are settled.
struct Changes<'a> {
    tuning: &'a Tuning,
    /// The ids of the entries.
    entries: BTreeSet<&'a str>,
    /// The first moment of the logins whose incidents are settled.
    since: DateTime<Utc>,
}

impl<'a> Changes<'a> {
    fn of(due: &'a [Versioned<Announcement>], tuning: &'a Tuning) -> Option<Self> {
        let entries = due.iter().map(|due| &*due.value.id).collect();
        // `pivotwatch tuning remove` reports which incidents are mailed, by the time of the removal.
        let changed_at = |due: &Announcement| {
            let announced_at = due.resettlement?.changed_at;
            let removed_at = tuning.get(&due.id).and_then(|entry| entry.removed_at);
            Some(removed_at.map_or(announced_at, |at| at.clamp(announced_at - LOOK_BACK, announced_at)))
        };
        let since = due.iter().filter_map(|due| changed_at(&due.value)).min()? - LOOK_BACK;
        Some(Self { tuning, entries, since })
    }

    /// Whether one of the changes can be why an unpublished incident is not hidden any more. Also a new threshold can
    /// be, since it replaces one of a wider network. An incident that nothing hides is one that an earlier settlement
    /// could not publish.
    fn concern(&self, stored: &StoredIncident) -> bool {
        let address = stored.incident.columns.source_ip_address;
        let has_threshold = |id: &&str| {
            let entry = self.tuning.get(id).filter(|entry| matches!(entry.effect, Effect::Threshold { .. }));
            entry.is_some_and(|entry| entry.networks().contain(address))
        };
        stored.hidden_by.is_empty()
            || stored.hidden_by.iter().any(|id| self.entries.contains(&**id))
            || self.entries.iter().any(has_threshold)
    }

    /// The days of the incidents. Clocks differ, so that a login can be of the next day.
    fn days(&self, now: DateTime<Utc>) -> impl Iterator<Item = Day> {
        let last = Day::of(now).after(1);
        (0..).map_while(move |later| Some(Day::of(self.since).after(later)).filter(|day| *day <= last))
    }
}

/// Unpublished incidents of an address and a day.
struct Unpublished {
    address: Address,
    day: Day,
    ids: BTreeSet<Uuid>,
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Settles what the entries of these announcements hid, if that is due.
    pub(super) async fn resettle(
        &self,
        announcements: impl IntoIterator<Item = Versioned<Announcement>>,
        tuning: &Tuning,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let now = self.runtime.now();
        let mut due = Vec::new();
        for Versioned { value, version } in announcements {
            if value.resettlement.is_none_or(|at| at.settle_at > now) || value.is_leased(now) {
                continue;
            }
            let leased = Announcement { lease: Some(self.announcement_lease()), ..value };
            // After a conflict another invocation settles them.
            if self.store.write_announcement(&leased, version).await? == WriteOutcome::Done {
                due.push(Versioned { value: leased, version: version.next() });
            }
        }
        let Some(changes) = Changes::of(&due, tuning) else { return Ok(()) };
        let result = self.settle_changes(&changes, request_id, summary).await;
        for Versioned { value, version } in &due {
            let resettlement = value.resettlement.and_then(|at| at.after(now));
            let settled = Announcement { lease: None, resettlement, ..value.clone() };
            self.store.write_announcement(&settled, *version).await?;
        }
        result
    }

    /// Settles the incidents that the changes concern. Their errors are counted, and do not affect others.
    async fn settle_changes(
        &self,
        changes: &Changes<'_>,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let mut groups = BTreeMap::<_, BTreeSet<Uuid>>::new();
        for day in changes.days(self.runtime.now()) {
            let listed = self.store.list_incidents(day).await?;
            for key in listed.into_iter().filter(|listed| !listed.is_published).map(|listed| listed.key) {
                groups.entry((key.address, day)).or_default().insert(key.id);
            }
        }
        let settled = stream::iter(groups).map(|((address, day), ids)| async move {
            let mut summary = Summary::default();
            // The error is counted, and the incidents are settled again later.
            let unpublished = Unpublished { address, day, ids };
            let _ = self.settle_hidden(unpublished, changes, request_id, &mut summary).await;
            summary
        });
        let mut settled = pin!(settled.buffer_unordered(CONCURRENCY));
        while let Some(of_one) = settled.next().await {
            summary.add(of_one);
        }
        Ok(())
    }

    /// Settles the recent logins of an address and day, if the changes concern one of these incidents.
    async fn settle_hidden(
        &self,
        unpublished: Unpublished,
        changes: &Changes<'_>,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let Unpublished { address, day, ids } = unpublished;
        let failed = |error: StoreError, summary: &mut Summary| {
            fail(summary, &error.into(), address, format_args!("{day}#incident#"))
        };
        let stored = self.store.load_incidents(address, day, &ids).await.map_err(|error| failed(error, summary))?;
        report_unreadable(address, &stored.unreadable, summary);
        if !stored.records.values().any(|stored| changes.concern(&stored.value)) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = self.store.load_logins(address, day, after).await.map_err(|error| failed(error, summary))?;
            report_unreadable(address, &page.unreadable, summary);
            let logins = page.records.logins.iter().filter(|login| changes.since <= login.time).collect();
            let scope = Scope { address, failures: BTreeSet::new(), logins };
            self.settle(scope, request_id, summary).await?;
            after = page.records.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
