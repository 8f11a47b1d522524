//! Announces tuning entries on the topic of the incidents: each that is new, and each end.
//!
//! What was announced is stored like an incident: with a lease first, then published, then marked. So concurrent
//! invocations announce an entry once, and one that dies leaves a lease that expires. An announcement that fails does
//! not keep an incident from being settled; it is tried again when the entries are read again.
//!
//! The mark also schedules the settlement of what the entry hid: see [`super::resettle`].

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};

use super::settle::LEASE;
use super::summary::count;
use super::{Invocation, Pipeline, PipelineError, Runtime, Summary};
use crate::detection::Tuning;
use crate::detection::tuning::{News, NewsKind, news};
use crate::notify::{Notifier, tuning_message};
use crate::store::{
    Announcement, Lease, Loaded, Resettlement, Store, StoreError, UnreadableRecord, Version, Versioned, WriteOutcome,
};

impl Announcement {
    /// Whether an invocation is working on it.
    pub(super) fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Announces the news about the tuning entries, until the deadline. What is not announced by then is announced by a
    /// later invocation, so the event need not be delivered again.
    pub(super) async fn announce_in(&self, invocation: Invocation<'_>, summary: &mut Summary) {
        let Invocation { request_id, deadline } = invocation;
        deadline.run(self.announce_tuning(request_id, summary), &self.runtime).await;
    }

    /// Announces the news about the entries, given what was announced before, and settles what they hid.
    pub(super) async fn announce(
        &self,
        announced: Result<Loaded<Vec<Versioned<Announcement>>>, StoreError>,
        tuning: &Tuning,
        request_id: &str,
        summary: &mut Summary,
    ) {
        let result = match announced {
            Ok(announced) => self.announce_all(announced, tuning, request_id, summary).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = result {
            count(&mut summary.failed, error.code());
            let code = error.code();
            tracing::error!(code, "an entry was not announced, or what it hid was not settled: {error}");
        }
    }

    async fn announce_all(
        &self,
        announced: Loaded<Vec<Versioned<Announcement>>>,
        tuning: &Tuning,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        for UnreadableRecord { record, cause } in announced.unreadable {
            summary.unreadable += 1;
            tracing::error!(code = "store.unreadable", record, cause, "an announcement was skipped");
        }
        let stored = announced.records;
        let known: BTreeMap<_, _> = stored
            .iter()
            .filter_map(|stored| Some((stored.value.id.clone(), stored.value.announced.clone()?)))
            .collect();
        let mut news = news(tuning, &known, self.runtime.now());
        let now = self.runtime.now();
        if !news.is_empty() && self.store.load_ledger().await.is_ok_and(|ledger| ledger.value.is_silent(now)) {
            // Nobody would receive them. They are news until somebody does.
            news.clear();
        }
        let mut stored: BTreeMap<_, _> = stored.into_iter().map(|stored| (stored.value.id.clone(), stored)).collect();
        let mut result = Ok(());
        for news in news {
            let id = news.id.clone();
            let none = || Announcement { id: id.clone(), announced: None, lease: None, resettlement: None };
            let before = stored.remove(&id).map(|stored| (stored.value, stored.version));
            let (before, version) = before.unwrap_or_else(|| (none(), Version::NONE));
            match self.announce_one(news, before, version, summary).await {
                Ok(marked) => stored.extend(marked.map(|marked| (id, marked))),
                Err(error) => result = result.and(Err(error)),
            }
        }
        result.and(self.resettle(stored.into_values(), tuning, request_id, summary).await)
    }

    /// The marked announcement, `None` if another invocation announces it.
    async fn announce_one(
        &self,
        news: News,
        before: Announcement,
        version: Version,
        summary: &mut Summary,
    ) -> Result<Option<Versioned<Announcement>>, PipelineError> {
        if before.is_leased(self.runtime.now()) {
            return Ok(None);
        }
        let leased = Announcement { lease: Some(self.announcement_lease()), ..before };
        if self.store.write_announcement(&leased, version).await? == WriteOutcome::Conflict {
            return Ok(None);
        }
        let now = self.take_second(summary).await?;
        self.notifier.publish(&tuning_message(&news, now, &self.deployment)).await?;
        summary.announcements += 1;
        let resettlement = match news.kind {
            // The end of its period changes nothing for what happened before.
            NewsKind::Expired => leased.resettlement,
            NewsKind::Added | NewsKind::Changed | NewsKind::Removed | NewsKind::Vanished => {
                Some(Resettlement::of_change(self.runtime.now()))
            }
        };
        let marked = Announcement { announced: Some(news.announced), lease: None, resettlement, ..leased };
        let outcome = self.store.write_announcement(&marked, version.next()).await?;
        let marked = Versioned { value: marked, version: version.next().next() };
        Ok((outcome == WriteOutcome::Done).then_some(marked))
    }

    /// A lease on an announcement, from now on.
    pub(super) fn announcement_lease(&self) -> Lease {
        let until = (self.runtime.now() + LEASE).trunc_subsecs(0);
        Lease { owner: format!("{:016x}", self.runtime.random()), until }
    }
}
