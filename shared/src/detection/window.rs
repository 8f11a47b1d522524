//! When a login matches: some window of the rule's length contains the login and holds more failures than allowed.
//!
//! The rule in Sentinel runs once a day over the day before, so what it finds depends on when it was scheduled. This is
//! the union of all its possible schedules: whatever any of them would find is found, and midnight hides nothing.

use super::rule::{Order, Rule};
use super::tally::rounded;

/// A failure, or several that a saturated hour keeps as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Seconds since the epoch.
    pub time: i64,
    /// How many failures it stands for: 1 unless its hour is saturated.
    pub weight: f64,
}

/// The most failures that any window of the rule's length holds which also contains `login` (seconds since the epoch),
/// among `moments` sorted by time. Zero when there is no such window with a failure in it.
#[must_use]
pub fn fullest(moments: &[Moment], login: i64, rule: &Rule) -> u64 {
    let length = rule.window.num_seconds();
    let latest_end = match rule.order {
        Order::Any => i64::MAX,
        Order::FailuresFirst => login,
    };
    let mut fullest = 0.0_f64;
    let mut held = 0.0_f64;
    let mut end = 0;
    for (first, moment) in moments.iter().enumerate() {
        // The window that starts with this failure, or with the login where the failure comes after it.
        let start = moment.time.min(login);
        let last_second = start.saturating_add(length).min(latest_end);
        while end < moments.len() && moments[end].time <= last_second {
            held += moments[end].weight;
            end += 1;
        }
        if login <= start.saturating_add(length) {
            fullest = fullest.max(held);
        }
        if end > first {
            held -= moment.weight;
        } else {
            end = first + 1;
        }
    }
    rounded(fullest)
}

/// Whether a login at `login` matches the failures of one source.
#[must_use]
pub fn matches(moments: &[Moment], login: i64, rule: &Rule) -> bool {
    fullest(moments, login, rule) > u64::from(rule.threshold)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn moments(times: &[i64]) -> Vec<Moment> {
        let mut times = times.to_vec();
        times.sort_unstable();
        times.into_iter().map(|time| Moment { time, weight: 1.0 }).collect()
    }

    fn rule(window: i64, order: Order) -> Rule {
        Rule { threshold: 2, window: TimeDelta::seconds(window), order, ..Rule::default() }
    }

    /// The definition, word for word: threshold + 1 consecutive failures that fit into a window with the login.
    fn by_definition(times: &[i64], login: i64, rule: &Rule) -> bool {
        let mut times: Vec<i64> = match rule.order {
            Order::Any => times.to_vec(),
            Order::FailuresFirst => times.iter().copied().filter(|time| *time <= login).collect(),
        };
        times.sort_unstable();
        times.windows(rule.threshold as usize + 1).any(|consecutive| {
            let (first, last) = (consecutive[0], consecutive[consecutive.len() - 1]);
            login.max(last) - login.min(first) <= rule.window.num_seconds()
        })
    }

    proptest! {
        #[test]
        fn a_match_is_what_its_definition_says(
            times in vec(0..60_i64, 0..12),
            login in 0..60_i64,
            window in 1..40_i64,
            any in any::<bool>(),
        ) {
            let rule = rule(window, if any { Order::Any } else { Order::FailuresFirst });
            prop_assert_eq!(matches(&moments(&times), login, &rule), by_definition(&times, login, &rule));
        }
    }

    #[test]
    fn the_threshold_must_be_exceeded() {
        let rule = Rule::default();
        let five = moments(&[0, 1, 2, 3, 4]);
        let six = moments(&[0, 1, 2, 3, 4, 5]);
        assert!(!matches(&five, 60, &rule));
        assert!(matches(&six, 60, &rule));
    }

    #[test]
    fn a_window_holds_both_of_its_ends() {
        let rule = rule(100, Order::Any);
        assert!(matches(&moments(&[0, 50, 60]), 100, &rule));
        assert!(!matches(&moments(&[0, 50, 60]), 101, &rule));
    }

    #[test]
    fn failures_after_the_login_count_unless_the_order_is_set() {
        let after = moments(&[10, 20, 30]);
        assert!(matches(&after, 0, &rule(100, Order::Any)));
        assert!(!matches(&after, 0, &rule(100, Order::FailuresFirst)));
        assert!(matches(&after, 30, &rule(100, Order::FailuresFirst)));
    }

    #[test]
    fn a_kept_failure_counts_for_as_many_as_it_stands_for() {
        let saturated = [Moment { time: 0, weight: 1.6 }, Moment { time: 1, weight: 1.6 }];
        assert_eq!(fullest(&saturated, 5, &rule(100, Order::Any)), 3);
    }
}
