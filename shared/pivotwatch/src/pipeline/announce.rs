//! Announces tuning entries on the topic of the incidents: each that is new, and each end.
//!
//! What was announced is stored like an incident: with a lease first, then published, then marked. So concurrent
//! invocations announce an entry once, and one that dies leaves a lease that expires. An announcement that fails does
//! not keep an incident from being settled; it is tried again when the entries are read again.

use std::collections::BTreeMap;

use chrono::SubsecRound;

use super::settle::LEASE;
use super::summary::count;
use super::{Pipeline, PipelineError, Runtime, Summary};
use crate::detection::Tuning;
use crate::detection::tuning::{News, news};
use crate::notify::{Notifier, announcement};
use crate::store::{
    Announcement, Lease, Loaded, Store, StoreError, UnreadableRecord, Version, Versioned, WriteOutcome,
};

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Announces the news about the entries, given what was announced before.
    pub(super) async fn announce(
        &self,
        announced: Result<Loaded<Vec<Versioned<Announcement>>>, StoreError>,
        tuning: &Tuning,
        summary: &mut Summary,
    ) {
        let result = match announced {
            Ok(announced) => self.announce_all(announced, tuning, summary).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = result {
            count(&mut summary.failed, error.code());
            tracing::error!(code = error.code(), "the tuning entries could not be announced: {error}");
        }
    }

    async fn announce_all(
        &self,
        announced: Loaded<Vec<Versioned<Announcement>>>,
        tuning: &Tuning,
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
        let news = news(tuning, &known, self.runtime.now());
        let mut stored: BTreeMap<_, _> = stored.into_iter().map(|stored| (stored.value.id.clone(), stored)).collect();
        let mut result = Ok(());
        for news in news {
            let (before, version) = match stored.remove(&news.id) {
                Some(stored) => (stored.value, stored.version),
                None => (Announcement { id: news.id.clone(), announced: None, lease: None }, Version::NONE),
            };
            result = result.and(self.announce_one(news, before, version, summary).await);
        }
        result
    }

    async fn announce_one(
        &self,
        news: News,
        before: Announcement,
        version: Version,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let now = self.runtime.now();
        if before.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return Ok(());
        }
        let lease = Lease { owner: format!("{:016x}", self.runtime.random()), until: (now + LEASE).trunc_subsecs(0) };
        let leased = Announcement { lease: Some(lease), ..before };
        if self.store.write_announcement(&leased, version).await? == WriteOutcome::Conflict {
            // Another invocation announces it.
            return Ok(());
        }
        self.notifier.publish(&announcement(&news)).await?;
        summary.announcements += 1;
        let marked = Announcement { announced: Some(news.announced), lease: None, ..leased };
        self.store.write_announcement(&marked, version.next()).await?;
        Ok(())
    }
}
