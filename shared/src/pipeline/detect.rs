//! What `detect` does with an event.

use serde_json::Value;

use super::gathering::{count_unusable, horizon, see_login};
use super::{Pipeline, PipelineError, Surroundings};
use crate::aws::{self, Reading};
use crate::notify::Notifier;
use crate::store::Store;
use crate::telemetry::{Summary, count};

impl<S: Store, N: Notifier, W: Surroundings> Pipeline<S, N, W> {
    /// Records the login that an event tells of, and settles its address. An event that tells of none is acknowledged:
    /// it would tell of none the next time either.
    ///
    /// # Errors
    /// [`PipelineError`] when the event must be delivered again.
    pub async fn detect(&self, event: &Value) -> (Summary, Result<(), PipelineError>) {
        let mut summary = Summary::default();
        let Some(record) = aws::record_of(event) else {
            summary.unrecognised += 1;
            let shown: String = event.to_string().chars().take(500).collect();
            tracing::warn!(code = "event.unrecognised", event = shown, "no CloudTrail record in the event");
            return (summary, Ok(()));
        };
        let login = match aws::read(record) {
            Reading::Login(login) => login,
            Reading::Unusable(reason) => {
                count_unusable(&mut summary, reason);
                return (summary, Ok(()));
            }
        };
        see_login(&mut summary, login.time, horizon(self.surroundings.now()));
        let result = match self.record_login(&login, &mut summary).await {
            Ok(()) => self.settle(login.source_ip_address, login.day()..=login.day(), &mut summary).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            count(&mut summary.failed, error.code());
            tracing::error!(code = error.code(), event_id = login.event_id, "{error}");
        }
        (summary, result)
    }
}
