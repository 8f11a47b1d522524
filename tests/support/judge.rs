//! The judge: a reference implementation of the rule that is too simple to be wrong.
//!
//! It shares only the words and the hash that ranks users with the library. It has no tally, no sample and no merge: it
//! puts rows into a set and tries every window.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, Utc};
use pivotwatch::detection::rule::Order;
use pivotwatch::detection::sample::hash;
use pivotwatch::detection::signal::Signal;
use pivotwatch::detection::{IncidentReport, Rule, Source};

use crate::tuning::WorldEntry;
use crate::worlds::{Row, TrailRecord, World};

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
    /// The signals that raise the severity.
    pub signals: BTreeSet<Signal>,
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

/// What the rule finds in a world.
#[must_use]
pub fn judge(world: &World) -> BTreeSet<Finding> {
    let failures = distinct_failures(world);
    let mut groups = BTreeMap::<(NaiveDate, [String; 11]), Vec<&TrailRecord>>::new();
    for login in world.trail.iter().filter(|record| is_successful_login(record)) {
        if SOURCES.into_iter().any(|source| exceeds(&failures, source, login, &world.rule)) {
            groups.entry((login.time.date_naive(), columns(login))).or_default().push(login);
        }
    }
    let of_group = |((day, columns), logins): ((NaiveDate, [String; 11]), Vec<&TrailRecord>)| Finding {
        signals: signals(&failures, &columns, &logins, &world.rule),
        failures: SOURCES
            .into_iter()
            .filter_map(|source| Some((source, failures_near(&failures, source, &columns, &logins, &world.rule)?)))
            .collect(),
        columns,
        day,
        start_time: logins.iter().map(|login| login.time).min().expect("a login"),
        end_time: logins.iter().map(|login| login.time).max().expect("a login"),
        logins: logins.iter().map(|login| (login.time, login.event_id.clone())).collect(),
    };
    groups.into_iter().map(of_group).collect()
}

/// The findings of a world that are mailed under these tuning entries.
#[must_use]
pub fn mailed(world: &World, entries: &[WorldEntry]) -> BTreeSet<Finding> {
    let is_excluded = |failure: &Failure| {
        let Failure { time, user, code, source, .. } = failure;
        entries.iter().any(|entry| entry.excludes_failure(*time, user, code, *source))
    };
    let (_, remaining): (Vec<_>, Vec<_>) = distinct_failures(world).into_iter().partition(is_excluded);
    let matches = |login: &TrailRecord| {
        !entries.iter().any(|entry| entry.excludes_login(login))
            && SOURCES.into_iter().any(|source| {
                let threshold = entries.iter().filter_map(|entry| entry.threshold(login, source)).min();
                let threshold = threshold.unwrap_or(world.rule.threshold);
                exceeds(&remaining, source, login, &Rule { threshold, ..world.rule.clone() })
            })
    };
    let logins = world.trail.iter().filter(|record| is_successful_login(record) && matches(record));
    let mailed: BTreeSet<_> = logins.map(|login| (login.time.date_naive(), columns(login))).collect();
    judge(world).into_iter().filter(|finding| mailed.contains(&(finding.day, finding.columns.clone()))).collect()
}

const SOURCES: [Source; 2] = [Source::Interactive, Source::NonInteractive];

/// A failure. Its time is truncated to whole seconds, which is the precision that pivotwatch promises.
struct Failure {
    address: IpAddr,
    source: Source,
    time: DateTime<Utc>,
    code: String,
    user: String,
}

/// The distinct failures, by RULE.md: "A sign-in record whose result code is not one of `0`, `50125`, `50140` and whose
/// IP is not loopback". "The identity of a sign-in is (record id, result code); without an id, the text of (time, ip,
/// user, app, code, correlation id)". The worlds vary some of these fields.
fn distinct_failures(world: &World) -> Vec<Failure> {
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for Row { sign_in, address } in &world.rows {
        let source = match sign_in.category.to_lowercase().as_str() {
            "signinlogs" => Source::Interactive,
            "noninteractiveusersigninlogs" => Source::NonInteractive,
            _ => continue,
        };
        let Some(address) = address.filter(|address| !address.is_loopback()) else { continue };
        let code = sign_in.code.trim();
        if ["0", "50125", "50140"].contains(&code) {
            continue;
        }
        let user = sign_in.user.to_lowercase();
        let identity =
            if sign_in.id.is_empty() { format!("{} {user}", sign_in.time) } else { sign_in.id.to_lowercase() };
        if seen.insert((address, source, identity, code)) {
            failures.push(Failure {
                address,
                source,
                time: sign_in.time.trunc_subsecs(0),
                code: code.to_owned(),
                user,
            });
        }
    }
    failures
}

/// "CloudTrail `ConsoleLogin` whose `responseElements.ConsoleLogin` is `Success`; both compared without case."
fn is_successful_login(record: &TrailRecord) -> bool {
    record.event_name.to_lowercase() == "consolelogin" && record.result.to_lowercase() == "success"
}

/// "Some window of length P contains t and holds more than `threshold` distinct failed sign-ins from a."
fn exceeds(failures: &[Failure], source: Source, login: &TrailRecord, rule: &Rule) -> bool {
    let of_source = |failure: &&Failure| Some(failure.address) == login.address && failure.source == source;
    let times: Vec<_> = failures.iter().filter(of_source).map(|failure| failure.time).collect();
    let starts = match rule.order {
        // Moving a window to begin at its first event loses no event.
        Order::Any => times.iter().copied().chain([login.time]).collect(),
        // "`failures_first` narrows the window to the one that ends at t."
        Order::FailuresFirst => vec![login.time - rule.window],
    };
    starts.into_iter().any(|start| {
        let window = start..=start + rule.window;
        let held = times.iter().filter(|time| window.contains(time)).count();
        window.contains(&login.time) && held > rule.threshold as usize
    })
}

