//! What a responder asks next about the failures around an incident. Which users had which kind of result? Who else
//! signed in? Where in Entra ID are the records?

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::result_code::CodeClass;

/// The largest number of users that a report lists for each class of result codes.
pub const USERS_A_CLASS: usize = 8;

/// The largest number of users whose history a report has.
pub const HISTORIES: usize = 16;

/// The context of an incident. Derived from the tallies of the days with failures near its logins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Users by the class of a result code that they had, at most [`USERS_A_CLASS`] each. The AWS user's namesakes come
    /// first, then the users with the smallest hashes. Of more than some 200 users a day, it is a sample. The class
    /// `password_right` is complete while the tally has at most 16 users of it.
    pub users_by_class: BTreeMap<CodeClass, Vec<String>>,
    /// Histories of users, at most [`HISTORIES`]: the AWS user's namesakes, those whose password was right, others.
    pub users: Vec<UserHistory>,
    /// The number of users who signed in successfully, as far as the exports of the failures show: a lower bound.
    pub users_succeeded: u64,
    /// Whether `users_succeeded` is an estimate, because there are more users than a tally keeps.
    pub users_succeeded_estimated: bool,
    /// The ids of the tenants whose users failed.
    pub tenants: BTreeSet<String>,
    /// Failures to look up in Entra ID. The first near the incident is the first. Then come those with a right
    /// password, also outside the window on the same days, and the first of each tally.
    pub references: Vec<ReferencedFailure>,
    /// Failed console logins, from one window before the first login to the last; `None` if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_logins: Option<FailedLogins>,
}

/// What an Entra user did at the address, on the days with failures near the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserHistory {
    /// The name in lower case.
    pub user: String,
    /// The number of failures near the incident: a lower bound if `failures_incomplete`.
    pub failures: u64,
    /// Whether a tally dropped failures or their users.
    pub failures_incomplete: bool,
    /// The first of these failures; `None` if there is none, or if it was dropped.
    pub first_failure: Option<DateTime<Utc>>,
    /// Whether the user also signed in successfully.
    pub succeeded: bool,
    /// The first success; `None` without one, or if the export leaves its time open.
    pub first_success: Option<DateTime<Utc>>,
}

/// A failure, and what finds it in Entra's sign-in log and in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReferencedFailure {
    /// The time.
    pub time: DateTime<Utc>,
    /// The result code.
    pub code: String,
    /// The user's name in lower case.
    pub user: String,
    /// Entra's request id.
    pub request_id: String,
    /// Entra's correlation id.
    pub correlation_id: String,
    /// The key of the object that has the record.
    pub export: String,
}

/// Failed console logins of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedLogins {
    /// The number: exact unless `count_estimated`.
    pub count: u64,
    /// Whether `count` is an estimate, because an hour has more than a tally keeps.
    pub count_estimated: bool,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
    /// The users named, at most [`USERS_A_CLASS`], those with the smallest hashes.
    pub users: Vec<String>,
}
