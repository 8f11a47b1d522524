//! A failed console login.

use chrono::{DateTime, Utc};

use super::address::Address;
use super::sample::hash;

/// A `ConsoleLogin` that failed, from an address. The rule does not count it: it shows a responder what preceded a
/// login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLogin {
    /// CloudTrail's `eventID`, the same in EventBridge's event and in the log file.
    pub event_id: String,
    /// CloudTrail's `eventTime`, in whole seconds.
    pub time: DateTime<Utc>,
    /// `sourceIPAddress`.
    pub source_ip_address: Address,
    /// The rule's name for the user, with the suffix after an `@`. Empty where CloudTrail hides it, because the account
    /// has no such user.
    pub user: String,
}

impl FailedLogin {
    /// Equal in all records of the same failed login.
    #[must_use]
    pub fn identity(&self) -> u64 {
        hash(&["login", &self.event_id])
    }
}
