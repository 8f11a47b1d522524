//! What `ingest` does with an event.

use serde_json::{Value, json};

use super::object::Settling;
use super::summary::count;
use super::{Invocation, ObjectFault, Pipeline, Runtime, Summary};
use crate::notify::Notifier;
use crate::objects::{Notification, ObjectAddress, Objects, notifications};
use crate::store::Store;

/// What became of an event.
#[derive(Debug, Default)]
pub struct Ingested {
    /// What was done.
    pub summary: Summary,
    /// Objects that have to be tried again, by the code of what went wrong.
    failed: Vec<(Notification, &'static str)>,
}

/// The event must be delivered again, for some of its objects could not be dealt with.
#[derive(Debug, thiserror::Error)]
#[error("{number} of the event's objects failed, the first of them {object} ({code}); the log has the reasons")]
pub struct Failed {
    number: usize,
    object: ObjectAddress,
    code: &'static str,
}

impl Failed {
    /// The stable name of what went wrong first.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl Ingested {
    /// What to answer. A queue is told which of its messages failed, and delivers those again; anything else delivers
    /// the whole event again, which does no harm to what was dealt with.
    ///
    /// # Errors
    /// [`Failed`] when the whole event must be delivered again.
    pub fn answer(&self) -> Result<Value, Failed> {
        let messages: Option<Vec<_>> = self.failed.iter().map(|(failed, _)| failed.message.as_ref()).collect();
        match (self.failed.first(), messages) {
            (Some((notification, code)), None) => {
                Err(Failed { number: self.failed.len(), object: notification.object.clone(), code })
            }
            (_, messages) => {
                let failures = messages.unwrap_or_default();
                let failures: Vec<_> = failures.iter().map(|message| json!({"itemIdentifier": message})).collect();
                Ok(json!({"batchItemFailures": failures}))
            }
        }
    }
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// [`Self::ingest_in`] outside Lambda.
    pub async fn ingest(&self, objects: &impl Objects, event: &Value) -> Ingested {
        self.ingest_in(Invocation::LOCAL, objects, event).await
    }

    /// Reads the objects that an event tells of, records their facts and settles their addresses. What cannot be
    /// understood or read costs only itself. Objects that are not done at the deadline have failed.
    pub async fn ingest_in(&self, invocation: Invocation<'_>, objects: &impl Objects, event: &Value) -> Ingested {
        let found = notifications(event);
        let mut ingested = Ingested::default();
        for reason in found.ignored {
            count(&mut ingested.summary.ignored, reason);
        }
        for piece in found.unrecognised {
            ingested.summary.unrecognised += 1;
            tracing::warn!(code = "event.unrecognised", event = piece, "no S3 notification in this piece of the event");
        }
        for notification in found.written {
            let (object, summary) = (&notification.object, &mut ingested.summary);
            let result = if invocation.deadline.has_passed(self.runtime.now()) {
                Err(ObjectFault::NotBegun)
            } else {
                let settling = Settling::AtOnce { request_id: invocation.request_id };
                self.process(objects, object, settling, invocation.deadline, summary).await
            };
            if let Err(fault) = result {
                fault.report(object, summary);
                if fault.is_transient() {
                    ingested.failed.push((notification, fault.code()));
                }
            }
        }
        ingested
    }
}
