//! Stops an invocation before Lambda's timeout.
//!
//! At its timeout Lambda kills a function, which then logs no summary, no metrics and no error code. An invocation
//! therefore stops on its own, in two steps. First it starts nothing new, so that requests in flight can end. Then it
//! abandons the requests that are still in flight, which is safe: an invocation may die at any point. The event is
//! delivered again.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{Either, select};

use super::Runtime;

/// The longest time that is reserved for stopping.
const LONGEST_MARGIN: TimeDelta = TimeDelta::seconds(10);

/// An invocation reserves this fraction of its time for stopping, 1 / `FRACTION`, but at most [`LONGEST_MARGIN`].
const FRACTION: i32 = 10;

/// When an invocation must stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline(Option<StopTimes>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StopTimes {
    /// The time from which on nothing new is started.
    start_nothing: DateTime<Utc>,
    /// The time at which requests in flight are abandoned, not before `start_nothing`.
    abandon: DateTime<Utc>,
}

impl Deadline {
    /// No deadline.
    pub const NONE: Self = Self(None);

    /// The deadline of an invocation that begins `now` and that Lambda kills at `end`. A tenth of the time, at most ten
    /// seconds, is reserved for stopping and for printing the summary.
    #[must_use]
    pub fn before(end: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let margin = ((end - now) / FRACTION).clamp(TimeDelta::zero(), LONGEST_MARGIN);
        Self(Some(StopTimes { start_nothing: end - margin, abandon: end - margin / 2 }))
    }

    /// Whether nothing new may be started.
    pub(super) fn has_passed(self, now: DateTime<Utc>) -> bool {
        self.0.is_some_and(|times| now >= times.start_nothing)
    }

    /// Requests a stop in time, and completes when requests in flight must be abandoned.
    pub(super) async fn enforce(self, stop: &StopSignal, runtime: &impl Runtime) {
        let Some(StopTimes { start_nothing, abandon }) = self.0 else { return std::future::pending().await };
        runtime.wait_until(start_nothing).await;
        stop.request();
        runtime.wait_until(abandon).await;
    }
}

impl Deadline {
    /// Runs `work` until requests in flight must be abandoned. Returns `None` if it was not begun, or not ended by
    /// then.
    pub(super) async fn run<T>(self, work: impl Future<Output = T>, runtime: &impl Runtime) -> Option<T> {
        if self.has_passed(runtime.now()) {
            return None;
        }
        let stop = StopSignal::default();
        match select(pin!(work), pin!(self.enforce(&stop, runtime))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

/// The request to stop, shared by all parts of the work on an object.
#[derive(Debug, Default)]
pub(super) struct StopSignal {
    is_requested: AtomicBool,
    is_observed: AtomicBool,
}

impl StopSignal {
    fn request(&self) {
        self.is_requested.store(true, Ordering::Relaxed);
    }

    /// Whether to stop. If it returns `true`, the caller must not continue its work.
    pub(super) fn check(&self) -> bool {
        let is_requested = self.is_requested.load(Ordering::Relaxed);
        if is_requested {
            self.is_observed.store(true, Ordering::Relaxed);
        }
        is_requested
    }

    /// Whether [`Self::check`] returned `true`, so that some work was not done.
    pub(super) fn was_observed(&self) -> bool {
        self.is_observed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_time_but_at_most_ten_seconds_is_reserved_for_stopping() {
        let now = DateTime::UNIX_EPOCH;
        for (timeout, start_nothing, abandon) in [
            (300_000, 290_000, 295_000),
            (120_000, 110_000, 115_000),
            (10_000, 9_000, 9_500),
            (3_000, 2_700, 2_850),
            (0, 0, 0),
            (-5_000, -5_000, -5_000),
        ] {
            let at = |milliseconds| now + TimeDelta::milliseconds(milliseconds);
            let expected = StopTimes { start_nothing: at(start_nothing), abandon: at(abandon) };
            assert_eq!(Deadline::before(at(timeout), now), Deadline(Some(expected)), "{timeout} ms");
        }
    }

    #[test]
    fn only_a_deadline_passes() {
        let now = DateTime::UNIX_EPOCH;
        let deadline = Deadline::before(now + TimeDelta::seconds(100), now);
        assert!(!deadline.has_passed(now + TimeDelta::milliseconds(89_999)));
        assert!(deadline.has_passed(now + TimeDelta::seconds(90)));
        assert!(!Deadline::NONE.has_passed(DateTime::<Utc>::MAX_UTC));
    }
}
