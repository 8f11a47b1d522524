//! What `detect` does with an event.

use serde_json::Value;

use super::failure::fail;
use super::gathering::count_unusable;
use super::{Pipeline, Surroundings, Unfinished};
use crate::aws::{self, Reading};
use crate::notify::Notifier;
use crate::store::{Store, record};
use crate::telemetry::Summary;

impl<S: Store, N: Notifier, W: Surroundings> Pipeline<S, N, W> {
    /// Records the login that an event tells of, and settles its address. An event that tells of none is acknowledged:
    /// it would tell of none the next time either.
    ///
    /// # Errors
    /// [`Unfinished`] when the event must be delivered again.
    pub async fn detect(&self, event: &Value) -> (Summary, Result<(), Unfinished>) {
        let mut summary = Summary::default();
        let Some(event_record) = aws::record_of(event) else {
            summary.unrecognised += 1;
            let shown: String = event.to_string().chars().take(500).collect();
            tracing::warn!(code = "event.unrecognised", event = shown, "no CloudTrail record in the event");
            return (summary, Ok(()));
        };
        let login = match aws::read(event_record) {
            Reading::Login(login) => login,
            Reading::Unusable(reason) => {
                count_unusable(&mut summary, reason);
                return (summary, Ok(()));
            }
        };
        summary.newest_login = Some(login.time);
        let address = login.source_ip_address;
        let done = match self.record_login(&login, &mut summary).await {
            Ok(()) => self.settle(address, login.day()..=login.day(), &mut summary).await,
            Err(error) => Err(error),
        };
        let result = done.map_err(|error| fail(&mut summary, &error, address, record::login(&login)));
        (summary, result)
    }
}
