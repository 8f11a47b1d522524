//! The judge: a reference implementation of the rule that is too simple to be wrong.
//!
//! It shares only the words, the hash that ranks users and failures, and the id of an incident with the library. It has
//! no tally, no sample and no merge: it puts rows into a set and tries every window.

mod columns;
mod display;
mod facts;
mod near;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use pivotwatch::detection::result_code::CodeClass;
use pivotwatch::detection::signal::Signal;
use pivotwatch::detection::{IncidentReport, Rule, Source};
use uuid::Uuid;

use crate::tuning::WorldEntry;
use crate::worlds::{TrailRecord, World};
use columns::{columns, id};
use facts::{Facts, Failure, Place, SOURCES};
use near::Near;

/// The parts of an incident that the suites compare.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule's eleven columns, in its order.
    pub columns: [String; 11],
    /// The day of the logins.
    pub day: NaiveDate,
    /// The rule's `StartTime`.
    pub start_time: DateTime<Utc>,
    /// The rule's `EndTime`.
    pub end_time: DateTime<Utc>,
    /// The logins that match.
    pub logins: BTreeSet<(DateTime<Utc>, String)>,
    /// The failures near the logins.
    pub failures: BTreeMap<Source, Failures>,
    /// The signals, which decide the severity.
    pub signals: BTreeSet<Signal>,
    /// What a responder asks next.
    pub context: Context,
}

/// The failures of one source near the logins of an incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of `SourceFailures`")]
pub struct Failures {
    pub count: u64,
    pub exceeded: bool,
    pub first: DateTime<Utc>,
    pub last: DateTime<Utc>,
    pub error_codes: BTreeMap<String, u64>,
    pub users: BTreeSet<String>,
    pub users_total: u64,
}

/// The context of an incident, except for tenants and keys of exports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of the library's `Context`")]
pub struct Context {
    pub users_by_class: BTreeMap<CodeClass, Vec<String>>,
    pub users: Vec<History>,
    pub users_succeeded: u64,
    pub references: Vec<ReferencedFailure>,
    pub failed_logins: Option<FailedLogins>,
    /// Whether no number is an estimate or a lower bound.
    pub is_exact: bool,
}

/// The history of a user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of `UserHistory`")]
pub struct History {
    pub user: String,
    pub failures: u64,
    pub first_failure: Option<DateTime<Utc>>,
    pub succeeded: bool,
    pub first_success: Option<DateTime<Utc>>,
}

/// A failure to look up in Entra ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of the library's `ReferencedFailure`")]
pub struct ReferencedFailure {
    pub time: DateTime<Utc>,
    pub code: String,
    pub user: String,
    pub request_id: String,
}

/// The failed console logins before an incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of the library's `FailedLogins`")]
pub struct FailedLogins {
    pub count: u64,
    pub first: DateTime<Utc>,
    pub last: DateTime<Utc>,
    pub users: Vec<String>,
}

/// Whether a finding is mailed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is mailed once all facts are known.
    pub is_mailed: bool,
    /// Whether it can have been mailed while some facts were not known: more facts take back no mail.
    pub may_be_mailed: bool,
    /// The ids of the incidents of addresses that hold its logins.
    pub held_by: BTreeSet<Uuid>,
}

/// What the rule finds in a world.
#[must_use]
pub fn judge(world: &World) -> BTreeSet<Finding> {
    verdicts(world, &[]).into_keys().collect()
}

/// What the rule finds in a world, and what of it is mailed under these tuning entries.
#[must_use]
pub fn verdicts(world: &World, entries: &[WorldEntry]) -> BTreeMap<Finding, Verdict> {
    let (facts, rule) = (Facts::of(world), &world.rule);
    let left = left_by(entries, world);
    let mut groups = BTreeMap::<(NaiveDate, [String; 11]), (Place, Vec<&TrailRecord>)>::new();
    for login in &facts.logins {
        for place in login.address.into_iter().flat_map(|address| Place::of(address, rule)) {
            if facts.matches(place, login, rule) {
                let group = (login.time.date_naive(), columns(login, place));
                groups.entry(group).or_insert((place, Vec::new())).1.push(login);
            }
        }
    }
    let judged = groups.into_iter().map(|((day, columns), (place, logins))| {
        let verdict = verdict(&facts, &left, entries, place, &logins, rule);
        (finding(&facts, day, columns, place, &logins, rule), verdict)
    });
    judged.collect()
}

/// The facts without the failures that entries exclude.
fn left_by<'w>(entries: &[WorldEntry], world: &'w World) -> Facts<'w> {
    let is_excluded = |Failure { time, user, code, source, .. }: &Failure| {
        entries.iter().any(|entry| entry.excludes_failure(*time, user, code, *source))
    };
    let mut left = Facts::of(world);
    left.failures.retain(|failure| !is_excluded(failure));
    left
}

fn finding(
    facts: &Facts<'_>,
    day: NaiveDate,
    columns: [String; 11],
    place: Place,
    logins: &[&TrailRecord],
    rule: &Rule,
) -> Finding {
    let near = Near::of(facts, place, &columns, logins, rule);
    let failures = SOURCES.into_iter().filter_map(|source| {
        let exceeded = logins.iter().any(|login| facts.exceeds(place, source, login, rule));
        Some((source, near.failures(source, exceeded)?))
    });
    Finding {
        day,
        start_time: logins.iter().map(|login| login.time).min().expect("a login"),
        end_time: logins.iter().map(|login| login.time).max().expect("a login"),
        logins: logins.iter().map(|login| (login.time, login.event_id.clone())).collect(),
        failures: failures.collect(),
        signals: near.signals(),
        context: near.context(),
        columns,
    }
}

