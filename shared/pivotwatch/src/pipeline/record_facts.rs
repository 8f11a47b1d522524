//! Records facts: writes logins, and merges tallies into the stored ones.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};

use super::fact_collector::Chunk;
use super::unfinished::{Unfinished, fail};
use super::{Pipeline, PipelineError, Runtime, Summary};
use crate::detection::tally::TallyKey;
use crate::detection::{Login, Tally};
use crate::notify::Notifier;
use crate::store::activity::hear;
use crate::store::{Store, Version, Versioned, WriteOutcome, record_name};

/// Facts that are recorded, or addresses that are settled, at the same time. They are different records, so they do not
/// conflict.
pub(super) const CONCURRENCY: usize = 16;

/// Attempts to write a record while others write it. With the waits below, the last attempt starts after some 20
/// seconds.
const ATTEMPTS: u32 = 16;

/// The longest wait after the first conflict. It doubles with each further conflict.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// The upper bound of all waits.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Records the facts of a chunk. An error of one does not keep the others from being recorded.
    ///
    /// A failure is recorded for its address first, and then for its network. If the first write fails, the second is
    /// not made. So whoever sees it in the network's tally sees it in the address's too, and knows whether an incident
    /// of the address holds a login.
    pub(super) async fn record(&self, chunk: &Chunk, summary: &mut Summary) -> Result<(), Unfinished> {
        let (of_networks, of_addresses): (Vec<_>, Vec<_>) =
            chunk.tallies.iter().partition(|(key, _)| key.address.is_network());
        let (mut result, mut incomplete) = (Ok(()), BTreeSet::new());
        for tallies in [of_addresses, of_networks] {
            let complete = tallies.into_iter().filter(|(key, _)| !incomplete.contains(&key.address));
            let recorded = stream::iter(complete.collect::<Vec<_>>()).map(|(key, tally)| async move {
                let mut summary = Summary::default();
                let result = self.record_tally(key, tally, &mut summary).await;
                (key, summary, result)
            });
            let recorded = recorded.buffer_unordered(CONCURRENCY).map(|(key, summary, result)| {
                incomplete.extend(self.rule.ipv6_network.of(key.address).filter(|_| result.is_err()));
                (summary, result)
            });
            result = result.and(gather(recorded, summary).await);
        }
        let recorded = stream::iter(&chunk.logins).map(|login| async move {
            let mut summary = Summary::default();
            let result = self.record_login(login, &mut summary).await;
            (summary, result)
        });
        result.and(gather(recorded.buffer_unordered(CONCURRENCY), summary).await)
    }

    async fn record_tally(&self, key: &TallyKey, tally: &Tally, summary: &mut Summary) -> Result<(), Unfinished> {
        let result = self.merge_tally(key, tally, summary).await;
        result.map_err(|error| fail(summary, &error, key.address, record_name::tally(key)))
    }

    async fn merge_tally(&self, key: &TallyKey, tally: &Tally, summary: &mut Summary) -> Result<(), PipelineError> {
        for attempt in 0..ATTEMPTS {
            let stored = self.store.load_tally(key).await?;
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
                WriteOutcome::Done => {
                    summary.duplicates += found.duplicates;
                    summary.writes += 1;
                    return Ok(());
                }
                WriteOutcome::Conflict => {
                    summary.conflicts += 1;
                    self.runtime.wait_up_to(wait_after(attempt)).await;
                }
            }
        }
        Err(PipelineError::Contended(format!("{} of {}", record_name::tally(key), key.address)))
    }

    /// Records a login for its address, and for its network.
    async fn record_login(&self, login: &Login, summary: &mut Summary) -> Result<(), Unfinished> {
        summary.logins += 1;
        hear(&mut summary.regions, &[(login.aws_region.clone(), login.time)].into());
        hear(&mut summary.accounts, &[(login.account_id().to_owned(), login.time)].into());
        let mut is_new = false;
        for address in self.rule.counted_by(login.source_ip_address) {
            match self.store.write_login(address, login).await {
                Ok(WriteOutcome::Done) => {
                    summary.writes += 1;
                    is_new = true;
                }
                Ok(WriteOutcome::Conflict) => {}
                Err(error) => return Err(fail(summary, &error.into(), address, record_name::login(login))),
            }
        }
        summary.duplicates += u64::from(!is_new);
        Ok(())
    }
}

/// Adds the counts of concurrent work to `summary`, and returns its first error.
pub(super) async fn gather(
    work: impl Stream<Item = (Summary, Result<(), Unfinished>)>,
    summary: &mut Summary,
) -> Result<(), Unfinished> {
    let mut work = pin!(work);
    let mut result = Ok(());
    while let Some((of_one, ended)) = work.next().await {
        summary.add(of_one);
        result = result.and(ended);
    }
    result
}

/// The longest wait after a conflict in this attempt, counted from zero.
fn wait_after(attempt: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt)).min(LONGEST_WAIT)
}
