//! What the security team is told of, and how two findings of it become one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::address::Address;
use super::day::Day;
use super::login::Login;
use super::rule::REASON;
use super::sample::hash;
use super::source::Source;
use super::tally::{Names, join_codes};

/// The namespace of incident ids; itself the name-based id of the rule's identifier in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x0b93_8f1c_5d5e_5a53_9f6e_0c1d_6f6f_35a4);

/// Logins that an incident lists, earliest first. Some scripts log in all day; the records of all of them stay.
pub const LOGINS_LISTED: usize = 500;

/// The rule's eleven columns: two logins that agree in all of them are one incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are the rule's columns, by its names")]
pub struct Columns {
    pub reason: String,
    pub login_result: String,
    pub event_type_name: String,
    pub user_identity_type: String,
    pub recipient_account_id: String,
    pub account_name: String,
    pub account_upn_suffix: String,
    pub aws_region: String,
    pub source_ip_address: Address,
    pub user_agent: String,
    pub mfa_used: String,
}

impl Columns {
    /// The columns of a login that matches.
    #[must_use]
    pub fn of(login: &Login) -> Self {
        Self {
            reason: REASON.to_owned(),
            login_result: login.login_result.clone(),
            event_type_name: login.event_type_name.clone(),
            user_identity_type: login.user_identity_type.clone(),
            recipient_account_id: login.recipient_account_id.clone(),
            account_name: login.account_name.clone(),
            account_upn_suffix: login.account_upn_suffix.clone(),
            aws_region: login.aws_region.clone(),
            source_ip_address: login.source_ip_address,
            user_agent: login.user_agent.clone(),
            mfa_used: login.mfa_used.clone(),
        }
    }

    /// The id of the incident with these columns on `day`: a function of nothing else, so that whoever finds it,
    /// whenever, calls it the same.
    #[must_use]
    pub fn id(&self, day: Day) -> Uuid {
        let address = self.source_ip_address.to_string();
        let day = day.to_string();
        let texts = [
            &self.reason,
            &self.login_result,
            &self.event_type_name,
            &self.user_identity_type,
            &self.recipient_account_id,
            &self.account_name,
            &self.account_upn_suffix,
            &self.aws_region,
            &address,
            &self.user_agent,
            &self.mfa_used,
            &day,
        ];
        // Each text with its length, so that no two lists of texts spell the same name.
        let mut name = Vec::new();
        for text in texts {
            name.extend_from_slice(&(text.len() as u64).to_be_bytes());
            name.extend_from_slice(text.as_bytes());
        }
        Uuid::new_v5(&NAMESPACE, &name)
    }
}

/// How urgent an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// The rule's own.
    Medium,
    /// Raised by a [`Signal`].
    High,
}

impl Severity {
    /// The word for it in mails, records and message attributes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Medium => "Medium",
            Self::High => "High",
        }
    }
}

/// Something beyond the rule that makes an incident more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// The root user logged in.
    Root,
    /// The AWS user bears the name of an Entra user who failed from the same address.
    SameUser,
}

impl Signal {
    /// What a responder reads.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Root => "the root user logged in",
            Self::SameUser => "the AWS user has the name of an Entra user who failed from this address",
        }
    }
}

/// The failures of one source within the rule's window of the incident's logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFailures {
    /// How many; estimated when an hour had more than a tally keeps.
    pub count: u64,
    /// Whether this source exceeded the threshold for one of the logins.
    pub exceeded: bool,
    /// The first of them.
    pub first: DateTime<Utc>,
    /// The last of them.
    pub last: DateTime<Utc>,
    /// Failures by result code.
    pub error_codes: BTreeMap<String, u64>,
    /// Users who failed on the days concerned, as many of them as a tally keeps.
    pub users: BTreeSet<String>,
    /// How many users there were, estimated when there were more than a tally keeps.
    pub users_total: u64,
}

impl SourceFailures {
    fn join(&mut self, other: Self) {
        self.count = self.count.max(other.count);
        self.exceeded |= other.exceeded;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        join_codes(&mut self.error_codes, other.error_codes);
        self.users = listed(std::mem::take(&mut self.users).into_iter().chain(other.users));
        self.users_total = self.users_total.max(other.users_total);
    }
}

/// A login in an incident: earliest first, and the same whichever way it was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoginReference {
    /// When.
    pub time: DateTime<Utc>,
    /// CloudTrail's `eventID`.
    pub event_id: String,
}

impl LoginReference {
    /// The reference to `login`.
    #[must_use]
    pub fn of(login: &Login) -> Self {
        Self { time: login.time, event_id: login.event_id.clone() }
    }
}

/// Console logins that match, grouped as the rule groups them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// [`Columns::id`].
    pub id: Uuid,
    /// The UTC day of its logins.
    pub day: Day,
    /// What its logins have in common.
    pub columns: Columns,
    /// The account to show: `recipient_account_id`, or else the identity's own.
    pub account_id: String,
    /// The user's ARN.
    pub user_identity_arn: String,
    /// Whether CloudTrail can know of a second factor: see [`Login::is_federated`].
    pub is_federated: bool,
    /// The rule's `StartTime`: the first matching login.
    pub start_time: DateTime<Utc>,
    /// The rule's `EndTime`: the last matching login.
    pub end_time: DateTime<Utc>,
    /// The matching logins, at most [`LOGINS_LISTED`] of them.
    pub logins: BTreeSet<LoginReference>,
    /// The failures that made them match, and those of the other sources beside them.
    pub failures: BTreeMap<Source, SourceFailures>,
    /// What makes it more urgent than the rule says.
    pub signals: BTreeSet<Signal>,
}

impl Incident {
    /// [`Severity::Medium`] as in the rule, unless there is a signal.
    #[must_use]
    pub fn severity(&self) -> Severity {
        if self.signals.is_empty() { Severity::Medium } else { Severity::High }
    }

    /// Joins another finding of the same incident. Nothing that either knows is lost; joining is idempotent,
    /// commutative and associative.
    pub fn join(&mut self, other: Self) {
        self.account_id = std::mem::take(&mut self.account_id).max(other.account_id);
        self.user_identity_arn = std::mem::take(&mut self.user_identity_arn).max(other.user_identity_arn);
        self.is_federated |= other.is_federated;
        self.start_time = self.start_time.min(other.start_time);
        self.end_time = self.end_time.max(other.end_time);
        self.logins = earliest(std::mem::take(&mut self.logins).into_iter().chain(other.logins));
        for (source, theirs) in other.failures {
            match self.failures.entry(source) {
                std::collections::btree_map::Entry::Occupied(mut ours) => ours.get_mut().join(theirs),
                std::collections::btree_map::Entry::Vacant(none) => {
                    none.insert(theirs);
                }
            }
        }
        self.signals.extend(other.signals);
    }
}

/// The logins to list of all that are known: the earliest. Which they are does not depend on the order in which they became
/// known, so that joining stays a join.
pub(crate) fn earliest(all: impl IntoIterator<Item = LoginReference>) -> BTreeSet<LoginReference> {
    let mut kept: BTreeSet<_> = all.into_iter().collect();
    while kept.len() > LOGINS_LISTED {
        kept.pop_last();
    }
    kept
}

/// The users to list of all that are known: those that a tally keeps, by their hashes. By any other order a user could be
/// listed or not depending on whether the tally had forgotten them by then.
pub(crate) fn listed(all: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let mut names = Names::default();
    for name in all {
        names.add(hash(&[&name]), name);
    }
    names.entries().map(|(_, name)| name.clone()).collect()
}
