//! An incident: matching console logins, grouped by the rule's columns, and the values derived from them.
//!
//! An [`Incident`] holds facts only, so two findings of the same incident can be joined. An [`IncidentReport`] adds the
//! derived values (severity, signals, numbers). [`super::failure_index::FailureIndex::report`] computes it from the
//! joined facts and the tallies. Derived values are never joined, since a union would keep a value that further facts
//! disprove.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::address::Address;
use super::context::Context;
use super::day::Day;
use super::login::{Login, is_federated, is_root};
use super::matched_by::MatchedBy;
use super::rule::{NETWORK_REASON, REASON};
use super::sample::{Sample, hash};
use super::signal::{Severity, Signal};
use super::source::Source;
use super::tally::rounded;

/// The namespace of incident ids. It is the name-based id of the rule's identifier in the URL namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x0b93_8f1c_5d5e_5a53_9f6e_0c1d_6f6f_35a4);

/// The largest number of logins that an incident lists, earliest first. The store keeps the records of all logins.
pub const LOGINS_LISTED: usize = 50;

/// The largest number of logins that an incident counts exactly. Beyond, their number is an estimate.
pub const LOGINS_COUNTED: usize = 256;

/// The largest number of users that a report lists for each source.
pub const USERS_LISTED: usize = 64;

/// The largest number of applications that a report lists for each source.
pub const APPS_LISTED: usize = 3;

/// The beginning of the event ids of a self-test's logins.
pub const TEST_PREFIX: &str = "pivotwatch-selftest-";

/// The rule's eleven columns. Two logins of a day that agree in all of them belong to the same incident.
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
    /// The columns of a login that matches the failures of `address`. They are the rule's, unless that is the login's
    /// network.
    #[must_use]
    pub fn of(login: &Login, address: Address) -> Self {
        Self {
            reason: if address.is_network() { NETWORK_REASON } else { REASON }.to_owned(),
            login_result: login.login_result.clone(),
            event_type_name: login.event_type_name.clone(),
            user_identity_type: login.user_identity_type.clone(),
            recipient_account_id: login.recipient_account_id.clone(),
            account_name: login.account_name.clone(),
            account_upn_suffix: login.account_upn_suffix.clone(),
            aws_region: login.aws_region.clone(),
            source_ip_address: address,
            user_agent: login.user_agent.clone(),
            mfa_used: login.mfa_used.clone(),
        }
    }

    /// The id of the incident with these columns on `day`. It depends on nothing else, so that every invocation that
    /// finds the incident computes the same id.
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
        // Each text with its length, so that two different lists of texts never give the same name.
        let mut name = Vec::new();
        for text in texts {
            name.extend_from_slice(&(text.len() as u64).to_be_bytes());
            name.extend_from_slice(text.as_bytes());
        }
        Uuid::new_v5(&NAMESPACE, &name)
    }
}

/// The failures of one source around an incident: from one window before its first login to one window after its last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFailures {
    /// The number of failures: exact unless `count_estimated`.
    pub count: u64,
    /// Whether `count` and `error_codes` are estimates, because an hour has more failures than a tally keeps.
    #[serde(default)]
    pub count_estimated: bool,
    /// Whether this source exceeded the threshold for one of the logins.
    pub exceeded: bool,
    /// The time of the first failure.
    pub first: DateTime<Utc>,
    /// The time of the last failure.
    pub last: DateTime<Utc>,
    /// Failures by the hour in which they happened, with its beginning. Neither stored nor printed.
    #[serde(skip)]
    pub by_hour: BTreeMap<DateTime<Utc>, u64>,
    /// Failures by result code.
    pub error_codes: BTreeMap<String, u64>,
    /// The applications with most failures, at most [`APPS_LISTED`]. Neither stored nor printed.
    #[serde(skip)]
    pub apps: Vec<String>,
    /// Users who failed on the days concerned, at most [`USERS_LISTED`], those with the AWS user's name first.
    pub users: BTreeSet<String>,
    /// The number of users, at most `count`: exact unless `users_estimated`.
    pub users_total: u64,
    /// Whether `users_total` is an estimate, because there are more users than a tally keeps, or than the estimated
    /// `count`.
    #[serde(default)]
    pub users_estimated: bool,
}

/// A reference to a login of an incident. An earlier login compares less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoginReference {
    /// The time of the login.
    pub time: DateTime<Utc>,
    /// CloudTrail's `eventID`.
    pub event_id: String,
    /// The login's own address, if the incident is its network's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

impl LoginReference {
    /// The reference to `login` in an incident of `address`.
    #[must_use]
    pub fn of(login: &Login, address: Address) -> Self {
        let own = Some(login.source_ip_address).filter(|own| *own != address);
        Self { time: login.time, event_id: login.event_id.clone(), address: own }
    }
}

