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

    /// The id of the AWS account: `recipientAccountId` or, without it, the account of the identity.
    #[must_use]
    pub fn account_id(&self) -> &str {
        if self.recipient_account_id.is_empty() { &self.user_identity_account_id } else { &self.recipient_account_id }
    }
}

/// Whether a `userIdentity.type` is the root user's.
pub(crate) fn is_root(user_identity_type: &str) -> bool {
    user_identity_type.eq_ignore_ascii_case("Root")
}

/// Whether a `userIdentity.type` is that of a user whom another system authenticated. CloudTrail does not record the
/// second factor of such a user, so an `MFAUsed` of `No` has no meaning.
pub(crate) fn is_federated(user_identity_type: &str) -> bool {
    ["AssumedRole", "FederatedUser", "SAMLUser", "WebIdentityUser"]
        .iter()
        .any(|federated| user_identity_type.eq_ignore_ascii_case(federated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_identity_is_root_or_federated_or_neither_in_any_case_of_letters() {
        for (user_identity_type, expected) in [
            ("Root", (true, false)),
            ("AssumedRole", (false, true)),
            ("FederatedUser", (false, true)),
            ("SAMLUser", (false, true)),
            ("WebIdentityUser", (false, true)),
            ("IAMUser", (false, false)),
            ("IdentityCenterUser", (false, false)),
            ("AWSAccount", (false, false)),
            ("AWSService", (false, false)),
            ("", (false, false)),
        ] {
            for spelling in [user_identity_type.to_owned(), user_identity_type.to_lowercase()] {
                assert_eq!((is_root(&spelling), is_federated(&spelling)), expected, "{spelling:?}");
            }
        }
    }
}
