//! Recording facts.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};

use super::failure::{Unfinished, fail};
use super::gathering::Facts;
use super::{Pipeline, PipelineError, Runtime, Summary};
use crate::detection::tally::TallyKey;
use crate::detection::{Login, Tally};
use crate::notify::Notifier;
use crate::store::{Store, Version, Versioned, Write, record};

/// Facts that are recorded at the same time. They are different records, so they do not get into each other's way.
pub(super) const AT_ONCE: usize = 16;

/// How often a write is tried against others who write the same record. With the waits below, the last try comes after
/// some 20 seconds.
const TRIES: u32 = 16;

/// The longest wait after the first conflict; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// The longest wait of all.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Records facts. All are tried, whatever becomes of some.
    pub(super) async fn record(&self, facts: &Facts, summary: &mut Summary) -> Result<(), Unfinished> {
        let tallies = stream::iter(&facts.tallies).map(|(key, tally)| {
            let recorded = async move {
                let mut summary = Summary::default();
                let result = self.record_tally(key, tally, &mut summary).await;
                (summary, result)
            };
            recorded.left_future()
        });
        let logins = stream::iter(&facts.logins).map(|login| {
            let recorded = async move {
                let mut summary = Summary::default();
                let result = self.record_login(login, &mut summary).await;
                (summary, result)
            };
            recorded.right_future()
        });
        let mut recorded = tallies.chain(logins).buffer_unordered(AT_ONCE);
        let mut result = Ok(());
        while let Some((of_one, ended)) = recorded.next().await {
            summary.add(of_one);
            result = result.and(ended);
        }
        result
    }

    async fn record_tally(&self, key: &TallyKey, tally: &Tally, summary: &mut Summary) -> Result<(), Unfinished> {
        let result = self.merge_tally(key, tally, summary).await;
        result.map_err(|error| fail(summary, &error, key.address, record::tally(key)))
    }

    async fn merge_tally(&self, key: &TallyKey, tally: &Tally, summary: &mut Summary) -> Result<(), PipelineError> {
        for attempt in 0..TRIES {
            let stored = self.store.tally(key).await?;
            let (mut merged, version) = match stored {
                Some(Versioned { value, version }) => (value, version),
                None => (Tally::default(), Version::NONE),
            };
            let found = merged.merge(tally);
            if !found.changed {
                summary.duplicates += found.duplicates;
                return Ok(());
            }
            match self.store.write_tally(key, &merged, version).await? {
                Write::Done => {
                    summary.duplicates += found.duplicates;
                    summary.writes += 1;
                    return Ok(());
                }
                Write::Conflict => {
                    summary.conflicts += 1;
                    self.runtime.wait_up_to(wait_after(attempt)).await;
                }
            }
        }
        Err(PipelineError::Contended(format!("{} of {}", record::tally(key), key.address)))
    }

    /// Records a login.
    pub(super) async fn record_login(&self, login: &Login, summary: &mut Summary) -> Result<(), Unfinished> {
        summary.logins += 1;
        match self.store.write_login(login).await {
            Ok(Write::Done) => summary.writes += 1,
            Ok(Write::Conflict) => summary.duplicates += 1,
            Err(error) => return Err(fail(summary, &error.into(), login.source_ip_address, record::login(login))),
        }
        Ok(())
    }
}

/// The longest wait after the conflict of this attempt, counted from zero.
fn wait_after(attempt: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST_WAIT)
}