/// The logins of an incident, in bounded space: references to the earliest, and a sample that counts all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchedLogins {
    listed: BTreeSet<LoginReference>,
    counted: Sample<LOGINS_COUNTED, ()>,
}

impl MatchedLogins {
    /// Restores the stored logins. Listed logins are added to `counted`, which may lack them.
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

    /// The sample that counts the logins.
    #[must_use]
    pub const fn counted(&self) -> &Sample<LOGINS_COUNTED, ()> {
        &self.counted
    }

    /// The number of logins: exact unless [`MatchedLogins::is_estimated`].
    #[must_use]
    pub fn total(&self) -> u64 {
        rounded(self.counted.estimate())
    }

    /// Whether [`MatchedLogins::total`] is an estimate, as beyond [`LOGINS_COUNTED`] logins.
    #[must_use]
    pub fn is_estimated(&self) -> bool {
        self.counted.is_saturated()
    }
}

/// Matching console logins that agree in the rule's columns. Has facts only, and no derived values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// [`Columns::id`].
    pub id: Uuid,
    /// The UTC day of its logins.
    pub day: Day,
    /// The columns, in which all its logins agree.
    pub columns: Columns,
    /// The AWS account for display: `recipient_account_id`, or else the account of the identity.
    pub account_id: String,
    /// The user's ARN.
    pub user_identity_arn: String,
    /// The rule's `StartTime`: the first matching login.
    pub start_time: DateTime<Utc>,
    /// The rule's `EndTime`: the last matching login.
    pub end_time: DateTime<Utc>,
    /// The matching logins.
    pub logins: MatchedLogins,
    /// The sources that exceeded the threshold for one of the logins. Further facts never remove a source.
    pub exceeded: BTreeSet<Source>,
}

impl Incident {
    /// The incident of a single `login`, for which the sources of `address` `exceeded` the threshold.
    #[must_use]
    pub fn of(login: &Login, address: Address, exceeded: BTreeSet<Source>) -> Self {
        let columns = Columns::of(login, address);
        let mut logins = MatchedLogins::default();
        logins.add(LoginReference::of(login, address));
        Self {
            id: columns.id(login.day()),
            day: login.day(),
            account_id: login.account_id().to_owned(),
            user_identity_arn: login.user_identity_arn.clone(),
            columns,
            start_time: login.time,
            end_time: login.time,
            logins,
            exceeded,
        }
    }

    /// Joins another finding of the same incident. The join keeps the facts of both, and is idempotent, commutative and
    /// associative.
    pub fn join(&mut self, other: Self) {
        self.account_id = std::mem::take(&mut self.account_id).max(other.account_id);
        self.user_identity_arn = std::mem::take(&mut self.user_identity_arn).max(other.user_identity_arn);
        self.start_time = self.start_time.min(other.start_time);
        self.end_time = self.end_time.max(other.end_time);
        self.logins.join(other.logins);
        self.exceeded.extend(other.exceeded);
    }

    /// Whose failures the logins match.
    #[must_use]
    pub const fn matched_by(&self) -> MatchedBy {
        if self.columns.source_ip_address.is_network() { MatchedBy::Network } else { MatchedBy::Address }
    }

    /// Whether another system authenticated the user, so that `MFAUsed` has no meaning.
    #[must_use]
    pub fn is_federated(&self) -> bool {
        is_federated(&self.columns.user_identity_type)
    }

    /// Whether the root user or an IAM user logged in without a second factor.
    #[must_use]
    pub fn lacks_mfa(&self) -> bool {
        let Columns { user_identity_type, mfa_used, .. } = &self.columns;
        (self.is_root() || user_identity_type.eq_ignore_ascii_case("IAMUser")) && mfa_used.eq_ignore_ascii_case("No")
    }

    /// Whether the logins are those of a self-test. CloudTrail's own event ids are UUIDs, so no visitor can choose one
    /// that begins like this.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let listed = self.logins.listed();
        !listed.is_empty() && listed.iter().all(|login| login.event_id.starts_with(TEST_PREFIX))
    }

    /// Whether the root user logged in.
    #[must_use]
    pub fn is_root(&self) -> bool {
        is_root(&self.columns.user_identity_type)
    }
}

/// The report of an incident: its facts, and the values derived from them and from the tallies around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentReport {
    /// The facts.
    pub incident: Incident,
    /// The failures around the logins, by source.
    pub failures: BTreeMap<Source, SourceFailures>,
    /// The signals, which decide the severity.
    pub signals: BTreeSet<Signal>,
    /// What a responder asks next.
    pub context: Context,
    /// The ids of the tuning entries that hide the incident. Empty if it is mailed, or if incidents of addresses hold
    /// all its logins.
    pub hidden_by: BTreeSet<String>,
    /// The ids of the incidents of addresses that hold logins of this incident, which is of a network, and so keep it
    /// from being mailed. Empty if it is mailed.
    pub held_by: BTreeSet<Uuid>,
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
