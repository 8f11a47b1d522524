//! Signals: what makes an incident more or less urgent, and the severity that they add up to.
//!
//! The rule has one severity. A signal is an observation beside the rule, derived from the facts of the incident. It
//! has points; the severity is High from [`HIGH`] points on. docs/RULE.md has the table, and what it ranks on a
//! generated day.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::matched_by::MatchedBy;

/// How urgent an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// The rule's severity.
    Medium,
    /// Raised by the points of its signals.
    High,
}

/// The points from which on an incident is High.
pub const HIGH: i32 = 3;

/// More users than this who failed are many.
pub const MANY_USERS: usize = 5;

impl Severity {
    /// [`Severity::High`] if the points of the signals add up to [`HIGH`].
    #[must_use]
    pub fn of(signals: &BTreeSet<Signal>) -> Self {
        if points(signals) >= HIGH { Self::High } else { Self::Medium }
    }

    /// The name in mails, records and message attributes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Medium => "Medium",
            Self::High => "High",
        }
    }
}

/// The sum of the points.
#[must_use]
pub fn points(signals: &BTreeSet<Signal>) -> i32 {
    signals.iter().map(|signal| signal.points()).sum()
}

/// An observation beside the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The root user logged in.
    Root,
    /// The AWS user has the name of an Entra user who failed from the address.
    SameUser,
    /// None of the Entra users who failed from the address has the AWS user's name.
    DifferentUser,
    /// A tally dropped names of users, and none of the kept names is the AWS user's. [`Signal::SameUser`] is undecided.
    UsersNotRemembered,
    /// A result code says that the password of an Entra user was right.
    PasswordRight,
    /// The root user or an IAM user logged in without a second factor. CloudTrail does not record that of other users.
    NoMfa,
    /// A login to the AWS console failed from the address before this one.
    FailedLogins,
    /// More than [`MANY_USERS`] Entra users failed from the address.
    ManyUsers,
    /// [`Signal::ManyUsers`], and at most one in five of them also signed in successfully from the address.
    FewSucceeded,
    /// Most of the users who failed, and at least three, also signed in successfully from the address.
    MostSucceeded,
    /// [`Signal::SameUser`], and that Entra user failed no more often than the threshold allows, and succeeded too. The
    /// login was federated and the address is no sprayer's ([`Signal::FewSucceeded`]), or most succeed at the address
    /// ([`Signal::MostSucceeded`]).
    OwnMistakes,
}

/// What a signal means, in findings and in the JSON of the command line.
#[derive(Clone, Debug, Serialize)]
pub struct SignalDetails {
    /// Its name.
    pub name: &'static str,
    /// Its points.
    pub points: i32,
    /// Its explanation for a responder.
    pub explanation: String,
    /// Harmless causes of the signal.
    pub mistaken_if: &'static str,
}

impl Signal {
    /// All of them, in the order of display.
    pub const ALL: [Self; 11] = [
        Self::Root,
        Self::SameUser,
        Self::DifferentUser,
        Self::UsersNotRemembered,
        Self::PasswordRight,
        Self::NoMfa,
        Self::FailedLogins,
        Self::ManyUsers,
        Self::FewSucceeded,
        Self::MostSucceeded,
        Self::OwnMistakes,
    ];

