//! The newest of many times.

use chrono::{DateTime, Utc};

use super::When;

/// The newest of many times up to a horizon, of which few need to be parsed.
#[derive(Debug)]
pub struct Newest {
    /// The latest time that a sign-in can have.
    horizon: DateTime<Utc>,
    time: Option<DateTime<Utc>>,
    /// The text of `time`, and the offset of its zone if other texts are comparable with it.
    text: Vec<u8>,
    zone: Option<usize>,
}

impl Newest {
    /// Nothing was seen yet. Times after `horizon` do not count.
    #[must_use]
    pub fn up_to(horizon: DateTime<Utc>) -> Self {
        Self { horizon, time: None, text: Vec::new(), zone: None }
    }

    /// Sees one more time. Returns `false` if it is after the horizon.
    pub fn see(&mut self, when: When<'_>) -> bool {
        let is_alike = |zone: usize| when.text.get(zone..) == Some(&self.text[zone..]) && when.zone() == Some(zone);
        if self.zone.is_some_and(is_alike) && when.text <= self.text.as_slice() {
            return true;
        }
        let time = when.read();
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

    /// The newest that could be parsed.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.time
    }
}
