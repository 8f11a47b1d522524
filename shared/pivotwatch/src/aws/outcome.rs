//! What a CloudTrail record comes to, in the terms in which [`crate::entra`] says it of a sign-in.

use crate::detection::Login;

/// What one CloudTrail record came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailOutcome {
    /// A console login that succeeded, from an address.
    Login(Box<Login>),
    /// A record in order that is no such login.
    Ignored(TrailIgnored),
    /// A record that cannot be used.
    Rejected(TrailRejected),
}

/// Why a record in order is no successful console login from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrailIgnored {
    /// Another event (`SwitchRole`, `CheckMfa`, …).
    NotAConsoleLogin,
    /// A login that did not succeed, or does not say so.
    NotSuccessful,
    /// From no address: an AWS service's host name, `AWS Internal`.
    NoAddress,
}

impl TrailIgnored {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAConsoleLogin => "not_a_console_login",
            Self::NotSuccessful => "not_successful",
            Self::NoAddress => "login_without_address",
        }
    }
}

/// Why a record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrailRejected {
    /// A login without a time that can be read.
    NoTime,
    /// JSON that is no CloudTrail record.
    NotARecord,
    /// No JSON object.
    Malformed,
    /// Longer than a record may be.
    TooLong,
    /// Nested deeper than a record may be.
    TooDeep,
}

impl TrailRejected {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTime => "login_without_time",
            Self::NotARecord => "not_a_record",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
        }
    }
}