/// "Mailed only while no incident of an address holds the login."
///
/// So an incident is mailed if one of its logins matches what the entries leave. In a network, no incident of the
/// login's own address may be mailed. "A hidden incident of an address holds nothing."
fn verdict(
    facts: &Facts<'_>,
    left: &Facts<'_>,
    entries: &[WorldEntry],
    place: Place,
    logins: &[&TrailRecord],
    rule: &Rule,
) -> Verdict {
    let remains = |place: Place, login: &TrailRecord| {
        !entries.iter().any(|entry| entry.excludes_login(login))
            && SOURCES.into_iter().any(|source| {
                let threshold = entries.iter().filter_map(|entry| entry.threshold(login, source)).min();
                let threshold = threshold.unwrap_or(rule.threshold);
                left.exceeds(place, source, login, &Rule { threshold, ..rule.clone() })
            })
    };
    let own = |login: &TrailRecord| place.is_network().then(|| login.address.map(Place::Address)).flatten();
    let own_mailed: BTreeSet<_> = logins
        .iter()
        .filter_map(|login| Some((login, own(login)?)))
        .filter(|(login, own)| remains(*own, login))
        .map(|(login, own)| columns(login, own))
        .collect();
    let mut verdict = Verdict::default();
    for login in logins {
        let own = own(login).filter(|own| facts.matches(*own, login, rule));
        let holding = own.filter(|own| own_mailed.contains(&columns(login, *own)));
        let may_be_held_later = own.is_some_and(|own| !remains(own, login));
        let remains = remains(place, login);
        verdict.is_mailed |= remains && holding.is_none();
        let is_free = holding.is_none() || may_be_held_later || has_part_of_others(facts, place, login, rule);
        verdict.may_be_mailed |= remains && is_free;
        verdict.held_by.extend(holding.map(|own| id(columns(login, own), login)));
    }
    if verdict.is_mailed {
        verdict.held_by.clear();
    }
    verdict
}

/// Whether failures of other addresses than the login's have a part in its match. If so, the network exceeds while some
/// failures of the login's own address are not known, which then holds nothing yet.
fn has_part_of_others(facts: &Facts<'_>, place: Place, login: &TrailRecord, rule: &Rule) -> bool {
    let windows = SOURCES.into_iter().flat_map(|source| facts.windows(place, source, login, rule));
    windows
        .filter(|held| held.len() > rule.threshold as usize)
        .any(|held| held.iter().any(|failure| Some(failure.address) != login.address))
}

impl From<&IncidentReport> for Finding {
    fn from(report: &IncidentReport) -> Self {
        let incident = &report.incident;
        let columns = incident.columns.clone();
        let failures = report.failures.iter().map(|(source, failures)| {
            let failures = failures.clone();
            let judged = Failures {
                count: failures.count,
                exceeded: failures.exceeded,
                first: failures.first,
                last: failures.last,
                error_codes: failures.error_codes,
                users: failures.users,
                users_total: failures.users_total,
            };
            (*source, judged)
        });
        Self {
            columns: [
                columns.reason,
                columns.login_result,
                columns.event_type_name,
                columns.user_identity_type,
                columns.recipient_account_id,
                columns.account_name,
                columns.account_upn_suffix,
                columns.aws_region,
                columns.source_ip_address.to_string(),
                columns.user_agent,
                columns.mfa_used,
            ],
            day: incident.day.start().date_naive(),
            start_time: incident.start_time,
            end_time: incident.end_time,
            logins: incident.logins.listed().iter().map(|login| (login.time, login.event_id.clone())).collect(),
            signals: report.signals.clone(),
            failures: failures.collect(),
            context: Context::of(report),
        }
    }
}

impl Context {
    fn of(report: &IncidentReport) -> Self {
        let context = report.context.clone();
        let is_estimated =
            report.failures.values().any(|failures| failures.count_estimated || failures.users_estimated)
                || context.users_succeeded_estimated
                || context.users.iter().any(|user| user.failures_incomplete)
                || context.failed_logins.as_ref().is_some_and(|failed| failed.count_estimated);
        let history = |user: pivotwatch::detection::context::UserHistory| History {
            user: user.user,
            failures: user.failures,
            first_failure: user.first_failure,
            succeeded: user.succeeded,
            first_success: user.first_success,
        };
        let reference = |failure: pivotwatch::detection::context::ReferencedFailure| ReferencedFailure {
            time: failure.time,
            code: failure.code,
            user: failure.user,
            request_id: failure.request_id,
        };
        // One failure can be in two exports.
        let mut seen = BTreeSet::new();
        let references = context.references.into_iter().map(reference);
        let references = references.filter(|failure| seen.insert(failure.clone())).collect();
        Self {
            users_by_class: context.users_by_class,
            users: context.users.into_iter().map(history).collect(),
            users_succeeded: context.users_succeeded,
            references,
            failed_logins: context.failed_logins.map(|failed| FailedLogins {
                count: failed.count,
                first: failed.first,
                last: failed.last,
                users: failed.users,
            }),
            is_exact: !is_estimated,
        }
    }
}
