//! The kinds of user that log in to the console, as CloudTrail records them.

use std::fmt;

use serde_json::{Map, Value, json};

/// A `userIdentity`, and the resource that replaces a missing ARN. An empty text is a missing field.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "they are CloudTrail's fields")]
pub struct Identity {
    pub kind: &'static str,
    pub principal_id: &'static str,
    pub user_name: &'static str,
    pub arn: &'static str,
    pub resource_arn: &'static str,
}

const NOBODY: Identity = Identity { kind: "", principal_id: "", user_name: "", arn: "", resource_arn: "" };

/// One identity of each kind.
pub const IDENTITIES: [Identity; 12] = [
    Identity {
        kind: "IAMUser",
        principal_id: "AIDAEXAMPLE",
        user_name: "alice",
        arn: "arn:aws:iam::111122223333:user/alice",
        ..NOBODY
    },
    Identity { kind: "Root", principal_id: "111122223333", arn: "arn:aws:iam::111122223333:root", ..NOBODY },
    // Identity Center.
    Identity {
        kind: "AssumedRole",
        principal_id: "AROAEXAMPLE:alice@contoso.example",
        arn: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@contoso.example",
        ..NOBODY
    },
    // SAML.
    Identity {
        kind: "AssumedRole",
        principal_id: "AROAEXAMPLE:bob",
        arn: "arn:aws:sts::111122223333:assumed-role/Ops/bob",
        ..NOBODY
    },
    Identity {
        kind: "FederatedUser",
        principal_id: "111122223333:carol",
        arn: "arn:aws:sts::111122223333:federated-user/carol",
        ..NOBODY
    },
    Identity { kind: "SAMLUser", principal_id: "SAMLEXAMPLE:dave", user_name: "dave@contoso.example", ..NOBODY },
    Identity { kind: "WebIdentityUser", principal_id: "accounts.example:42", user_name: "erin", ..NOBODY },
    Identity { kind: "Unknown", principal_id: "Anonymous", user_name: "alice", ..NOBODY },
    // A user in a path, whose name is an address with two signs.
    Identity {
        kind: "IAMUser",
        principal_id: "AIDAEXAMPLE",
        arn: "arn:aws:iam::111122223333:user/ops/frank@a@b",
        ..NOBODY
    },
    Identity { kind: "AssumedRole", resource_arn: "arn:aws:iam::111122223333:role/Ops", ..NOBODY },
    Identity { kind: "IAMUser", user_name: "HIDDEN_DUE_TO_SECURITY_REASONS", ..NOBODY },
    NOBODY,
];

impl Identity {
    /// The `userIdentity`.
    #[must_use]
    pub fn user_identity(&self) -> Value {
        let fields = [
            ("type", self.kind),
            ("principalId", self.principal_id),
            ("userName", self.user_name),
            ("arn", self.arn),
            ("accountId", "111122223333"),
        ];
        let present = fields.into_iter().filter(|(_, text)| !text.is_empty());
        Value::Object(present.map(|(name, text)| (name.to_owned(), json!(text))).collect::<Map<_, _>>())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, principal_id, user_name, arn, resource_arn } = self;
        write!(f, "{kind} {principal_id:?} {user_name:?} {arn:?} {resource_arn:?}")
    }
}
