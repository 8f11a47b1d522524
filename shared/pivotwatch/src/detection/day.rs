//! The UTC day, which is a part of the key of every fact.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A calendar day in UTC, written `2026-11-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(NaiveDate);

impl Day {
    /// Plausible years. All have four digits, so that days sort as texts.
    pub(crate) const YEARS: Range<i32> = 2000..2200;

    /// The day on which `time` falls.
    #[must_use]
    pub fn of(time: DateTime<Utc>) -> Self {
        Self(time.date_naive())
    }

    /// Whether `time` can be the time of a logged event.
    #[must_use]
    pub fn is_plausible(time: DateTime<Utc>) -> bool {
        Self::YEARS.contains(&time.naive_utc().year())
    }

    /// The first instant of the day.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        self.0.and_time(NaiveTime::MIN).and_utc()
    }

    /// The instant `seconds` after the day's first.
    #[must_use]
    pub fn at(self, seconds: u32) -> DateTime<Utc> {
        self.start() + TimeDelta::seconds(i64::from(seconds))
    }

    /// The day `days` before this one, or else the first day of the calendar.
    #[must_use]
    pub fn before(self, days: u64) -> Self {
        Self(self.0.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN))
    }

    /// The day `days` after this one, or else the last day of the calendar.
    #[must_use]
    pub fn after(self, days: u64) -> Self {
        Self(self.0.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_plausible_from_2000_to_the_end_of_2199() {
        for (time, is_plausible) in [
            ("1999-12-31T23:59:59Z", false),
            ("2000-01-01T00:00:00Z", true),
            ("2199-12-31T23:59:59Z", true),
            ("2200-01-01T00:00:00Z", false),
        ] {
            assert_eq!(Day::is_plausible(time.parse().unwrap()), is_plausible, "{time}");
        }
    }

    #[test]
    fn the_calendar_ends_at_its_first_and_last_day() {
        let day: Day = "2026-11-24".parse().unwrap();
        assert_eq!((day.before(24).to_string(), day.after(7).to_string()), ("2026-10-31".into(), "2026-12-01".into()));
        assert_eq!((day.before(u64::MAX), day.after(u64::MAX)), (Day(NaiveDate::MIN), Day(NaiveDate::MAX)));
    }
}
