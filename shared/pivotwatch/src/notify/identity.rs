//! The kind of an AWS identity, which decides what a responder does first.

use crate::detection::Incident;

/// The kind of the identity that logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdentityKind {
    IamUser,
    Root,
    IdentityCenter,
    Role,
    Federated,
    Unknown,
}

impl IdentityKind {
    /// The kind of an incident's user.
    pub(super) fn of(incident: &Incident) -> Self {
        let kind = &incident.columns.user_identity_type;
        let is = |name: &str| kind.eq_ignore_ascii_case(name);
        if incident.is_root() {
            Self::Root
        } else if is("IAMUser") {
            Self::IamUser
        } else if is("IdentityCenterUser") || incident.user_identity_arn.contains(":assumed-role/AWSReservedSSO_") {
            Self::IdentityCenter
        } else if is("AssumedRole") {
            Self::Role
        } else if incident.is_federated() {
            Self::Federated
        } else {
            Self::Unknown
        }
    }

    /// The name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::IamUser => "IAM user",
            Self::Root => "root user",
            Self::IdentityCenter => "Identity Center user",
            Self::Role => "session of a role",
            Self::Federated => "federated user",
            Self::Unknown => "identity of an unknown kind",
        }
    }

    /// The part of the sentence "… logged in", with the user's name in its form for the reader.
    pub(super) fn subject(self, name: &str) -> String {
        match self {
            Self::IamUser => format!("IAM user {name}"),
            Self::Root => "The root user".to_owned(),
            Self::IdentityCenter => format!("Identity Center user {name}"),
            Self::Role => format!("A role's session {name}"),
            Self::Federated => format!("Federated user {name}"),
            Self::Unknown => format!("The user {name}"),
        }
    }
}
