//! Decides whether a login matches: some window of the rule's length holds the login and more failures than the
//! threshold.
//!
//! Sentinel runs the rule once a day over the last day, so its result depends on the schedule. This match is the union
//! over all possible schedules, so no match is lost at midnight.

use super::parameters::Order;
use super::rule::Rule;

/// The largest number of failures in a window of the rule's length that holds `login`, 0 if no failure is near enough.
/// `moments` are the times of the failures, sorted. All times are in seconds since the epoch.
#[must_use]
pub fn fullest(moments: &[i64], login: i64, rule: &Rule) -> usize {
    let length = rule.window.num_seconds();
    let latest_end = match rule.order {
        Order::Any => i64::MAX,
        Order::FailuresFirst => login,
    };
    let mut fullest = 0;
    let mut end = 0;
    for (first, moment) in moments.iter().enumerate() {
        // The window starts with this failure, or with the login if that is earlier.
        let start = login.min(*moment);
        let last_second = start.saturating_add(length).min(latest_end);
        end = end.max(first);
        while end < moments.len() && moments[end] <= last_second {
            end += 1;
        }
        if login <= start.saturating_add(length) {
            fullest = fullest.max(end - first);
        }
    }
    fullest
}

/// Whether any login could match the failures of one source at `moments` (sorted): some window holds more failures than
/// the threshold.
#[must_use]
pub fn can_match(moments: &[i64], rule: &Rule) -> bool {
    let exceeding = usize::try_from(rule.threshold).unwrap_or(usize::MAX).saturating_add(1);
    moments.windows(exceeding).any(|held| held[held.len() - 1] - held[0] <= rule.window.num_seconds())
}

/// The first and the last time at which a failure can match a login from `first` to `last`, in seconds since the epoch.
#[must_use]
pub fn around(first: i64, last: i64, rule: &Rule) -> (i64, i64) {
    let window = rule.window.num_seconds();
    let end = match rule.order {
        Order::Any => last + window,
        Order::FailuresFirst => last,
    };
    (first - window, end)
}

/// Whether a login at the time `login` matches the failures of one source at `moments` (sorted).
#[must_use]
pub fn matches(moments: &[i64], login: i64, rule: &Rule) -> bool {
    u32::try_from(fullest(moments, login, rule)).is_ok_and(|held| held > rule.threshold)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn moments(times: &[i64]) -> Vec<i64> {
        let mut times = times.to_vec();
        times.sort_unstable();
        times
    }

    fn rule(window: i64, order: Order) -> Rule {
        Rule { threshold: 2, window: TimeDelta::seconds(window), order, ..Rule::default() }
    }

    /// The definition: threshold + 1 consecutive failures fit into a window with the login.
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
        fn a_match_agrees_with_its_definition(
            times in vec(0..60_i64, 0..12),
            login in 0..60_i64,
            window in 1..40_i64,
            any in any::<bool>(),
        ) {
            let rule = rule(window, if any { Order::Any } else { Order::FailuresFirst });
            prop_assert_eq!(matches(&moments(&times), login, &rule), by_definition(&times, login, &rule));
        }

        #[test]
        fn failures_can_match_exactly_when_some_login_matches(times in vec(0..60_i64, 0..12), window in 1..40_i64) {
            let rule = rule(window, Order::Any);
            let moments = moments(&times);
            prop_assert_eq!(can_match(&moments, &rule), (0..60).any(|login| matches(&moments, login, &rule)));
        }
    }

    #[test]
    fn no_failure_in_a_window_with_the_login_is_none() {
        for order in [Order::Any, Order::FailuresFirst] {
            let rule = rule(50, order);
            assert_eq!(fullest(&[], 0, &rule), 0);
            assert_eq!((fullest(&[0], 51, &rule), fullest(&[51], 0, &rule)), (0, 0));
            assert_eq!(fullest(&[0], 50, &rule), 1);
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
    fn midnight_does_not_divide_a_window() {
        let midnight = 86_400;
        let six = moments(&[-30, -20, -10, 10, 20, 30].map(|second| midnight + second));
        assert!(matches(&six, midnight - 60, &Rule::default()));
        assert!(matches(&six, midnight + 60, &Rule::default()));
    }

    #[test]
    fn a_window_includes_both_of_its_ends() {
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
}
