//! Finds the newest of many times.

use chrono::{DateTime, Utc};

use super::When;

/// The newest of many times up to a horizon. Parses few of them: most are compared as texts.
#[derive(Debug)]
pub struct Newest {
    /// The latest time that a sign-in can have.
    horizon: DateTime<Utc>,
    time: Option<DateTime<Utc>>,
    /// The text of `time`.
    text: Vec<u8>,
    /// The offset of the zone in `text`, if other texts are comparable with it.
    zone: Option<usize>,
}

impl Newest {
    /// Before the first time. Times after `horizon` do not count.
    #[must_use]
    pub fn up_to(horizon: DateTime<Utc>) -> Self {
        Self { horizon, time: None, text: Vec::new(), zone: None }
    }

    /// Adds a time. Returns `false` if it is after the horizon.
    pub(super) fn add(&mut self, when: When<'_>) -> bool {
        let is_comparable =
            |zone: usize| when.text.get(zone..) == Some(&self.text[zone..]) && when.zone() == Some(zone);
        if self.zone.is_some_and(is_comparable) && when.text <= self.text.as_slice() {
            return true;
        }
        let time = when.parse().ok();
        if time > Some(self.horizon) {
            return false;
        }
        if time > self.time {
            self.time = time;
            self.zone = when.zone();
            when.text.clone_into(&mut self.text);
        }
        true
    }

    /// Adds a time that is not after the horizon, if there is one.
    pub(super) fn add_time(&mut self, time: Option<DateTime<Utc>>) {
        if time > self.time {
            self.time = time;
            // The text of this time is not known, so no other is compared with it.
            self.zone = None;
        }
    }

    /// The latest time that counts.
    pub(super) fn horizon(&self) -> DateTime<Utc> {
        self.horizon
    }

    /// The newest time, of those that can be parsed.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.time
    }
}
