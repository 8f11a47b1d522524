//! Processes one object: reads it, records its facts, settles their addresses.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, join, select};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::deadline::StopSignal;
use super::fact_collector::{Chunk, FactCollector};
use super::object_reader::{self, ObjectFormat};
use super::record_facts::{CONCURRENCY, gather};
use super::settle::Scope;
use super::summary::count;
use super::{Deadline, Invocation, ObjectFault, Pipeline, Runtime, Summary, Unfinished, UnsettledDays, UnusableExport};
use crate::aws;
use crate::entra::Warning;
use crate::input::Interrupted;
use crate::notify::Notifier;
use crate::objects::{Body, ObjectAddress, Objects};
use crate::store::Store;

/// When the addresses of an object's facts are settled.
pub(super) enum Settling<'a> {
    /// After each chunk, by the invocation with this request id.
    AtOnce { request_id: &'a str },
    /// By the caller, who gets the days of the recorded facts.
    Later(&'a mut UnsettledDays),
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Reads one object, records its facts and settles their addresses. Skips an object whose key shows that it is no
    /// log file.
    ///
    /// # Errors
    /// [`ObjectFault`] when the object was not processed, or only in part.
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

    /// Reads one object, records its facts and adds their days to `days`, also when it fails. The caller then settles
    /// the days of all objects at once, with [`Self::settle_all`].
    ///
    /// # Errors
    /// [`ObjectFault`] when the object was not processed, or only in part.
    pub async fn record_object(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
        days: &mut UnsettledDays,
    ) -> (Summary, Result<(), ObjectFault>) {
        let mut summary = Summary::default();
        let result = self.process(objects, address, Settling::Later(days), Deadline::NONE, &mut summary).await;
        (summary, result)
    }

    /// Settles the addresses of recorded facts.
    ///
    /// # Errors
    /// [`Unfinished`] when an address could not be settled.
    pub async fn settle_all(&self, days: UnsettledDays) -> (Summary, Result<(), Unfinished>) {
        let mut summary = Summary::default();
        let result = self
            .settle_each(days.into_scopes(), Invocation::LOCAL.request_id, &StopSignal::default(), &mut summary)
            .await;
        (summary, result)
    }

    /// Processes an object. `summary` gets the counts also when the deadline ends the work early.
    pub(super) async fn process(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
        settling: Settling<'_>,
        deadline: Deadline,
        summary: &mut Summary,
    ) -> Result<(), ObjectFault> {
        if let Some(reason) = aws::skip_reason(&address.key) {
            count(&mut summary.ignored, reason.name());
            return Ok(());
        }
        summary.objects += 1;
        let stop = Arc::new(StopSignal::default());
        let work = pin!(self.read_and_record(objects, address, settling, &stop, summary));
        let time = pin!(deadline.enforce(&stop, &self.runtime));
        match select(work, time).await {
            Either::Left((result, _)) if !stop.was_observed() => result,
            _ => Err(ObjectFault::TooSlow),
        }
    }

    async fn read_and_record(
        &self,
        objects: &impl Objects,
        address: &ObjectAddress,
        mut settling: Settling<'_>,
        stop: &Arc<StopSignal>,
        summary: &mut Summary,
    ) -> Result<(), ObjectFault> {
        let body = StoppableBody { body: objects.open(address).await?, stop: Arc::clone(stop) };
        // The reader runs on another thread. While one chunk is recorded, it collects the next.
        let (sender, mut chunks) = mpsc::channel(1);
        let (rule, limits, name) = (self.rule.clone(), self.limits, address.key.clone());
        let now = self.runtime.now();
        let reader = self.runtime.run_blocking(move || {
            let mut collector = FactCollector::new(sender, &name, rule.clone(), now);
            let read = object_reader::catch_panics(|| object_reader::read(body, &name, &rule, limits, &mut collector));
            // Also after a fault, since the records before it are valid.
            (collector.finish(), read)
        });
        let recorder = async {
            let mut result = Ok(());
            while let Some(chunk) = chunks.recv().await {
                if stop.check() {
                    break;
                }
                result = result.and(self.record_chunk(&chunk, &mut settling, stop, summary).await);
            }
            // Unblocks a reader that waits to send another chunk.
            chunks.close();
            (summary, result)
        };
        let ((of_reader, read), (summary, result)) = join(reader, recorder).await;
        if let Ok(object) = read {
            let ObjectFormat { shape, compression } = object;
            tracing::info!(object = %address, shape, compression = compression.name(), "the object was read");
            if let Some(reason) = UnusableExport::of(object, &of_reader, &self.rule) {
                count(&mut summary.unusable, reason.name());
                let reason = reason.name();
                tracing::warn!(code = "object.unusable", object = %address, reason, "the object has no usable record");
            }
        }
        report_mismatch(address, &of_reader);
        summary.add(of_reader);
        match (result, read) {
            (Ok(()), read) => read.map(drop).map_err(ObjectFault::from),
            (Err(unfinished), Ok(_)) => Err(unfinished.into()),
            (Err(unfinished), Err(fault)) => {
                // A stop interrupts the reader. The caller reports it as `TooSlow`.
                if !stop.was_observed() {
                    ObjectFault::from(fault).report(address, summary);
                }
                Err(unfinished.into())
            }
        }
    }

    async fn record_chunk(
        &self,
        chunk: &Chunk,
        settling: &mut Settling<'_>,
        stop: &StopSignal,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let recorded = self.record(chunk, summary).await;
        let scopes = chunk.scopes(&self.rule);
        match settling {
            Settling::AtOnce { request_id } => recorded.and(self.settle_each(scopes, request_id, stop, summary).await),
            Settling::Later(days) => {
                days.extend(&scopes);
                recorded
            }
        }
    }

    /// Settles addresses concurrently, until `stop` is requested.
    async fn settle_each(
        &self,
        scopes: Vec<Scope<'_>>,
        request_id: &str,
        stop: &StopSignal,
        summary: &mut Summary,
    ) -> Result<(), Unfinished> {
        let begun = stream::iter(scopes).take_while(|_| std::future::ready(!stop.check()));
        let settled = begun.map(|scope| async move {
            let mut summary = Summary::default();
            let result = self.settle(scope, request_id, &mut summary).await;
            (summary, result)
        });
        gather(settled.buffer_unordered(CONCURRENCY), summary).await
    }
}

/// An object's bytes. Reading fails once a stop is requested.
struct StoppableBody {
    body: Body,
    stop: Arc<StopSignal>,
}

impl io::Read for StoppableBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.check() {
            return Err(Interrupted("the function's timeout is near".to_owned()).into());
        }
        self.body.read(buffer)
    }
}

