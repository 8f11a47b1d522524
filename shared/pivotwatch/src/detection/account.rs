//! The rule's names for the user of a login.

/// The fields of a CloudTrail record from which the rule derives the user's name. A missing field is an empty text, as
/// in KQL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Principal<'a> {
    /// `userIdentity.principalId`.
    pub principal_id: &'a str,
    /// `userIdentity.userName`.
    pub user_name: &'a str,
    /// `userIdentity.arn`.
    pub arn: &'a str,
    /// `resources[0].ARN`, used if `arn` is missing.
    pub resource_arn: &'a str,
}

/// The rule's columns `AccountName` and `AccountUPNSuffix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountName {
    /// The name, up to the first `@`.
    pub name: String,
    /// The text between the first `@` and the second; empty without an `@`.
    pub upn_suffix: String,
}

impl AccountName {
    /// Computes the columns as the rule's KQL does, with `case` and `split`.
    #[must_use]
    pub fn of(principal: &Principal<'_>) -> Self {
        let arn = if principal.arn.is_empty() { principal.resource_arn } else { principal.arn };
        let full = if principal.principal_id == "Anonymous" {
            "Anonymous"
        } else if principal.user_name.is_empty() {
            arn.rsplit('/').next().unwrap_or(arn)
        } else {
            principal.user_name
        };
        let mut parts = full.split('@');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        Self { name: next(), upn_suffix: next() }
    }

    /// The name with its suffix, if it has one.
    #[must_use]
    pub fn full(&self) -> String {
        full_name(&self.name, &self.upn_suffix)
    }
}

/// The user's name as the rule splits it: the name, and after an `@` the suffix if there is one.
#[must_use]
pub fn full_name(name: &str, upn_suffix: &str) -> String {
    if upn_suffix.is_empty() { name.to_owned() } else { format!("{name}@{upn_suffix}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_as_the_rule_names_it() {
        let user =
            Principal { user_name: "alice", arn: "arn:aws:iam::111122223333:user/alice", ..Principal::default() };
        let path = Principal { arn: "arn:aws:iam::111122223333:user/ops/alice", ..Principal::default() };
        let root =
            Principal { principal_id: "111122223333", arn: "arn:aws:iam::111122223333:root", ..Principal::default() };
        let identity_center = Principal {
            principal_id: "AROAEXAMPLE:alice@contoso.example",
            arn: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@contoso.example",
            ..Principal::default()
        };
        let anonymous = Principal { principal_id: "Anonymous", user_name: "alice", ..Principal::default() };
        let resource = Principal { resource_arn: "arn:aws:iam::111122223333:role/Ops", ..Principal::default() };
        let two_signs = Principal { user_name: "a@b@c", ..Principal::default() };

        for (principal, name, upn_suffix) in [
            (user, "alice", ""),
            (path, "alice", ""),
            (root, "arn:aws:iam::111122223333:root", ""),
            (identity_center, "alice", "contoso.example"),
            (anonymous, "Anonymous", ""),
            (resource, "Ops", ""),
            (two_signs, "a", "b"),
            (Principal::default(), "", ""),
        ] {
            let expected = AccountName { name: name.to_owned(), upn_suffix: upn_suffix.to_owned() };
            assert_eq!(AccountName::of(&principal), expected, "{principal:?}");
        }
    }
}
