//! A tuning entry.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::Value;

use super::conditions::{FailureConditions, LoginConditions, ThresholdConditions};
use super::network::Networks;

/// A valid tuning entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// 1 to 64 of the characters `a` to `z`, `0` to `9` and `-`.
    pub id: String,
    /// What the entry does.
    pub effect: Effect,
    /// The events to which the entry applies, by their time.
    pub period: Period,
    /// Why the entry exists, for people.
    pub reason: String,
    /// Who wrote the entry, for people.
    pub author: String,
    /// When the entry was written, if that is known.
    pub created_at: Option<DateTime<Utc>>,
    /// The whole entry, as it was written, without `removed_at`.
    pub written: Value,
    /// When the entry was removed. A removed entry applies to nothing.
    pub removed_at: Option<DateTime<Utc>>,
}

/// What an entry does, and when.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Failures that meet the conditions do not count.
    ExcludeFailures(FailureConditions),
    /// Logins that meet the conditions do not match.
    ExcludeLogins(LoginConditions),
    /// Logins that meet the conditions match only with more failures than `threshold`.
    Threshold {
        /// Above the rule's, at most [`Threshold::MAX`](crate::detection::parameters::Threshold::MAX).
        threshold: u32,
        /// The logins, and the sources of the failures.
        conditions: ThresholdConditions,
    },
}

/// A period of time: from its start up to, and without, its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first moment; `None` without a beginning.
    pub starts_at: Option<DateTime<Utc>>,
    /// The first moment after the period; `None` without an end.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Period {
    /// The whole seconds between two times. The times of events are truncated to seconds. So of an event in a second
    /// that is partly in the period, it is unknown whether it is in.
    #[must_use]
    pub fn in_seconds(start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Self {
        let rounded_up = |time: DateTime<Utc>| {
            let second = time.trunc_subsecs(0);
            let next = second.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(second);
            if second == time { second } else { next }
        };
        Self { starts_at: start.map(rounded_up), expires_at: end.map(|end| end.trunc_subsecs(0)) }
    }

    /// Whether a moment lies in the period.
    #[must_use]
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        self.starts_at.is_none_or(|start| start <= time) && self.expires_at.is_none_or(|end| time < end)
    }
}

impl Entry {
    /// Whether the entry was removed.
    #[must_use]
    pub const fn is_removed(&self) -> bool {
        self.removed_at.is_some()
    }

    /// The networks of the entry's addresses.
    #[must_use]
    pub const fn networks(&self) -> &Networks {
        match &self.effect {
            Effect::ExcludeFailures(conditions) => &conditions.networks,
            Effect::ExcludeLogins(conditions) => &conditions.networks,
            Effect::Threshold { conditions, .. } => &conditions.networks,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
    }

    proptest! {
        /// The time of an event is truncated. A period whose bounds have fractions must not have an event outside it.
        #[test]
        fn a_truncated_time_is_in_a_period_only_if_the_event_is(
            start in 0..5000_i64,
            length in 1..5000_i64,
            time in 0..12_000_i64,
            has_fractions: bool,
        ) {
            let unit = if has_fractions { 1 } else { 1000 };
            let (start, end) = (at(start / unit * unit), at((start + length) / unit * unit));
            let contains = Period::in_seconds(Some(start), Some(end)).contains(at(time).trunc_subsecs(0));
            let is_within = start <= at(time) && at(time) < end;
            prop_assert!(is_within || !contains);
            prop_assert!(has_fractions || is_within == contains);
        }
    }

    #[test]
    fn the_last_time_of_the_calendar_is_a_bound_like_any_other() {
        let last = DateTime::<Utc>::MAX_UTC;
        assert!(!Period::in_seconds(Some(last), None).contains(at(0)));
        assert!(Period::in_seconds(None, Some(last)).contains(at(0)));
    }
}
