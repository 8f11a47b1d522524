//! A failed sign-in, and what makes two reports of it one.

use std::borrow::Cow;

use arrayvec::ArrayString;
use chrono::{DateTime, Utc};

use super::address::Address;
use super::sample::hash;
use super::source::Source;

/// Entra's result code: digits, no more of them than any code has (the longest begin with 7000 and have seven).
pub type Code = ArrayString<10>;

/// A failed sign-in that the rule counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where it came from.
    pub address: Address,
    /// Which log told of it.
    pub source: Source,
    /// When it happened. Tallies keep whole seconds of it.
    pub time: DateTime<Utc>,
    /// How it ended.
    pub code: Code,
    /// What makes it the same failure however often and in whichever export it is told: see [`identity`].
    pub identity: u64,
    /// Who tried, in lower case; empty when the log does not say.
    pub user: String,
    /// What they tried to sign in to; empty when the log does not say.
    pub app: String,
}

/// What identifies a failure when its record has no id.
#[derive(Clone, Copy, Debug)]
pub struct Particulars<'a> {
    /// When it happened.
    pub time: DateTime<Utc>,
    /// Where it came from.
    pub address: Address,
    /// Who tried, in lower case.
    pub user: &'a str,
    /// What they tried to sign in to.
    pub app: &'a str,
    /// Entra's correlation id.
    pub correlation_id: &'a str,
}

/// The identity of a sign-in: (record id, result code), or without an id the text of all that tells it from another.
///
/// The code belongs to it because Entra reports one sign-in more than once while it goes on, with interim and final
/// results under one id, and the rule counts those as the separate rows that they are.
#[must_use]
pub fn identity(record_id: &str, code: &str, particulars: &Particulars<'_>) -> u64 {
    if !record_id.is_empty() {
        let is_lower_case = !record_id.bytes().any(|byte| byte.is_ascii_uppercase());
        let id = if is_lower_case { Cow::Borrowed(record_id) } else { Cow::Owned(record_id.to_ascii_lowercase()) };
        return hash(&["id", &id, code]);
    }
    let Particulars { time, address, user, app, correlation_id } = particulars;
    hash(&["particulars", &time.to_rfc3339(), &address.to_string(), user, app, code, correlation_id])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn particulars(user: &str) -> Particulars<'_> {
        Particulars {
            time: DateTime::UNIX_EPOCH,
            address: Address::from(std::net::IpAddr::from([203, 0, 113, 7])),
            user,
            app: "Azure Portal",
            correlation_id: "c",
        }
    }

    #[test]
    fn the_record_id_decides_whatever_else_the_record_says() {
        let one = identity("A1", "50126", &particulars("ann"));
        assert_eq!(one, identity("a1", "50126", &particulars("bob")));
        assert_ne!(one, identity("a2", "50126", &particulars("ann")));
    }

    #[test]
    fn two_results_of_one_sign_in_are_two() {
        assert_ne!(identity("a1", "50074", &particulars("ann")), identity("a1", "50126", &particulars("ann")));
    }

    #[test]
    fn without_an_id_the_particulars_decide() {
        assert_eq!(identity("", "50126", &particulars("ann")), identity("", "50126", &particulars("ann")));
        assert_ne!(identity("", "50126", &particulars("ann")), identity("", "50126", &particulars("bob")));
    }
}
