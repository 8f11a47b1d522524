//! Finds the first and the last of many times.

use chrono::{DateTime, Utc};

/// The first and the last of many times. Parses each of them, unlike [`Newest`](super::Newest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The latest time that a sign-in can have.
    horizon: DateTime<Utc>,
    ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl TimeRange {
    /// Before the first time. A time after `horizon` counts too, but [`TimeRange::add`] reports it.
    #[must_use]
    pub fn with_horizon(horizon: DateTime<Utc>) -> Self {
        Self { horizon, ends: None }
    }

    /// Adds a time. Returns `false` if it is after the horizon.
    pub fn add(&mut self, time: DateTime<Utc>) -> bool {
        let (first, last) = self.ends.unwrap_or((time, time));
        self.ends = Some((first.min(time), last.max(time)));
        time <= self.horizon
    }

    /// The latest time that a sign-in can have.
    pub(super) fn horizon(&self) -> DateTime<Utc> {
        self.horizon
    }

    /// The first time, `None` before any.
    #[must_use]
    pub fn first(&self) -> Option<DateTime<Utc>> {
        self.ends.map(|(first, _)| first)
    }

    /// The last time, `None` before any.
    #[must_use]
    pub fn last(&self) -> Option<DateTime<Utc>> {
        self.ends.map(|(_, last)| last)
    }
}
