//! Takes the slots of messages in the ledger ([`crate::detection::ledger`]), and waits for them.
//!
//! All invocations write the one ledger, so each write is conditional, and a conflict is tried again. The ledger only
//! limits messages: if it is unreadable, they are sent without a limit.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::publish::{ATTEMPTS, POLL_INTERVAL};
use super::{Pipeline, PipelineError, Runtime, Summary};
use crate::detection::Address;
use crate::detection::ledger::Ledger;
use crate::detection::reporting::Deferral;
use crate::notify::Notifier;
use crate::store::{Store, StoreError, Versioned, WriteOutcome};

/// Attempts to change the ledger. With the waits they take some seconds, since the lease on publishing goes on.
const LEDGER_ATTEMPTS: u32 = 30;

/// The longest wait before the ledger is loaded again after a conflict.
pub(super) const LEDGER_INTERVAL: Duration = Duration::from_millis(200);

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Takes the slot of a message about `address`, and waits for it. An unreadable ledger limits nothing.
    pub(super) async fn take_slot(
        &self,
        address: Address,
        summary: &mut Summary,
    ) -> Result<Result<(), Deferral>, PipelineError> {
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
