//! The outcomes of a CloudTrail record, named as those of a sign-in in [`crate::entra`].

use crate::detection::{FailedLogin, Login};

/// The outcome of one CloudTrail record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailOutcome {
    /// A console login that succeeded, from an address.
    Login(Box<Login>),
    /// A console login that failed, from an address.
    FailedLogin(FailedLogin),
    /// A valid record that is neither.
    Ignored(TrailIgnored),
    /// A record that cannot be used.
    Rejected(TrailRejected),
}

/// Why a valid record is no console login from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrailIgnored {
    /// Another event (`SwitchRole`, `CheckMfa`, …).
    NotAConsoleLogin,
    /// A login that neither succeeded nor failed.
    NoResult,
    /// A login without an IP address, such as `AWS Internal` or an AWS service's host name.
    NoAddress,
}

impl TrailIgnored {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAConsoleLogin => "not_a_console_login",
            Self::NoResult => "login_without_result",
            Self::NoAddress => "login_without_address",
        }
    }
}

/// Why a record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrailRejected {
    /// A login without a valid time.
    NoTime,
    /// A login without an address, or with an invalid one, such as one with leading zeros.
    BadAddress,
    /// A login whose result a tool removed, or wrote in a notation that is not known.
    UnknownResult,
    /// A login within an object of another source than AWS: another application may have written it.
    OtherSource,
    /// A JSON object that is no CloudTrail record.
    NotARecord,
    /// Not a JSON object.
    Malformed,
    /// Longer than the limit on records.
    TooLong,
    /// Nested deeper than the limit.
    TooDeep,
}

impl TrailRejected {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTime => "login_without_time",
            Self::BadAddress => "login_with_bad_address",
            Self::UnknownResult => "login_with_unknown_result",
            Self::OtherSource => "login_of_other_source",
            Self::NotARecord => "not_a_record",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
        }
    }

    /// Whether the record is a console login that another export could have whole.
    #[must_use]
    pub const fn is_lost_login(self) -> bool {
        match self {
            Self::NoTime | Self::BadAddress | Self::UnknownResult | Self::OtherSource => true,
            Self::NotARecord | Self::Malformed | Self::TooLong | Self::TooDeep => false,
        }
    }
}
