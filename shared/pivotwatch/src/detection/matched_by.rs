//! Whether an incident matches the failures of an address, as in the rule, or of an IPv6 network.

use serde::{Deserialize, Serialize};

/// Whose failures the logins of an incident match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// Those of their address, as in the rule.
    Address,
    /// Those of their IPv6 network.
    Network,
}

impl MatchedBy {
    /// The name in records, JSON and message attributes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
        }
    }

    /// What a sentence calls the incident's address.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Address => "IP address",
            Self::Network => "network",
        }
    }
}
