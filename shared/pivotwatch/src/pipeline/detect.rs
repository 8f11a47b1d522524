//! The handler of the function `detect`.

use serde_json::Value;

use super::fact_collector::{Chunk, add_networks};
use super::horizon::{count_login_time, horizon};
use super::unfinished::{Unfinished, fail};
use super::{Invocation, Pipeline, PipelineError, Runtime, Summary, count};
use crate::aws::{self, TrailOutcome};
use crate::detection::tally::TallyKey;
use crate::notify::Notifier;
use crate::store::{Store, record_name};

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// [`Self::detect_in`] outside Lambda.
    ///
    /// # Errors
    /// [`Unfinished`] when the event must be delivered again.
    pub async fn detect(&self, event: &Value) -> (Summary, Result<(), Unfinished>) {
        self.detect_in(Invocation::LOCAL, event).await
    }

    /// Records the login of an event, successful or not, and settles its address and its network. An event without a
    /// login is acknowledged, since a retry would not change it. The event `{"pivotwatch":"sweep"}` of the deployment's
    /// schedule is a sweep.
    ///
    /// # Errors
    /// [`Unfinished`] when the event must be delivered again.
    pub async fn detect_in(&self, invocation: Invocation<'_>, event: &Value) -> (Summary, Result<(), Unfinished>) {
        if event["pivotwatch"] == "sweep" {
            // Boxed, so that the future of `detect` stays small.
            return Box::pin(self.sweep_in(invocation)).await;
        }
        let Invocation { request_id, deadline } = invocation;
        let mut summary = Summary::default();
        let Some(trail_record) = aws::record_of(event) else {
            summary.unrecognised += 1;
            let shown: String = event.to_string().chars().take(500).collect();
            tracing::warn!(code = "event.unrecognised", event = shown, "no CloudTrail record in the event");
            return (summary, Ok(()));
        };
        let mut chunk = Chunk::default();
        let (address, record, time) = match aws::parse_record(trail_record) {
            TrailOutcome::Login(login) => {
                let named = (login.source_ip_address, record_name::login(&login), login.time);
                chunk.logins.push(*login);
                named
            }
            TrailOutcome::FailedLogin(failed) => {
                summary.failed_logins += 1;
                chunk.add_failed_login(&failed);
                add_networks(&mut chunk.tallies, &self.rule);
                (failed.source_ip_address, record_name::tally(&TallyKey::of_login(&failed)), failed.time)
            }
            TrailOutcome::Ignored(reason) => {
                count(&mut summary.ignored, reason.name());
                return (summary, Ok(()));
            }
            TrailOutcome::Rejected(reason) => {
                count(&mut summary.rejected, reason.name());
                return (summary, Ok(()));
            }
        };
        count_login_time(&mut summary, time, horizon(self.runtime.now()));
        let work = Box::pin(self.record_and_settle(&chunk, request_id, &mut summary));
        let finished = deadline.run(work, &self.runtime).await;
        let result = finished.unwrap_or_else(|| Err(fail(&mut summary, &PipelineError::OutOfTime, address, record)));
        // Last, since an incident is more urgent.
        self.announce_in(invocation, &mut summary).await;
        Box::pin(self.keep_activity(invocation.deadline, &mut summary)).await;
        (summary, result)
    }

    async fn record_and_settle(
        &self,
        chunk: &Chunk,
        request_id: &str,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        self.record(chunk, summary).await?;
        let mut result = Ok(());
        for scope in chunk.scopes(&self.rule) {
            result = result.and(self.settle(scope, request_id, summary).await);
        }
        result
    }
}
