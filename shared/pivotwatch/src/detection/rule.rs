//! The rule, and what of it can be set.
//!
//! It is Microsoft Sentinel's "Failed AzureAD logons but success logon to AWS Console"; the numbers below are its.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::source::Source;

/// The identifier that Microsoft gave the rule.
pub const RULE_ID: &str = "643c2025-9604-47c5-833f-7b4b9378a1f5";

/// The rule's own words for why it fired: its column `Reason`.
pub const REASON: &str = "Multiple failed AAD logins from IP address";

/// Result codes that are no failure: success, a password reset that is asked for on the way in, "keep me signed in".
/// Every other code counts, interrupts and prompts included, as it does in the rule.
const NOT_A_FAILURE: [&str; 3] = ["0", "50125", "50140"];

/// What of the rule can be set. [`Rule::default`] is the rule as Microsoft publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A source is suspicious with strictly more failures than this.
    pub threshold: u32,
    /// The length of the window that must hold both the failures and the login.
    pub window: TimeDelta,
    /// Whether failures after the login count.
    pub order: Order,
    /// The sources that are counted.
    pub sources: BTreeSet<Source>,
}

/// Which failures belong to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those before it and those after it, as in the rule, which does not look at the order.
    Any,
    /// Only those up to the moment of the login.
    FailuresFirst,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            threshold: 5,
            window: TimeDelta::hours(24),
            order: Order::Any,
            sources: BTreeSet::from([Source::Interactive, Source::NonInteractive]),
        }
    }
}

impl Rule {
    /// Whether a sign-in that ended with `code` (trimmed) failed.
    #[must_use]
    pub fn is_failure(code: &str) -> bool {
        !NOT_A_FAILURE.contains(&code)
    }

    /// How many days on either side of a fact can hold something that forms a match with it.
    #[must_use]
    pub fn reach_in_days(&self) -> u64 {
        let day = TimeDelta::days(1).num_seconds();
        let days = (self.window.num_seconds() + day - 1) / day;
        u64::try_from(days).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_and_the_two_interrupts_of_the_rule_are_no_failures_and_all_else_is() {
        for code in ["0", "50125", "50140"] {
            assert!(!Rule::is_failure(code), "{code}");
        }
        for code in ["50126", "50053", "50074", "50076", "7000215", "00", "1"] {
            assert!(Rule::is_failure(code), "{code}");
        }
    }

    #[test]
    fn a_window_reaches_as_many_days_as_it_can_span() {
        for (seconds, days) in [(3600, 1), (86_400, 1), (86_401, 2), (90_000, 2), (172_800, 2), (259_200, 3)] {
            let rule = Rule { window: TimeDelta::seconds(seconds), ..Rule::default() };
            assert_eq!(rule.reach_in_days(), days, "{seconds} s");
        }
    }
}
