//! The kinds of sign-in that Entra logs separately, and that the rule compares with the threshold separately.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The log of a failure. Each source is compared with the threshold alone; failures of two sources are never added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A person at a prompt: the rule's table `SigninLogs`.
    Interactive,
    /// A client on a person's behalf: the rule's table `AADNonInteractiveUserSignInLogs`.
    NonInteractive,
    /// An application with its own credentials. Not in the rule.
    ServicePrincipal,
    /// An Azure resource's identity. Not in the rule.
    ManagedIdentity,
    /// Active Directory Federation Services. Not in the rule.
    Adfs,
}

/// The error for a text that is not the name of a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a source; the sources are interactive, non_interactive, service_principal, managed_identity and adfs"
)]
pub struct UnknownSource(String);

impl Source {
    /// All sources, in the order of display.
    pub const ALL: [Self; 5] =
        [Self::Interactive, Self::NonInteractive, Self::ServicePrincipal, Self::ManagedIdentity, Self::Adfs];

    /// The name in keys, settings, metrics and mails.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::NonInteractive => "non_interactive",
            Self::ServicePrincipal => "service_principal",
            Self::ManagedIdentity => "managed_identity",
            Self::Adfs => "adfs",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|source| source.name() == text).ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored records, settings and metrics have these names.
    #[test]
    fn a_source_keeps_its_name_and_is_parsed_from_it() {
        let names = ["interactive", "non_interactive", "service_principal", "managed_identity", "adfs"];
        assert_eq!(Source::ALL.map(Source::name), names);
        for (name, source) in names.into_iter().zip(Source::ALL) {
            assert_eq!((name.parse(), source.to_string()), (Ok(source), name.to_owned()));
        }
        for name in ["", "Interactive", "interactive ", "guest"] {
            assert_eq!(name.parse::<Source>(), Err(UnknownSource(name.to_owned())));
        }
    }
}
