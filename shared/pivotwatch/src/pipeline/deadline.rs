//! Stopping before Lambda's timeout.
//!
//! At its timeout Lambda kills a function: no summary, no metrics, no code. An invocation therefore stops on its own, in two
//! steps: first it starts nothing new, so that writes and publishes in flight can end; then it abandons what is still in
//! flight, which is safe, because an invocation can die anywhere. The event is delivered again.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use super::Runtime;

/// The most time that is kept for stopping.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// The part of an invocation's time that is kept for stopping, where that is less than [`MARGIN`]: one in so many.
const PART: i32 = 10;

/// When an invocation must stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline(Option<Times>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    /// From here on nothing new is started.
    no_more: DateTime<Utc>,
    /// From here on nothing is waited for.
    abandon: DateTime<Utc>,
}

impl Deadline {
    /// No deadline.
    pub const NONE: Self = Self(None);

    /// The deadline of an invocation that begins `now` and that Lambda kills at `end`. A tenth of the time, at most ten
    /// seconds, is kept for stopping and for printing the summary.
    #[must_use]
    pub fn before(end: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let margin = ((end - now) / PART).clamp(TimeDelta::zero(), MARGIN);
        Self(Some(Times { no_more: end - margin, abandon: end - margin / 2 }))
    }

    /// Whether nothing new may be started.
    pub(super) fn has_passed(self, now: DateTime<Utc>) -> bool {
        self.0.is_some_and(|times| now >= times.no_more)
    }

    /// Asks for a stop in time, and completes when nothing may be waited for any longer.
    pub(super) async fn enforce(self, stop: &Stop, runtime: &impl Runtime) {
        let Some(Times { no_more, abandon }) = self.0 else { return std::future::pending().await };
        runtime.wait_until(no_more).await;
        stop.ask();
        runtime.wait_until(abandon).await;
    }
}

/// Whether the work in flight is to stop, shared by all who do a part of it.
#[derive(Debug, Default)]
pub(super) struct Stop {
    is_asked: AtomicBool,
    is_heeded: AtomicBool,
}

impl Stop {
    fn ask(&self) {
        self.is_asked.store(true, Ordering::Relaxed);
    }

    /// Whether to stop here. The caller must then leave its work undone.
    pub(super) fn here(&self) -> bool {
        let is_asked = self.is_asked.load(Ordering::Relaxed);
        if is_asked {
            self.is_heeded.store(true, Ordering::Relaxed);
        }
        is_asked
    }

    /// Whether anybody has left work undone.
    pub(super) fn is_heeded(&self) -> bool {
        self.is_heeded.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_time_but_at_most_ten_seconds_is_kept_for_stopping() {
        let now = DateTime::UNIX_EPOCH;
        for (timeout, no_more, abandon) in [
            (300_000, 290_000, 295_000),
            (120_000, 110_000, 115_000),
            (10_000, 9_000, 9_500),
            (3_000, 2_700, 2_850),
            (0, 0, 0),
            (-5_000, -5_000, -5_000),
        ] {
            let at = |milliseconds| now + TimeDelta::milliseconds(milliseconds);
            let expected = Times { no_more: at(no_more), abandon: at(abandon) };
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
