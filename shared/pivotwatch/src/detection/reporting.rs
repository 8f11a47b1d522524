//! How an incident is reported: by a message of its own, by an update, or in a digest.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why an incident, or an update of it, is reported in a digest and not by a message of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferral {
    /// Its last login was more than a day old when it was found.
    Old,
    /// Its address had as many messages that day as one may have.
    AddressLimit,
    /// The deployment had as many messages that hour as it may have, or too many in the same seconds.
    HourLimit,
    /// The deployment observes: it publishes nothing but a digest a day.
    Observing,
    /// The topic had no confirmed subscriber.
    NoSubscriber,
    /// The invocation that was to publish it died, or could not publish it.
    Interrupted,
}

impl Deferral {
    /// The name in records, JSON and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::AddressLimit => "address_limit",
            Self::HourLimit => "hour_limit",
            Self::Observing => "observing",
            Self::NoSubscriber => "no_subscriber",
            Self::Interrupted => "interrupted",
        }
    }

    /// The explanation for a responder.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Old => "it was more than a day old when it was found",
            Self::AddressLimit => "its address had its messages of the day",
            Self::HourLimit => "the deployment had its messages of the hour",
            Self::Observing => "the deployment observes",
            Self::NoSubscriber => "nobody was subscribed",
            Self::Interrupted => "its message was interrupted",
        }
    }
}

/// Why an incident that was reported already is reported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateReason {
    /// Its severity rose.
    SeverityRose,
    /// A result code became known with which the password was right.
    PasswordRight,
    /// The user logged in again after an hour without a login.
    LoggedInAgain,
}

impl UpdateReason {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeverityRose => "severity_rose",
            Self::PasswordRight => "password_right",
            Self::LoggedInAgain => "logged_in_again",
        }
    }
}

/// How many messages are sent, and whether any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportingPolicy {
    /// The largest number of messages about an address in a UTC day.
    pub address_limit: u32,
    /// The largest number of messages about incidents in an hour.
    pub hour_limit: u32,
    /// Whether the deployment only observes.
    pub observation: Observation,
}

impl Default for ReportingPolicy {
    fn default() -> Self {
        Self { address_limit: 5, hour_limit: 60, observation: Observation::Off }
    }
}

/// Whether the deployment observes: it finds and stores incidents, and reports them in a digest a day only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observation {
    /// It publishes.
    #[default]
    Off,
    /// It observes until this time.
    Until(DateTime<Utc>),
    /// It observes.
    On,
}

impl Observation {
    /// Whether the deployment observes `now`.
    #[must_use]
    pub fn is_on(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Off => false,
            Self::Until(end) => now < end,
            Self::On => true,
        }
    }
}
