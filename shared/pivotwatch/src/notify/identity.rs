//! The kind of an AWS identity, which decides what a responder does first.

use crate::detection::Incident;

/// The kind of the identity that logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdentityKind {
    IamUser,
    Root,
    IdentityCenter,
    Role,
    /// A session that an IAM user's access keys created, with `GetFederationToken`.
    KeysSession,
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
        } else if is("FederatedUser") {
            Self::KeysSession
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
            Self::KeysSession | Self::Federated => "federated user",
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
            Self::KeysSession | Self::Federated => format!("Federated user {name}"),
            Self::Unknown => format!("The user {name}"),
        }
    }

    /// The first step: whom a responder calls, and what to ask. `place` is what the incident's address is called.
    pub(super) fn call(self, place: &str) -> String {
        let person = match self {
            Self::Root => "the owner of the account's root user",
            Self::Role | Self::KeysSession | Self::Unknown => "the person or team to whom this identity belongs",
            Self::IamUser | Self::IdentityCenter | Self::Federated => "the user",
        };
        format!("Call {person} (by phone, not by mail): did you log in, and from this {place}?")
    }

    /// How a responder stops the identity, in an account that is named in its form for the reader.
    pub(super) fn containment(self, account: &str) -> String {
        match self {
            Self::IamUser => format!("With credentials for {account}, attach the policy AWSDenyAll to the user."),
            Self::Root => format!(
                "Deny everything to the root user of {account} by a policy of the organisation (SCP), with credentials \
                 for the management account. No policy binds the management account's own root user. Then, as root, \
                 change the password and the second factor, and delete the access keys."
            ),
            Self::IdentityCenter => format!(
                "Deny everything to the user in {account} by a policy of the organisation (SCP), with credentials for \
                 the management account: the open AWS session continues without it. Then disable the user in Entra \
                 ID. In the console of Identity Center, choose Disable user access, and delete the active sessions."
            ),
            Self::Role => format!(
                "First disable the user in the system that signed them in. Then, in the IAM console of {account}, \
                 open the role, and choose Revoke sessions. {OTHERS}"
            ),
            Self::KeysSession => format!(
                "The access keys of an IAM user created this session. With credentials for {account}, find the user \
                 in CloudTrail's event GetFederationToken, and attach the policy AWSDenyAll to the user. The session \
                 has no more rights than that user."
            ),
            Self::Federated => format!(
                "First disable the user in the system that signed them in. CloudTrail's event AssumeRoleWithSAML or \
                 AssumeRoleWithWebIdentity names the role. Then, in the IAM console of {account}, open the role, and \
                 choose Revoke sessions. {OTHERS}"
            ),
            Self::Unknown => format!(
                "First disable the user in the system that signed them in, such as a directory. Then, in the IAM \
                 console of {account}, open the role which that system gives the user, and choose Revoke sessions. \
                 {OTHERS}"
            ),
        }
    }
}

/// What else ends with the sessions of a role.
const OTHERS: &str = "That ends the sessions of all users of the role; the others can sign in again.";
