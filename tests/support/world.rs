//! A world whose time the tests decide.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::Rule;
use pivotwatch::input::Limits;
use pivotwatch::notify::{InMemoryNotifier, Message, Notifier, PublishError, TableLocation};
use pivotwatch::objects::Objects;
use pivotwatch::pipeline::{Pipeline, Runtime, SystemRuntime};
use pivotwatch::store::Store;
use serde_json::Value;

use crate::facts::{event, noon, written};

/// Waiting takes no time, it lets time pass; chance is a count.
#[derive(Debug)]
pub struct Virtual {
    now: Mutex<DateTime<Utc>>,
    drawn: AtomicU64,
}

impl Virtual {
    /// A world at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(now), drawn: AtomicU64::new(1) }
    }

    /// Lets time pass.
    pub fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }
}

impl Runtime for Virtual {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait(&self, duration: Duration) {
        self.pass(TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX));
        // Gives way, as waiting does.
        tokio::task::yield_now().await;
    }

    async fn wait_until(&self, time: DateTime<Utc>) {
        while self.now() < time {
            tokio::task::yield_now().await;
        }
    }

    fn random(&self) -> u64 {
        // Spread out as chance would have it: the numbers in turn, times an odd one.
        self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
    }

    async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        SystemRuntime.run_blocking(work).await
    }
}

/// A topic that fails, or never answers, a number of times before it works.
#[derive(Debug, Default)]
pub struct Topic {
    /// What was sent.
    pub outbox: InMemoryNotifier,
    /// How often it still refuses.
    pub refusals: AtomicU64,
    /// How often it still sends and then leaves the sender waiting, as a network that loses the answer does.
    pub silences: AtomicU64,
}

impl Topic {
    /// The messages that were sent.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.outbox.messages()
    }
}

fn take_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

impl Notifier for Topic {
    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        if take_one(&self.refusals) {
            return Err(PublishError("throttled".to_owned()));
        }
        self.outbox.publish(message).await?;
        if take_one(&self.silences) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// Something that a function is invoked with.
#[derive(Clone, Debug)]
pub enum Event {
    /// Objects were written under these keys.
    Objects(Vec<String>),
    /// EventBridge brings a record of CloudTrail.
    Record(Value),
}

impl Event {
    /// Invokes the function that the event is for, and tells whether the event need not come again.
    ///
    /// # Errors
    /// Why it has to come again.
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
        }
    }
}

/// The pipeline over `store`, in a world of its own.
pub fn pipeline<S: Store>(store: S) -> Pipeline<S, Topic, Virtual> {
    Pipeline {
        store,
        notifier: Topic::default(),
        runtime: Virtual::at(noon()),
        rule: Rule::default(),
        limits: Limits::default(),
        table: TableLocation {
            name: "pivotwatch-evidence".to_owned(),
            region: "us-east-1".to_owned(),
            account: "999988887777".to_owned(),
        },
    }
}
