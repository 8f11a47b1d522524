//! A pipeline with a virtual clock and a topic that can fail.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::Rule;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch::input::Limits;
use pivotwatch::notify::{Deployment, InMemoryNotifier, Message, Notifier, PublishError, TableLocation};
use pivotwatch::objects::Objects;
use pivotwatch::pipeline::{ActivityLog, Pipeline, Runtime, SystemRuntime, TuningCache};
use pivotwatch::store::Store;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::facts::{event, noon, written};

/// A runtime whose waits advance its clock at once, and whose random numbers are a sequence.
#[derive(Debug)]
pub struct VirtualRuntime {
    now: Mutex<DateTime<Utc>>,
    drawn: AtomicU64,
}

impl VirtualRuntime {
    /// A runtime whose clock begins at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(now), drawn: AtomicU64::new(1) }
    }

    /// Advances the clock.
    pub fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl Runtime for VirtualRuntime {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait(&self, duration: Duration) {
        self.pass(TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX));
        // Yields, as a real wait does.
        tokio::task::yield_now().await;
    }

    async fn wait_until(&self, time: DateTime<Utc>) {
        while self.now() < time {
            tokio::task::yield_now().await;
        }
    }

    fn random(&self) -> u64 {
        // Multiplies a counter by an odd number, to spread the values.
        self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
    }

    async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        SystemRuntime.run_blocking(work).await
    }
}

/// A topic that fails, or never answers, a number of times before it works.
#[derive(Debug, Default)]
pub struct Topic {
    /// The messages that were sent.
    pub sent: InMemoryNotifier,
    /// Number of requests still to refuse.
    pub refusals: AtomicU64,
    /// Number of messages still to send without an answer, as when a network loses the response.
    pub silences: AtomicU64,
    /// Notified when a message was sent and is not answered.
    pub unanswered: Notify,
    /// Whether it has no confirmed subscriber.
    pub is_deserted: AtomicBool,
}

impl Topic {
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.sent.messages()
    }

    /// Runs an invocation until it waits for this topic's answer, and kills it there.
    ///
    /// # Panics
    ///
    /// If the invocation ends by itself.
    pub async fn kill_unanswered<T: Debug>(&self, invocation: impl Future<Output = T>) {
        self.silences.store(1, Ordering::Relaxed);
        tokio::select! {
            ended = invocation => panic!("the topic was silent, and the invocation ended: {ended:?}"),
            () = self.unanswered.notified() => {}
        }
    }
}

fn take_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Notifier for Topic {
    async fn subscribers(&self) -> Result<u64, PublishError> {
        Ok(u64::from(!self.is_deserted.load(Ordering::Relaxed)))
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        if take_one(&self.refusals) {
            return Err(PublishError("throttled".to_owned()));
        }
        self.sent.publish(message).await?;
        if take_one(&self.silences) {
            self.unanswered.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// An event that a function is invoked with.
#[derive(Clone, Debug)]
pub enum Event {
    /// Objects were written under these keys.
    Objects(Vec<String>),
    /// EventBridge delivers a CloudTrail record.
    Record(Value),
    /// The schedule is due.
    Sweep,
}

impl Event {
    /// Invokes the function for this event.
    ///
    /// # Errors
    ///
    /// Why Lambda has to deliver the event again.
    pub async fn invoke<S: Store, N: Notifier, R: Runtime>(
        &self,
        pipeline: &Pipeline<S, N, R>,
        objects: &impl Objects,
    ) -> Result<(), String> {
        match self {
            Self::Objects(keys) => {
                let keys: Vec<_> = keys.iter().map(String::as_str).collect();
                let (_, answer) = pipeline.ingest(objects, &written(&keys)).await;
                answer.map(drop).map_err(|failed| failed.to_string())
            }
            Self::Record(record) => {
                let (_, result) = pipeline.detect(&event(record)).await;
                result.map_err(|error| error.to_string())
            }
            Self::Sweep => {
                let (_, result) = pipeline.detect(&json!({"pivotwatch": "sweep"})).await;
                result.map_err(|error| error.to_string())
            }
        }
    }
}

/// The pipeline over `store`, with a clock of its own.
pub fn pipeline<S: Store>(store: S) -> Pipeline<S, Topic, VirtualRuntime> {
    Pipeline {
        store,
        notifier: Topic::default(),
        runtime: VirtualRuntime::at(noon()),
        rule: Rule::default(),
        tuning: TuningCache::default(),
        limits: Limits::default(),
        activity: ActivityLog::off(),
        policy: ReportingPolicy::default(),
        deployment: Deployment {
            table: TableLocation {
                name: "pivotwatch-evidence".to_owned(),
                region: "us-east-1".to_owned(),
                account: "999988887777".to_owned(),
            },
            tuning_table: Some("pivotwatch-tuning".to_owned()),
            account_names: [("111122223333".to_owned(), "payments-prod".to_owned())].into(),
            ..Deployment::default()
        },
    }
}
