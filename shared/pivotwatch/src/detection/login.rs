//! A successful console login.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::address::Address;
use super::day::Day;

/// A `ConsoleLogin` that succeeded, from an address. Texts are CloudTrail's; a missing text is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// CloudTrail's `eventID`, the same in EventBridge's event and in the log file.
    pub event_id: String,
    /// CloudTrail's `eventTime`, in whole seconds.
    pub time: DateTime<Utc>,
    /// `sourceIPAddress`.
    pub source_ip_address: Address,
    /// `responseElements.ConsoleLogin`: `Success`, in any case.
    pub login_result: String,
    /// `eventType`.
    pub event_type_name: String,
    /// `userIdentity.type`.
    pub user_identity_type: String,
    /// `userIdentity.arn`.
    pub user_identity_arn: String,
    /// `userIdentity.accountId`, which replaces a missing `recipientAccountId`.
    pub user_identity_account_id: String,
    /// `recipientAccountId`.
    pub recipient_account_id: String,
    /// The rule's name for the user.
    pub account_name: String,
    /// The rule's suffix of that name.
    pub account_upn_suffix: String,
    /// `awsRegion`, which can be `global`.
    pub aws_region: String,
    /// `userAgent`, which the client chooses.
    pub user_agent: String,
    /// `additionalEventData.MFAUsed`: `Yes`, `No`, `YES`, or nothing.
    pub mfa_used: String,
}

impl Login {
    /// The UTC day of the login, a part of its key.
    #[must_use]
    pub fn day(&self) -> Day {
        Day::of(self.time)
    }

    /// Whether the root user logged in.
    #[must_use]
    pub fn is_root(&self) -> bool {
        is_root(&self.user_identity_type)
    }

    /// Whether another system authenticated the user. CloudTrail then does not know whether MFA was used, and its
    /// `MFAUsed` of `No` has no meaning.
    #[must_use]
    pub fn is_federated(&self) -> bool {
        is_federated(&self.user_identity_type)
    }
}

/// Whether a `userIdentity.type` is the root user's.
pub(crate) fn is_root(user_identity_type: &str) -> bool {
    user_identity_type.eq_ignore_ascii_case("Root")
}

/// Whether a `userIdentity.type` is one of users whom another system authenticated.
pub(crate) fn is_federated(user_identity_type: &str) -> bool {
    ["AssumedRole", "FederatedUser", "SAMLUser", "WebIdentityUser"]
        .iter()
        .any(|federated| user_identity_type.eq_ignore_ascii_case(federated))
}