/// Logs that a template disagreed with the validator, which is a defect of pivotwatch and costs no record.
fn report_mismatch(address: &ObjectAddress, of_reader: &Summary) {
    if of_reader.warnings.contains_key(Warning::TemplateMismatch.name()) {
        let explanation = Warning::TemplateMismatch.explanation();
        tracing::error!(code = "object.template_mismatch", object = %address, "{explanation}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::Mutex;

    use chrono::Utc;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;
    use crate::detection::Rule;
    use crate::entra::Receiver;

    /// Collects the codes that are logged.
    #[derive(Clone, Default)]
    struct LoggedCodes(Arc<Mutex<Vec<String>>>);

    impl Visit for LoggedCodes {
        fn record_str(&mut self, field: &Field, value: &str) {
            if field.name() == "code" {
                self.0.lock().unwrap().push(value.to_owned());
            }
        }

        fn record_debug(&mut self, _field: &Field, _value: &dyn Debug) {}
    }

    impl Subscriber for LoggedCodes {
        fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _span: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _span: &Id, _values: &Record<'_>) {}

        fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _span: &Id) {}

        fn exit(&self, _span: &Id) {}
    }

    /// The warnings of an object with so many mismatches, and the codes that are logged.
    fn reported(mismatches: usize) -> (BTreeMap<&'static str, u64>, Vec<String>) {
        let mut collector = FactCollector::new(mpsc::channel(1).0, "key", Rule::default(), Utc::now());
        (0..mismatches).for_each(|_| collector.warn(Warning::TemplateMismatch));
        let of_reader = collector.finish();
        let logged = LoggedCodes::default();
        let address =
            ObjectAddress { bucket: "exports".to_owned(), key: "key".to_owned(), version: None, region: None };
        tracing::subscriber::with_default(logged.clone(), || report_mismatch(&address, &of_reader));
        let codes = logged.0.lock().unwrap().clone();
        (of_reader.warnings, codes)
    }

    #[test]
    fn template_mismatches_are_counted_and_logged_once_for_the_object() {
        assert_eq!(reported(0), (BTreeMap::new(), Vec::new()));
        assert_eq!(
            reported(2),
            (BTreeMap::from([("template_mismatch", 2)]), vec!["object.template_mismatch".to_owned()])
        );
    }
}
