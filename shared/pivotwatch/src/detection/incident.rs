//! An incident: console logins that match, grouped as the rule groups them, and what is derived from them.
//!
//! An [`Incident`] holds facts alone, and two findings of it are joined. Everything that people read beside the facts
//! (severity, signals, every number) is an [`IncidentReport`], which [`super::evidence::FailureIndex::report`] derives from
//! the joined facts and the tallies. Derived values are never joined: what more facts take back would stay.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::address::Address;
use super::day::Day;
use super::login::{Login, is_federated, is_root};
use super::rule::REASON;
use super::sample::{Sample, hash};
use super::source::Source;
use super::tally::rounded;

/// The namespace of incident ids; itself the name-based id of the rule's identifier in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x0b93_8f1c_5d5e_5a53_9f6e_0c1d_6f6f_35a4);

/// Logins that an incident lists, earliest first. The records of all of them stay in the store.
pub const LOGINS_LISTED: usize = 50;

/// Logins up to which an incident knows their number exactly; above, the number is an estimate.
pub const LOGINS_COUNTED: usize = 256;

/// Users that a report lists of each source.
pub const USERS_LISTED: usize = 64;

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
    /// [`Severity::Medium`] as in the rule, unless there is a signal.
    #[must_use]
    pub fn of(signals: &BTreeSet<Signal>) -> Self {
        if signals.is_empty() { Self::Medium } else { Self::High }
    }

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
    /// A tally dropped names of users, and none that it kept is the AWS user's: [`Signal::SameUser`] is undecided.
    /// False alarms: logins from the address of an organisation in which thousands of users fail in a day.
    UsersNotRemembered,
}

impl Signal {
    /// What a responder reads.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Root => "the root user logged in",
            Self::SameUser => "the AWS user has the name of an Entra user who failed from this address",
            Self::UsersNotRemembered => {
                "more Entra users failed from this address than can be remembered, so the AWS user may be one of them"
            }
        }
    }
}

/// The failures of one source around an incident: from the rule's window before its first login to the window after its
/// last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFailures {
    /// How many: exact unless `count_estimated`.
    pub count: u64,
    /// Whether `count` and `error_codes` are estimates, because an hour had more failures than a tally keeps.
    #[serde(default)]
    pub count_estimated: bool,
    /// Whether this source exceeded the threshold for one of the logins.
    pub exceeded: bool,
    /// The first of them.
    pub first: DateTime<Utc>,
    /// The last of them.
    pub last: DateTime<Utc>,
    /// Failures by result code.
    pub error_codes: BTreeMap<String, u64>,
    /// Users who failed on the days concerned, at most [`USERS_LISTED`], those with the AWS user's name first.
    pub users: BTreeSet<String>,
    /// How many users there were, at most `count`: exact unless `users_estimated`.
    pub users_total: u64,
    /// Whether `users_total` is an estimate, because there were more users than a tally keeps, or than `count` estimates
    /// failures.
    #[serde(default)]
    pub users_estimated: bool,
}

/// A login in an incident. Earlier logins compare less.
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

/// The logins of an incident, in bounded space: the earliest by reference, and a sample that counts all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchedLogins {
    listed: BTreeSet<LoginReference>,
    counted: Sample<LOGINS_COUNTED, ()>,
}

impl MatchedLogins {
    /// The logins as they were stored. Listed logins are counted whether or not `counted` has them.
    #[must_use]
    pub fn restore(listed: impl IntoIterator<Item = LoginReference>, counted: Sample<LOGINS_COUNTED, ()>) -> Self {
        let mut logins = Self { listed: BTreeSet::new(), counted };
        listed.into_iter().for_each(|login| logins.add(login));
        logins
    }

    fn add(&mut self, login: LoginReference) {
        self.counted.add(hash(&[&login.time.to_rfc3339(), &login.event_id]), ());
        self.listed.insert(login);
        if self.listed.len() > LOGINS_LISTED {
            self.listed.pop_last();
        }
    }

    fn join(&mut self, other: Self) {
        self.counted.merge(&other.counted);
        self.listed.extend(other.listed);
        while self.listed.len() > LOGINS_LISTED {
            self.listed.pop_last();
        }
    }

    /// The earliest logins, at most [`LOGINS_LISTED`].
    #[must_use]
    pub const fn listed(&self) -> &BTreeSet<LoginReference> {
        &self.listed
    }

    /// What counts the logins.
    #[must_use]
    pub const fn counted(&self) -> &Sample<LOGINS_COUNTED, ()> {
        &self.counted
    }

    /// How many logins there are: exact unless [`MatchedLogins::is_estimated`].
    #[must_use]
    pub fn total(&self) -> u64 {
        rounded(self.counted.estimate())
    }

    /// Whether [`MatchedLogins::total`] is an estimate, which it is above [`LOGINS_COUNTED`] logins.
    #[must_use]
    pub fn is_estimated(&self) -> bool {
        self.counted.is_saturated()
    }
}

/// Console logins that match, grouped as the rule groups them: facts, and nothing that is derived.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The rule's `StartTime`: the first matching login.
    pub start_time: DateTime<Utc>,
    /// The rule's `EndTime`: the last matching login.
    pub end_time: DateTime<Utc>,
    /// The matching logins.
    pub logins: MatchedLogins,
    /// The sources that exceeded the threshold for one of the logins. More facts never take a source away.
    pub exceeded: BTreeSet<Source>,
}

impl Incident {
    /// The incident that `login` is, for which `exceeded` are the sources above the threshold.
    #[must_use]
    pub fn of(login: &Login, exceeded: BTreeSet<Source>) -> Self {
        let columns = Columns::of(login);
        let account_id = if login.recipient_account_id.is_empty() {
            &login.user_identity_account_id
        } else {
            &login.recipient_account_id
        };
        let mut logins = MatchedLogins::default();
        logins.add(LoginReference::of(login));
        Self {
            id: columns.id(login.day()),
            day: login.day(),
            account_id: account_id.clone(),
            user_identity_arn: login.user_identity_arn.clone(),
            columns,
            start_time: login.time,
            end_time: login.time,
            logins,
            exceeded,
        }
    }

    /// Joins another finding of the same incident. Nothing that either knows is lost; joining is idempotent,
    /// commutative and associative.
    pub fn join(&mut self, other: Self) {
        self.account_id = std::mem::take(&mut self.account_id).max(other.account_id);
        self.user_identity_arn = std::mem::take(&mut self.user_identity_arn).max(other.user_identity_arn);
        self.start_time = self.start_time.min(other.start_time);
        self.end_time = self.end_time.max(other.end_time);
        self.logins.join(other.logins);
        self.exceeded.extend(other.exceeded);
    }

    /// Whether another system authenticated the user, so that `MFAUsed` has no meaning.
    #[must_use]
    pub fn is_federated(&self) -> bool {
        is_federated(&self.columns.user_identity_type)
    }

    /// Whether the root user logged in.
    #[must_use]
    pub fn is_root(&self) -> bool {
        is_root(&self.columns.user_identity_type)
    }
}

/// What people read of an incident: the facts, and what is derived from them and from the tallies around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentReport {
    /// The facts.
    pub incident: Incident,
    /// The failures around the logins, by source.
    pub failures: BTreeMap<Source, SourceFailures>,
    /// What makes the incident more urgent than the rule says.
    pub signals: BTreeSet<Signal>,
}

impl IncidentReport {
    /// [`Severity::of`] the signals.
    #[must_use]
    pub fn severity(&self) -> Severity {
        Severity::of(&self.signals)
    }
}

#[cfg(test)]
mod tests;
