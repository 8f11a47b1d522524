//! What the pipeline takes from the world besides the stores. Tests put their own in its place, and so decide what time
//! it is, in which order concurrent invocations proceed, and how chance falls.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Time, waiting and chance.
pub trait Runtime: Send + Sync {
    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// Waits.
    fn wait(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Completes once it is `time`. Unlike [`Self::wait`] in a test, it never lets time pass by itself.
    fn wait_until(&self, time: DateTime<Utc>) -> impl Future<Output = ()> + Send {
        self.wait((time - self.now()).to_std().unwrap_or_default())
    }

    /// A random number, different for each caller. It is not fit for secrets.
    fn random(&self) -> u64;

    /// Does work that blocks, beside the caller where there is a thread for it.
    fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Waits for a random part of `longest`, so that those who got into each other's way do not meet again.
    fn wait_up_to(&self, longest: Duration) -> impl Future<Output = ()> + Send {
        let part = self.random() % 1000;
        self.wait(longest.mul_f64((1.0 + f64::from(u16::try_from(part).unwrap_or(0))) / 1000.0))
    }
}

/// The real ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Runtime for System {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn wait(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn random(&self) -> u64 {
        // fastrand is predictable. That harms nobody: the numbers are no secrets and no keys. They spread waits, and tell the
        // settlements of one request id apart.
        fastrand::u64(..)
    }

    async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
}
