//! What the deployment received: exports, sign-ins, logins, and the regions and accounts of the logins.
//!
//! A weekly message reports it, so that an export or a region that went silent is noticed. The numbers are kept in the
//! execution environment and added to the stored ones every 15 minutes at most, so they cost little. What an
//! environment did not store when it ends is lost: the numbers are lower bounds.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::slots::LEDGER_INTERVAL;
use super::{Deadline, Pipeline, PipelineError, Runtime, Summary};
use crate::detection::tuning::Entry;
use crate::notify::{Alive, Notifier, alive_message};
use crate::store::{Activity, Store, Versioned, WriteOutcome};

/// How long numbers are kept in the execution environment.
const KEPT: TimeDelta = TimeDelta::minutes(15);

/// The time between two weekly messages.
const WEEK: TimeDelta = TimeDelta::days(7);

/// Attempts to add the numbers to the stored ones. After that they are added later.
const ATTEMPTS: u32 = 10;

/// The numbers that an execution environment has not stored yet.
#[derive(Debug, Default)]
pub struct ActivityLog {
    is_off: bool,
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    activity: Activity,
    stored_at: Option<DateTime<Utc>>,
}

impl ActivityLog {
    /// A log that keeps nothing, for a pipeline that is no deployment.
    #[must_use]
    pub fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what an invocation received. Returns all that is pending, if it is time to store it.
    fn add(&self, summary: &Summary, now: DateTime<Utc>) -> Option<Activity> {
        let pending = &mut *self.pending();
        pending.activity.add(&Activity {
            since: Some(now.trunc_subsecs(0)),
            exports: summary.exports,
            sign_ins: summary.kinds.sign_ins,
            logins: summary.logins,
            incidents: summary.incidents,
            last_export: (summary.exports > 0).then(|| now.trunc_subsecs(0)),
            last_login: summary.newest_login.map(|time| time.trunc_subsecs(0)),
            regions: summary.regions.clone(),
            accounts: summary.accounts.clone(),
        });
        let is_due = pending.stored_at.is_none_or(|stored_at| now - stored_at >= KEPT);
        let is_empty = Activity { since: None, ..pending.activity.clone() } == Activity::default();
        (is_due && !is_empty).then(|| {
            pending.stored_at = Some(now);
            std::mem::take(&mut pending.activity)
        })
    }
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Keeps what an invocation received, until the deadline. An error loses no fact, so it only delays the numbers.
    pub(super) async fn keep_activity(&self, deadline: Deadline, summary: &mut Summary) {
        if self.activity.is_off {
            return;
        }
        let Some(pending) = self.activity.add(summary, self.runtime.now()) else { return };
        if deadline.has_passed(self.runtime.now()) {
            self.activity.pending().activity.add(&pending);
            return;
        }
        deadline.run(self.store_activity(&pending, summary), &self.runtime).await;
    }

    async fn store_activity(&self, pending: &Activity, summary: &mut Summary) {
        let added = self.change_activity(|stored| stored.add(pending), summary).await;
        if let Err(error) = added {
            tracing::warn!(code = error.code(), "the numbers of the weekly message are stored later: {error}");
            self.activity.pending().activity.add(pending);
        }
    }

    async fn change_activity(
        &self,
        change: impl Fn(&mut Activity),
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        for _ in 0..ATTEMPTS {
            let Versioned { mut value, version } = self.store.load_activity().await?;
            change(&mut value);
            if self.store.write_activity(&value, version).await? == WriteOutcome::Done {
                return Ok(());
            }
            summary.conflicts += 1;
            self.runtime.wait_up_to(LEDGER_INTERVAL).await;
        }
        Err(PipelineError::Contended("the numbers of the weekly message".to_owned()))
    }

    /// Sends the weekly message if it is due, and begins the next week. The week of a new deployment begins with its
    /// first sweep.
    pub(super) async fn send_alive(&self, now: DateTime<Utc>, summary: &mut Summary) -> Result<(), PipelineError> {
        if self.activity.is_off {
            return Ok(());
        }
        let activity = self.store.load_activity().await?.value;
        let Some(since) = activity.since else {
            return self.change_activity(|activity| activity.since = activity.since.or(Some(now)), summary).await;
        };
        if now - since < WEEK {
            return Ok(());
        }
        let heard = |names: &BTreeMap<String, DateTime<Utc>>| {
            names.iter().filter(|(_, last)| since <= **last).map(|(name, _)| name.clone()).collect()
        };
        let ends = |entry: &Entry| Some((entry.id.clone(), entry.period.expires_at?));
        let tuning = self.tuning(summary).await;
        let ending = tuning.entries().filter_map(ends).filter(|(_, end)| (now..now + WEEK).contains(end));
        let alive = Alive {
            since,
            until: now,
            exports: activity.exports,
            sign_ins: activity.sign_ins,
            logins: activity.logins,
            regions: heard(&activity.regions),
            accounts: heard(&activity.accounts),
            silent: silent(&activity, since),
            last_export: activity.last_export,
            last_login: activity.last_login,
            incidents: Some(activity.incidents),
            subscribers: summary.confirmed_subscribers,
            ending: ending.collect(),
        };
        self.take_second(summary).await?;
        self.notifier.publish(&alive_message(&alive, now, &self.deployment)).await?;
        self.change_activity(|activity| activity.begin(now), summary).await
    }
}

/// The regions and accounts that were not heard since `since`, the longest silence first.
fn silent(activity: &Activity, since: DateTime<Utc>) -> Vec<(String, DateTime<Utc>)> {
    let all = activity.regions.iter().chain(&activity.accounts);
    let mut silent: Vec<_> = all.filter(|(_, last)| **last < since).map(|(name, last)| (name.clone(), *last)).collect();
    silent.sort_by_key(|(_, last)| *last);
    silent
}
