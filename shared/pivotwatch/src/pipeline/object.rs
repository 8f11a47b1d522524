//! What is done with one object: read it, record its facts, settle their addresses.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, join, select};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::deadline::Stop;
use super::failure::Unfinished;
use super::gathering::{Facts, Gathering};
use super::reading::{self, Read};
use super::record::AT_ONCE;
use super::seen::UnusableExport;
use super::settle::Scope;
use super::summary::count;
use super::{Days, Deadline, Invocation, Pipeline, Runtime, Summary};
use crate::aws;
use crate::entra::Warning;
use crate::input::{Interrupted, ReadFault};
use crate::notify::Notifier;
use crate::objects::{Body, ObjectAddress, Objects, OpenFault};
use crate::store::Store;

/// Why an object was not, or not wholly, dealt with.
#[derive(Debug, thiserror::Error)]
pub enum ObjectFault {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenFault),
    /// It could not be read to its end.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// Some of its facts could not be recorded or settled.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    /// The invocation's time was over before the object was done.
    #[error(
        "the object could not be processed before the function's timeout; split it, or give the function more memory"
    )]
    TooSlow,
    /// The invocation's time was over before the object was begun.
    #[error("the function's timeout was too near to begin the object; it is delivered again")]
    NotBegun,
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
            Self::Unfinished(failed) => failed.code(),
            Self::TooSlow => "object.too_slow",
            Self::NotBegun => "deadline.exceeded",
        }
    }

    /// Whether it can go better another time. What is wrong with an object itself stays wrong with it.
    pub(super) const fn is_transient(&self) -> bool {
        match self {
            Self::Open(fault) => matches!(fault, OpenFault::Unavailable(_)),
            Self::Read(fault) => fault.is_transient(),
            Self::Unfinished(_) | Self::TooSlow | Self::NotBegun => true,
        }
    }

    /// Logs and counts the fault, unless that was done where it happened.
    pub(super) fn report(&self, object: &ObjectAddress, summary: &mut Summary) {
        let code = self.code();
        if matches!(self, Self::Unfinished(_)) {
            return;
        }
        if self.is_transient() {
            count(&mut summary.failed, code);
            tracing::error!(code, %object, "{self}");
        } else {
            count(&mut summary.refused, code);
            tracing::warn!(code, %object, "{self}");
        }
    }
}

