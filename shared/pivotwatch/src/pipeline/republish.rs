//! Publishes an incident because a person asks for it. Neither limits nor tuning entries hold its message back.

use std::collections::BTreeSet;

use super::{Pipeline, PipelineError, Runtime, Summary};
use crate::detection::IncidentReport;
use crate::detection::reporting::{NextMessage, Reported};
use crate::notify::{Message, Notifier};
use crate::store::{IncidentKey, Store};

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Publishes the message that an incident needs next, or else its last one again, and marks the incident as
    /// reported. The message names the tuning entries that hide the incident. Returns the message, `None` if there is
    /// no such incident.
    ///
    /// # Errors
    /// [`PipelineError`] when the incident could not be loaded, published or marked.
    pub async fn republish(&self, key: &IncidentKey) -> Result<Option<Message>, PipelineError> {
        let Some(stored) = self.store.load_incident(key).await? else { return Ok(None) };
        let last = NextMessage { number: stored.value.updates + 1, reasons: BTreeSet::new() };
        let next = stored.value.next_message().unwrap_or(last);
        let report = self.report(stored.value.incident.clone()).await?;
        let report = IncidentReport { hidden_by: stored.value.hidden_by.clone(), ..report };
        let message = self.deliver(&report, &next).await?;
        self.mark(stored, Reported::of(report, self.runtime.now()), next.number, &mut Summary::default()).await?;
        Ok(Some(message))
    }
}