    /// The name in records, JSON and message attributes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::SameUser => "same_user",
            Self::DifferentUser => "different_user",
            Self::UsersNotRemembered => "users_not_remembered",
            Self::PasswordRight => "password_right",
            Self::NoMfa => "no_mfa",
            Self::FailedLogins => "failed_logins",
            Self::ManyUsers => "many_users",
            Self::FewSucceeded => "few_succeeded",
            Self::MostSucceeded => "most_succeeded",
            Self::OwnMistakes => "own_mistakes",
        }
    }

    /// The points, from -4 to 7. The root user is High by itself, and stays so at an address where most succeed.
    #[must_use]
    pub const fn points(self) -> i32 {
        match self {
            Self::Root => 7,
            Self::NoMfa => 3,
            Self::ManyUsers => 2,
            Self::SameUser
            | Self::UsersNotRemembered
            | Self::PasswordRight
            | Self::FailedLogins
            | Self::FewSucceeded => 1,
            Self::DifferentUser => 0,
            Self::OwnMistakes => -2,
            Self::MostSucceeded => -4,
        }
    }

    /// The signal with its meaning, in an incident whose failures are matched so.
    #[must_use]
    pub fn details(self, matched_by: MatchedBy) -> SignalDetails {
        SignalDetails {
            name: self.name(),
            points: self.points(),
            explanation: self.explanation(matched_by),
            mistaken_if: self.mistaken_if(),
        }
    }

    /// The explanation for a responder, in an incident whose failures are matched so.
    #[must_use]
    pub fn explanation(self, matched_by: MatchedBy) -> String {
        let explanation = match self {
            Self::Root => "the root user logged in",
            Self::SameUser => "the AWS user has the name of an Entra user who failed from this {place}",
            Self::DifferentUser => "none of the Entra users who failed from this {place} has the AWS user's name",
            Self::UsersNotRemembered => {
                "more Entra users failed from this {place} than can be remembered, so the AWS user may be one of them"
            }
            Self::PasswordRight => "the password of an Entra user was right",
            Self::NoMfa => "the login had no second factor",
            Self::FailedLogins => "a login to the AWS console failed from this {place} before",
            Self::ManyUsers => "more than 5 Entra users failed from this {place}",
            Self::FewSucceeded => "at most one in five of these users also signed in successfully from this {place}",
            Self::MostSucceeded => "most of the users who failed also signed in successfully from this {place}",
            Self::OwnMistakes => "the user who logged in failed a few times, and also signed in to Entra ID",
        };
        explanation.replace("{place}", matched_by.place())
    }

    /// What makes the signal a false alarm or, of a signal with negative points, a false all-clear.
    #[must_use]
    pub const fn mistaken_if(self) -> &'static str {
        match self {
            Self::Root => "the account's owner used root on purpose",
            Self::SameUser => "the user mistyped the password, or two people have one name",
            Self::DifferentUser => "the AWS user has another name in Entra ID",
            Self::UsersNotRemembered => "thousands of users of one organisation fail from one place in a day",
            Self::PasswordRight => "a user did not finish an ordinary sign-in: second factor, expired password, policy",
            Self::NoMfa => "the account does not require a second factor",
            Self::FailedLogins => "a user mistyped the AWS password",
            Self::ManyUsers => "an office, a VPN or a carrier has one IP address",
            Self::FewSucceeded => "the exports have failures only, or successes come in files without failures",
            Self::MostSucceeded => "an attacker is in the same network as the users",
            Self::OwnMistakes => "an attacker needed few tries for this user",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_the_same_name_everywhere() {
        for signal in Signal::ALL {
            assert_eq!(serde_json::to_value(signal).unwrap(), signal.name());
        }
    }

    #[test]
    fn severity_is_high_from_three_points() {
        for (signals, points_of_it, severity) in [
            (&[][..], 0, Severity::Medium),
            (&[Signal::Root], 7, Severity::High),
            (&[Signal::Root, Signal::MostSucceeded], 3, Severity::High),
            (&[Signal::SameUser, Signal::PasswordRight], 2, Severity::Medium),
            (&[Signal::NoMfa], 3, Severity::High),
            (&[Signal::SameUser, Signal::OwnMistakes, Signal::PasswordRight], 0, Severity::Medium),
            (&[Signal::NoMfa, Signal::ManyUsers, Signal::MostSucceeded], 1, Severity::Medium),
            (&[Signal::ManyUsers, Signal::FewSucceeded], 3, Severity::High),
        ] {
            let signals = signals.iter().copied().collect();
            assert_eq!((points(&signals), Severity::of(&signals)), (points_of_it, severity), "{signals:?}");
        }
    }
}
