//! The rule: its constants and its parameters. The match is in [`super::window`], the decision about an address in
//! [`super::failure_index`].
//!
//! It is Microsoft Sentinel's "Failed AzureAD logons but success logon to AWS Console", with the same codes and
//! numbers.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::address::Address;
use super::day::Day;
use super::parameters::{Ipv6Network, Order};
use super::source::Source;

/// Microsoft's identifier of the rule.
pub const RULE_ID: &str = "643c2025-9604-47c5-833f-7b4b9378a1f5";

/// Its name.
pub const RULE_NAME: &str = "Failed AzureAD logons but success logon to AWS Console";

/// Its version.
pub const RULE_VERSION: &str = "1.0.1";

/// Its techniques in MITRE ATT&CK, with their tactics.
pub const TECHNIQUES: [Technique; 2] = [
    Technique { id: "T1078", name: "Valid Accounts", tactic_id: "TA0001", tactic: "Initial Access" },
    Technique { id: "T1110", name: "Brute Force", tactic_id: "TA0006", tactic: "Credential Access" },
];

/// A technique in MITRE ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// The id.
    pub id: &'static str,
    /// The name.
    pub name: &'static str,
    /// The id of the rule's tactic.
    pub tactic_id: &'static str,
    /// The name of that tactic.
    pub tactic: &'static str,
}

/// The text of the rule's column `Reason`.
pub const REASON: &str = "Multiple failed AAD logins from IP address";

/// The text of that column for an incident of an IPv6 network, which is not the rule's.
pub const NETWORK_REASON: &str = "Multiple failed AAD logins from IPv6 network";

/// Result codes that are no failure: success, and the interrupts for a password reset and for "keep me signed in". As
/// in the rule, every other code is a failure, including other interrupts and prompts.
const NOT_A_FAILURE: [&str; 3] = ["0", "50125", "50140"];

/// The parameters of the rule. [`Rule::default`] has the published values, and counts IPv6 networks of 64 bits.
///
/// Numbers without bounds. Settings and the command line parse them as [`Threshold`] and [`Window`], whose bounds keep
/// decisions exact. Tests try windows of some seconds too.
///
/// [`Threshold`]: super::parameters::Threshold
/// [`Window`]: super::parameters::Window
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A login matches if a source has strictly more failures than this.
    pub threshold: u32,
    /// The length of the window that must hold the failures and the login.
    pub window: TimeDelta,
    /// Whether failures after the login count.
    pub order: Order,
    /// The sources that count.
    pub sources: BTreeSet<Source>,
    /// The networks of IPv6 addresses whose failures are counted together too. Not in the published rule.
    pub ipv6_network: Ipv6Network,
    /// Whether successful sign-ins are recorded beside failures, for signals. They match nothing.
    pub counts_successes: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            threshold: 5,
            window: TimeDelta::hours(24),
            order: Order::Any,
            sources: BTreeSet::from([Source::Interactive, Source::NonInteractive]),
            ipv6_network: Ipv6Network::default(),
            counts_successes: true,
        }
    }
}

impl Rule {
    /// Whether a sign-in with the result `code` (trimmed) succeeded. The interrupts are neither a success nor a
    /// failure.
    #[must_use]
    pub fn is_success(code: &str) -> bool {
        code == "0"
    }

    /// Whether a sign-in with the result `code` (trimmed) is a failure.
    #[must_use]
    pub fn is_failure(code: &str) -> bool {
        !NOT_A_FAILURE.contains(&code)
    }

    /// The addresses whose evidence gets a fact of `address`: the address itself, and its network.
    pub fn counted_by(&self, address: Address) -> impl Iterator<Item = Address> {
        [Some(address), self.ipv6_network.of(address)].into_iter().flatten()
    }

    /// The number of days before and after a fact whose facts can match it.
    #[must_use]
    pub fn reach_in_days(&self) -> u64 {
        let day = TimeDelta::days(1).num_seconds();
        let days = (self.window.num_seconds() + day - 1) / day;
        u64::try_from(days).unwrap_or(0)
    }

    /// The days whose facts can match a fact of one of `days`.
    #[must_use]
    pub fn days_around(&self, days: &BTreeSet<Day>) -> BTreeSet<Day> {
        let reach = self.reach_in_days();
        let around = |day: &Day| (0..=2 * reach).map(|later| day.before(reach).after(later)).collect::<Vec<_>>();
        days.iter().flat_map(around).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_failure_except_success_and_the_two_interrupts_of_the_rule() {
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
