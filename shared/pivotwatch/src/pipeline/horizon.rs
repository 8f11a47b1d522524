//! The horizon: the latest time that does not count as the future.

use chrono::{DateTime, TimeDelta, Utc};

use super::summary::{Summary, count};
use crate::entra::Warning;

/// The horizon at `now`: one hour later, since clocks differ, but by less than an hour.
#[must_use]
pub fn horizon(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::hours(1)
}

/// Counts the time of a login: as a warning beyond the horizon, and as a candidate for the newest login otherwise.
pub(super) fn count_login_time(summary: &mut Summary, time: DateTime<Utc>, horizon: DateTime<Utc>) {
    if time > horizon {
        count(&mut summary.warnings, Warning::FutureTime.name());
    } else {
        summary.newest_login = summary.newest_login.max(Some(time));
    }
}