/// The failures of a source from a window before the first login to a window after the last login. The second value has
/// the users who failed on the days of these failures.
fn near<'f>(
    failures: &'f [Failure],
    source: Source,
    logins: &[&TrailRecord],
    rule: &Rule,
) -> (Vec<&'f Failure>, BTreeSet<&'f str>) {
    let of_source = |failure: &&Failure| Some(failure.address) == logins[0].address && failure.source == source;
    let is_near = |failure: &&Failure| {
        let after_first = logins.iter().any(|login| failure.time >= login.time - rule.window);
        let before_last = logins.iter().any(|login| match rule.order {
            Order::Any => failure.time <= login.time + rule.window,
            Order::FailuresFirst => failure.time <= login.time,
        });
        after_first && before_last
    };
    let near: Vec<_> = failures.iter().filter(of_source).filter(is_near).collect();
    let days: BTreeSet<_> = near.iter().map(|failure| failure.time.date_naive()).collect();
    let of_days = failures.iter().filter(of_source).filter(|failure| days.contains(&failure.time.date_naive()));
    let users = of_days.map(|failure| failure.user.as_str()).filter(|user| !user.is_empty()).collect();
    (near, users)
}

fn failures_near(
    failures: &[Failure],
    source: Source,
    columns: &[String; 11],
    logins: &[&TrailRecord],
    rule: &Rule,
) -> Option<Failures> {
    let (near, users) = near(failures, source, logins, rule);
    let mut error_codes = BTreeMap::new();
    for failure in &near {
        *error_codes.entry(failure.code.clone()).or_default() += 1;
    }
    // "Never more users than failures": those of the AWS user's name first, then by their hashes.
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_by_key(|user| (!is_named(user, columns), hash(&[user])));
    users.truncate(near.len());
    Some(Failures {
        count: near.len() as u64,
        exceeded: logins.iter().any(|login| exceeds(failures, source, login, rule)),
        first: near.iter().map(|failure| failure.time).min()?,
        last: near.iter().map(|failure| failure.time).max()?,
        error_codes,
        users_total: users.len() as u64,
        users: users.into_iter().map(str::to_owned).collect(),
    })
}

/// "Medium as in the rule, raised to High by signals": the root user, or the name of a user who failed.
fn signals(failures: &[Failure], columns: &[String; 11], logins: &[&TrailRecord], rule: &Rule) -> BTreeSet<Signal> {
    let is_root = columns[3].eq_ignore_ascii_case("root");
    let users = SOURCES.map(|source| near(failures, source, logins, rule).1);
    let is_same_user = !is_root && users.iter().flatten().any(|user| is_named(user, columns));
    [(Signal::Root, is_root), (Signal::SameUser, is_same_user)]
        .into_iter()
        .filter_map(|(signal, holds)| holds.then_some(signal))
        .collect()
}

/// `true` if an Entra user has the AWS user's name: all of it if both have an `@`, else the part before the `@`.
fn is_named(user: &str, columns: &[String; 11]) -> bool {
    let (name, suffix) = (columns[5].to_lowercase(), columns[6].to_lowercase());
    let (local, domain) = user.split_once('@').unwrap_or((user, ""));
    !name.is_empty() && local == name && (suffix.is_empty() || suffix == domain)
}

/// The rule's columns, by the rule's own steps.
fn columns(login: &TrailRecord) -> [String; 11] {
    let identity = &login.identity;
    let arn = if identity.arn.is_empty() { identity.resource_arn } else { identity.arn };
    let user_name = arn.split('/').next_back().unwrap_or_default();
    let account_name = match identity {
        _ if identity.principal_id == "Anonymous" => "Anonymous",
        _ if identity.user_name.is_empty() => user_name,
        _ => identity.user_name,
    };
    let parts: Vec<_> = account_name.split('@').collect();
    [
        "Multiple failed AAD logins from IP address",
        login.result,
        login.event_type,
        identity.kind,
        login.recipient_account_id,
        parts[0],
        parts.get(1).copied().unwrap_or_default(),
        login.region,
        &login.address.map(|address| address.to_string()).unwrap_or_default(),
        login.user_agent,
        login.mfa_used,
    ]
    .map(str::to_owned)
}

impl From<&IncidentReport> for Finding {
    fn from(report: &IncidentReport) -> Self {
        let incident = &report.incident;
        let columns = incident.columns.clone();
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
            failures: report
                .failures
                .iter()
                .map(|(source, failures)| {
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
                })
                .collect(),
        }
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: &DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        writeln!(f, "{} {}", self.day, self.columns[1..].join(" | "))?;
        writeln!(f, "    from {} to {}", time(&self.start_time), time(&self.end_time))?;
        writeln!(f, "    {:?}", self.signals)?;
        for (at, event_id) in &self.logins {
            writeln!(f, "    login {event_id} {}", time(at))?;
        }
        for (source, failures) in &self.failures {
            let Failures { count, exceeded, first, last, error_codes, users, users_total } = failures;
            writeln!(f, "    {source}: {count}, exceeded: {exceeded}, from {} to {}", time(first), time(last))?;
            writeln!(f, "      {error_codes:?} {users_total} users: {users:?}")?;
        }
        Ok(())
    }
}
