//! The pipeline's clock, timers, random numbers and thread pool.
//!
//! Tests replace them, to control the time, the random numbers and the schedule of concurrent invocations.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Clock, timers, random numbers and thread pool.
pub trait Runtime: Send + Sync {
    /// The current time.
    fn now(&self) -> DateTime<Utc>;

    /// Sleeps.
    fn wait(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Sleeps until `time`. In tests [`Self::wait`] advances the clock; this method never does.
    fn wait_until(&self, time: DateTime<Utc>) -> impl Future<Output = ()> + Send {
        self.wait((time - self.now()).to_std().unwrap_or_default())
    }

    /// A random number. Must not be used as a secret.
    fn random(&self) -> u64;

    /// Runs blocking work, on another thread if there is one.
    fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Sleeps for a random part of `longest`, at least a thousandth, so that writers in conflict do not retry together.
    fn wait_up_to(&self, longest: Duration) -> impl Future<Output = ()> + Send {
        let part = self.random() % 1000;
        self.wait(longest.mul_f64((1.0 + f64::from(u16::try_from(part).unwrap_or(0))) / 1000.0))
    }
}

/// The system's clock, Tokio's timers and thread pool, and random numbers of `fastrand`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRuntime;

impl Runtime for SystemRuntime {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn wait(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn random(&self) -> u64 {
        // `fastrand` is predictable, and no security depends on it: the numbers spread waits, and distinguish
        // settlements of one request id.
        fastrand::u64(..)
    }

    async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
}