/// When the addresses of an object's facts are settled.
pub(super) enum Settling<'a> {
    /// As soon as a part of its facts is recorded, by the invocation with this id.
    AtOnce { request_id: &'a str },
    /// By the caller, later.
    Later(&'a mut Days),
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
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
        let Invocation { request_id, deadline } = Invocation::LOCAL;
        let settling = Settling::AtOnce { request_id };
        let result = self.process(objects, address, settling, deadline, &mut summary).await;
        (summary, result)
    }

    /// Reads one object, records its facts and adds their days to `days`, as far as facts were recorded, also beside a
    /// fault. The caller settles them, once for all objects, with [`Self::settle_all`].
    ///
    /// # Errors
    /// [`ObjectFault`] when it was not, or not wholly, dealt with.
    pub async fn record_object(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
        days: &mut Days,
    ) -> (Summary, Result<(), ObjectFault>) {
        let mut summary = Summary::default();
        let result = self.process(objects, address, Settling::Later(days), Deadline::NONE, &mut summary).await;
        (summary, result)
    }

    /// Settles the addresses of recorded facts.
    ///
    /// # Errors
    /// [`Unfinished`] when some could not be settled.
    pub async fn settle_all(&self, days: Days) -> (Summary, Result<(), Unfinished>) {
        let mut summary = Summary::default();
        let result =
            self.settle_each(days.into_scopes(), Invocation::LOCAL.request_id, &Stop::default(), &mut summary).await;
        (summary, result)
    }

    /// Processes an object and adds what was done to `summary`, also where the deadline cuts the work short.
    pub(super) async fn process(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
        settling: Settling<'_>,
        deadline: Deadline,
        summary: &mut Summary,
    ) -> Result<(), ObjectFault> {
        if let Some(reason) = aws::passed_over(&address.key) {
            count(&mut summary.ignored, reason.name());
            return Ok(());
        }
        summary.objects += 1;
        let stop = Arc::new(Stop::default());
        let work = pin!(self.read_and_record(objects, address, settling, &stop, summary));
        let time = pin!(deadline.enforce(&stop, &self.runtime));
        match select(work, time).await {
            Either::Left((result, _)) if !stop.is_heeded() => result,
            _ => Err(ObjectFault::TooSlow),
        }
    }

    async fn read_and_record(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
        mut settling: Settling<'_>,
        stop: &Arc<Stop>,
        summary: &mut Summary,
    ) -> Result<(), ObjectFault> {
        let body = Stoppable { body: objects.open(address).await?, stop: Arc::clone(stop) };
        // The reader is beside, and hands over what it gathered; while that is recorded, it reads on.
        let (sender, mut gathered) = mpsc::channel(1);
        let (rule, limits, name) = (self.rule.clone(), self.limits, address.key.clone());
        let now = self.runtime.now();
        let reader = self.runtime.run_blocking(move || {
            let mut gathering = Gathering::new(sender, now);
            let read = reading::guarded(|| reading::read(body, &name, &rule, limits, &mut gathering));
            // Also after a fault: the records before it are good.
            (gathering.finish(), read)
        });
        let recorder = async {
            let mut result = Ok(());
            while let Some(facts) = gathered.recv().await {
                if stop.here() {
                    break;
                }
                result = result.and(self.record_part(&facts, &mut settling, stop, summary).await);
            }
            // A reader that has more to hand over does not wait for ever.
            gathered.close();
            (summary, result)
        };
        let ((of_reader, read), (summary, result)) = join(reader, recorder).await;
        if let Ok(object) = read {
            let Read { shape, compression } = object;
            tracing::info!(object = %address, shape, compression = compression.name(), "the object was read");
            if let Some(reason) = UnusableExport::of(object, &of_reader) {
                count(&mut summary.unusable, reason.name());
                let reason = reason.name();
                tracing::warn!(code = "object.unusable", object = %address, reason, "nothing in it can be used");
            }
        }
        if of_reader.warnings.contains_key(Warning::TemplateMismatch.name()) {
            let explanation = Warning::TemplateMismatch.explanation();
            tracing::error!(code = "object.template_mismatch", object = %address, "{explanation}");
        }
        summary.add(of_reader);
        match (result, read) {
            (Ok(()), read) => read.map(drop).map_err(ObjectFault::from),
            (Err(unfinished), Ok(_)) => Err(unfinished.into()),
            (Err(unfinished), Err(fault)) => {
                // A stop makes a fault of its own, which the caller reports.
                if !stop.is_heeded() {
                    ObjectFault::from(fault).report(address, summary);
                }
                Err(unfinished.into())
            }
        }
    }

    async fn record_part(
        &self,
        facts: &Facts,
        settling: &mut Settling<'_>,
        stop: &Stop,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let recorded = self.record(facts, summary).await;
        let scopes = facts.scopes();
        match settling {
            Settling::AtOnce { request_id } => recorded.and(self.settle_each(scopes, request_id, stop, summary).await),
            Settling::Later(days) => {
                days.extend(&scopes);
                recorded
            }
        }
    }

    /// Settles addresses, some at the same time, until `stop` says otherwise.
    async fn settle_each(
        &self,
        scopes: Vec<Scope<'_>>,
        request_id: &str,
        stop: &Stop,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let begun = stream::iter(scopes).take_while(|_| std::future::ready(!stop.here()));
        let mut settled = pin!(
            begun
                .map(|scope| async move {
                    let mut summary = Summary::default();
                    let result = self.settle(scope, request_id, &mut summary).await;
                    (summary, result)
                })
                .buffer_unordered(AT_ONCE)
        );
        let mut result = Ok(());
        while let Some((of_one, ended)) = settled.next().await {
            summary.add(of_one);
            result = result.and(ended);
        }
        result
    }
}

/// An object's bytes, until the work is to stop.
struct Stoppable {
    body: Body,
    stop: Arc<Stop>,
}

impl io::Read for Stoppable {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.here() {
            return Err(Interrupted("the function's timeout is near".to_owned()).into());
        }
        self.body.read(buffer)
    }
}
