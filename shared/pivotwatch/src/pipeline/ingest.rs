//! The handler of the function `ingest`.

use serde_json::{Value, json};

use super::process_object::Settling;
use super::summary::count;
use super::{Invocation, ObjectFault, Pipeline, Runtime, Summary};
use crate::notify::Notifier;
use crate::objects::{Notification, ObjectAddress, Objects, notifications};
use crate::store::Store;

/// Some of the event's objects failed, so the event must be delivered again.
#[derive(Debug, thiserror::Error)]
#[error("{number} of the event's objects failed, the first of them {object} ({code}); the log has the reasons")]
pub struct FailedObjects {
    number: usize,
    object: ObjectAddress,
    code: &'static str,
}

impl FailedObjects {
    /// The stable code of the first object's fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// [`Self::ingest_in`] outside Lambda.
    ///
    /// # Errors
    /// [`FailedObjects`] when the whole event must be delivered again.
    pub async fn ingest(&self, objects: &impl Objects, event: &Value) -> (Summary, Result<Value, FailedObjects>) {
        self.ingest_in(Invocation::LOCAL, objects, event).await
    }

    /// Reads the objects that an event names, records their facts, settles their addresses, and returns the answer for
    /// Lambda. An object that cannot be read, and a part of the event that is not recognised, do not affect the others.
    /// Objects that are not done at the deadline have failed.
    ///
    /// # Errors
    /// [`FailedObjects`] when the whole event must be delivered again.
    pub async fn ingest_in(
        &self,
        invocation: Invocation<'_>,
        objects: &impl Objects,
        event: &Value,
    ) -> (Summary, Result<Value, FailedObjects>) {
        let found = notifications(event);
        let (mut summary, mut failed) = (Summary::default(), Vec::new());
        for reason in found.ignored {
            count(&mut summary.ignored, reason);
        }
        for piece in found.unrecognised {
            summary.unrecognised += 1;
            tracing::warn!(code = "event.unrecognised", event = piece, "no S3 notification in this part of the event");
        }
        for notification in found.written {
            let object = &notification.object;
            let before = summary.kinds.usable_sign_ins;
            let result = if invocation.deadline.has_passed(self.runtime.now()) {
                Err(ObjectFault::NotBegun)
            } else {
                let settling = Settling::AtOnce { request_id: invocation.request_id };
                self.process(objects, object, settling, invocation.deadline, &mut summary).await
            };
            summary.exports += u64::from(summary.kinds.usable_sign_ins > before);
            if let Err(fault) = result {
                fault.report(object, &mut summary);
                if fault.is_transient() {
                    failed.push((notification, fault.code()));
                }
            }
        }
        self.announce_in(invocation, &mut summary).await;
        Box::pin(self.keep_activity(invocation.deadline, &mut summary)).await;
        (summary, answer(&failed))
    }
}

/// The answer for Lambda, given the failed objects with the codes of their faults. When each of them came in a message
/// of a queue, the answer names these messages, and only they are delivered again.
fn answer(failed: &[(Notification, &'static str)]) -> Result<Value, FailedObjects> {
    let messages: Option<Vec<_>> = failed.iter().map(|(failed, _)| failed.message.as_ref()).collect();
    match (failed.first(), messages) {
        (Some((notification, code)), None) => {
            Err(FailedObjects { number: failed.len(), object: notification.object.clone(), code })
        }
        (_, messages) => {
            let failures = messages.unwrap_or_default();
            let failures: Vec<_> = failures.iter().map(|message| json!({"itemIdentifier": message})).collect();
            Ok(json!({"batchItemFailures": failures}))
        }
    }
}
