//! What `ingest` does with an event.

use futures_util::future::join;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::gathering::{Facts, Gathering};
use super::reading::{self, Read};
use super::record::AT_ONCE;
use super::{Pipeline, PipelineError, Surroundings};
use crate::aws;
use crate::input::ReadFault;
use crate::notify::Notifier;
use crate::objects::{Notification, ObjectAddress, Objects, OpenFault, notifications};
use crate::store::Store;
use crate::telemetry::{Summary, count};

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

/// Why an object was not, or not wholly, dealt with.
#[derive(Debug, thiserror::Error)]
pub enum ObjectFault {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenFault),
    /// It could not be read to its end.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// Its facts could not be recorded or settled.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

impl ObjectFault {
    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open(OpenFault::NotFound) => "object.not_found",
            Self::Open(OpenFault::Archived) => "object.archived",
            Self::Open(OpenFault::Unavailable(_)) => "object.unavailable",
            Self::Read(fault) => fault.code(),
            Self::Pipeline(error) => error.code(),
        }
    }

    /// Whether it can go better another time. What is wrong with an object itself stays wrong with it.
    const fn is_transient(&self) -> bool {
        match self {
            Self::Open(fault) => matches!(fault, OpenFault::Unavailable(_)),
            Self::Read(fault) => fault.is_transient(),
            Self::Pipeline(_) => true,
        }
    }
}

impl<S: Store, N: Notifier, W: Surroundings> Pipeline<S, N, W> {
    /// Reads the objects that an event tells of, records their facts and settles their addresses. What cannot be
    /// understood or read costs only itself.
    pub async fn ingest(&self, objects: &impl Objects, event: &Value) -> Ingested {
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
            let (summary, result) = self.ingest_object(objects, &notification.object).await;
            ingested.summary.add(summary);
            if let Err(fault) = result {
                report(notification, &fault, &mut ingested);
            }
        }
        ingested
    }

    /// Reads one object, records its facts and settles their addresses. An object that is known by its key to hold
    /// nothing of interest is passed over.
    ///
    /// # Errors
    /// [`ObjectFault`] when it was not, or not wholly, dealt with.
    pub async fn ingest_object(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
    ) -> (Summary, Result<(), ObjectFault>) {
        let mut summary = Summary::default();
        if let Some(reason) = aws::passed_over(&address.key) {
            count(&mut summary.ignored, reason.name());
            return (summary, Ok(()));
        }
        summary.objects = 1;
        let body = match objects.open(address).await {
            Ok(body) => body,
            Err(fault) => return (summary, Err(fault.into())),
        };
        // The reader is beside, and hands over what it gathered; while that is recorded, it reads on.
        let (sender, mut gathered) = mpsc::channel(1);
        let (rule, limits, name) = (self.rule.clone(), self.limits, address.key.clone());
        let now = self.surroundings.now();
        let reader = self.surroundings.beside(move || {
            let mut gathering = Gathering::new(sender, now);
            let read = reading::read(body, &name, &rule, limits, &mut gathering);
            // Also after a fault: the records before it are good.
            (gathering.finish(), read)
        });
        let recorder = async {
            let (mut summary, mut result) = (Summary::default(), Ok(()));
            while let Some(facts) = gathered.recv().await {
                let (of_part, recorded) = self.record_and_settle(&facts).await;
                summary.add(of_part);
                result = result.and(recorded);
            }
            (summary, result)
        };
        let ((of_reader, read), (of_recorder, result)) = join(reader, recorder).await;
        summary.add(of_reader);
        summary.add(of_recorder);
        if let Ok(Read { shape, compression }) = read {
            tracing::info!(object = %address, shape, compression = compression.name(), "the object was read");
        }
        let result = result.map_err(ObjectFault::from).and(read.map(|_| ()).map_err(ObjectFault::from));
        (summary, result)
    }

    async fn record_and_settle(&self, facts: &Facts) -> (Summary, Result<(), PipelineError>) {
        let (mut summary, mut result) = self.record(facts).await;
        let mut settled = stream::iter(facts.days())
            .map(|(address, (first, last))| async move {
                let mut summary = Summary::default();
                let result = self.settle(address, first..=last, &mut summary).await;
                (summary, result)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((of_one, ended)) = settled.next().await {
            summary.add(of_one);
            result = result.and(ended);
        }
        (summary, result)
    }
}

/// Counts and logs a fault, and remembers the object where trying again can help.
fn report(notification: Notification, fault: &ObjectFault, ingested: &mut Ingested) {
    let (code, object) = (fault.code(), &notification.object);
    if fault.is_transient() {
        count(&mut ingested.summary.failed, code);
        tracing::error!(code, %object, "{fault}");
        ingested.failed.push((notification, code));
    } else {
        count(&mut ingested.summary.refused, code);
        tracing::warn!(code, %object, "{fault}");
    }
}
