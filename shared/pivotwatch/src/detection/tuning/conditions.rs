//! The conditions of an entry: all that are named must hold.

use std::collections::BTreeSet;

use super::network::Networks;
use super::pattern::Patterns;
use crate::detection::account::full_name;
use crate::detection::login::Login;
use crate::detection::profile::Profile;
use crate::detection::result_code::{self, CodeClass, classes};
use crate::detection::rule::Rule;
use crate::detection::source::Source;
use crate::detection::tally::KnownFailure;

/// The values for which a condition holds; `None` if it holds for all.
type OneOf<T> = Option<BTreeSet<T>>;

/// The conditions on failures of an address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailureConditions {
    /// `cidr`.
    pub networks: Networks,
    /// `user`.
    pub user: Patterns,
    /// `app`.
    pub app: Patterns,
    /// `operation`.
    pub operation: Patterns,
    /// `client_app`.
    pub client_app: Patterns,
    /// `user_agent`.
    pub user_agent: Patterns,
    /// `code`: result codes.
    pub codes: OneOf<String>,
    /// `code_class`: a class of the result code.
    pub classes: OneOf<CodeClass>,
    /// `source`.
    pub sources: OneOf<Source>,
}

impl FailureConditions {
    /// Whether all conditions but the one on the address hold. A value that is not known meets no condition.
    #[must_use]
    pub fn hold(&self, failure: &KnownFailure<'_>, source: Source) -> bool {
        let texts = failure.profile.map(Profile::texts);
        let text = |number: usize| texts.and_then(|texts| texts.get(number).copied());
        let all_codes = self.codes.is_none() && self.classes.is_none();
        self.sources.as_ref().is_none_or(|sources| sources.contains(&source))
            && (all_codes || failure.code.is_some_and(|code| self.hold_for_code(code)))
            && self.patterns().iter().enumerate().all(|(number, patterns)| patterns.match_known(text(number)))
    }

    /// The conditions on texts, in the order of [`Profile::texts`].
    const fn patterns(&self) -> [&Patterns; 5] {
        [&self.user, &self.app, &self.client_app, &self.operation, &self.user_agent]
    }

    /// Whether the conditions select few failures. A source alone does not: it is a log of the whole tenant.
    #[must_use]
    pub fn are_selective(&self) -> bool {
        self.networks.are_narrow()
            || self.patterns().iter().any(|patterns| patterns.are_selective())
            || self.select_few_codes()
    }

    /// Whether the conditions on the code hold for at most half of the codes that the table has for failures.
    fn select_few_codes(&self) -> bool {
        let failures = || result_code::all().map(|row| row.code).filter(|code| Rule::is_failure(code));
        failures().filter(|code| self.hold_for_code(code)).count() * 2 <= failures().count()
    }

    fn hold_for_code(&self, code: &str) -> bool {
        self.codes.as_ref().is_none_or(|codes| codes.contains(code))
            && self.classes.as_ref().is_none_or(|of| classes(code).any(|class| of.contains(&class)))
    }
}

/// The conditions on logins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoginConditions {
    /// `cidr`.
    pub networks: Networks,
    /// `principal`: the ARN, the rule's account name, or that name with its suffix.
    pub principal: Patterns,
    /// `account`: the id of the AWS account.
    pub account: Patterns,
    /// `region`.
    pub region: Patterns,
    /// `user_agent`.
    pub user_agent: Patterns,
}

impl LoginConditions {
    /// Whether all conditions but the one on the address hold.
    #[must_use]
    pub fn hold(&self, login: &Login) -> bool {
        let Login { account_name, account_upn_suffix, .. } = login;
        self.principal.match_one(&[
            &login.user_identity_arn,
            account_name,
            &full_name(account_name, account_upn_suffix),
        ]) && self.account.match_one(&[login.account_id()])
            && self.region.match_one(&[&login.aws_region])
            && self.user_agent.match_one(&[&login.user_agent])
    }

    /// Whether the conditions select few logins.
    #[must_use]
    pub fn are_selective(&self) -> bool {
        self.networks.are_narrow()
            || [&self.principal, &self.account, &self.region, &self.user_agent]
                .iter()
                .any(|patterns| patterns.are_selective())
    }
}

/// The conditions of a threshold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdConditions {
    /// `cidr`.
    pub networks: Networks,
    /// `source`: the log of the failures.
    pub sources: OneOf<Source>,
}

impl ThresholdConditions {
    /// Whether the threshold is that of a source.
    #[must_use]
    pub fn apply_to(&self, source: Source) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contains(&source))
    }
}
