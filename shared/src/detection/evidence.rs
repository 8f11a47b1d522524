//! Everything known of an address, and the incidents that follow from it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::address::Address;
use super::day::Day;
use super::incident::{Columns, Incident, LoginReference, Signal, SourceFailures, earliest, listed};
use super::login::Login;
use super::rule::{Order, Rule};
use super::sample::Sample;
use super::source::Source;
use super::tally::{Tally, by_code, rounded};
use super::window::matches;

/// The facts that are known of one address over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The address.
    pub address: Address,
    /// Its failures.
    pub tallies: BTreeMap<(Day, Source), Tally>,
    /// Its successful console logins.
    pub logins: Vec<Login>,
}

impl Evidence {
    /// Nothing known yet of `address`.
    #[must_use]
    pub fn none(address: Address) -> Self {
        Self { address, tallies: BTreeMap::new(), logins: Vec::new() }
    }

    /// When the known failures of one source happened, in seconds since the epoch, in order.
    fn moments(&self, source: Source) -> Vec<i64> {
        // Days come in order, and so do the seconds of each.
        let of_day = |(day, tally): (Day, &'_ Tally)| {
            let start = day.start().timestamp();
            tally.seconds().map(|second| start + i64::from(second)).collect::<Vec<_>>()
        };
        self.of_source(source).flat_map(of_day).collect()
    }

    fn of_source(&self, source: Source) -> impl Iterator<Item = (Day, &Tally)> {
        self.tallies.iter().filter(move |((_, its), _)| *its == source).map(|((day, _), tally)| (*day, tally))
    }
}

/// The incidents that the facts are, by the rule. More facts never give fewer of them, nor less in one of them.
#[must_use]
pub fn incidents(evidence: &Evidence, rule: &Rule) -> Vec<Incident> {
    if evidence.logins.is_empty() {
        return Vec::new();
    }
    let by_source: Vec<_> = rule.sources.iter().map(|source| (*source, evidence.moments(*source))).collect();

    let mut groups = BTreeMap::<(Day, Columns), Vec<(&Login, Vec<Source>)>>::new();
    for login in &evidence.logins {
        let exceeded: Vec<_> = by_source
            .iter()
            .filter(|(_, moments)| matches(moments, login.time.timestamp(), rule))
            .map(|(source, _)| *source)
            .collect();
        if !exceeded.is_empty() {
            groups.entry((login.day(), Columns::of(login))).or_default().push((login, exceeded));
        }
    }
    groups.into_iter().filter_map(|((day, columns), logins)| incident(evidence, rule, day, columns, &logins)).collect()
}

fn incident(
    evidence: &Evidence,
    rule: &Rule,
    day: Day,
    columns: Columns,
    logins: &[(&Login, Vec<Source>)],
) -> Option<Incident> {
    let start_time = logins.iter().map(|(login, _)| login.time).min()?;
    let end_time = logins.iter().map(|(login, _)| login.time).max()?;
    let greatest = |text: fn(&Login) -> &String| logins.iter().map(|(login, _)| text(login)).max().cloned();

    let mut failures = BTreeMap::new();
    for source in &rule.sources {
        let exceeded = logins.iter().any(|(_, exceeded)| exceeded.contains(source));
        if let Some(found) = failures_near(evidence, rule, *source, logins, exceeded) {
            failures.insert(*source, found);
        }
    }

    let mut signals = BTreeSet::new();
    if logins.iter().any(|(login, _)| login.is_root()) {
        signals.insert(Signal::Root);
    }
    if failures.values().any(|failures| names_the_same_user(failures, &columns)) {
        signals.insert(Signal::SameUser);
    }

    Some(Incident {
        id: columns.id(day),
        day,
        account_id: greatest(|login| {
            if login.recipient_account_id.is_empty() {
                &login.user_identity_account_id
            } else {
                &login.recipient_account_id
            }
        })?,
        user_identity_arn: greatest(|login| &login.user_identity_arn)?,
        is_federated: logins.iter().any(|(login, _)| login.is_federated()),
        columns,
        start_time,
        end_time,
        logins: earliest(logins.iter().map(|(login, _)| LoginReference::of(login))),
        failures,
        signals,
    })
}

/// The failures of `source` that share a window with one of the logins: no further from it than the window is long.
fn failures_near(
    evidence: &Evidence,
    rule: &Rule,
    source: Source,
    logins: &[(&Login, Vec<Source>)],
    exceeded: bool,
) -> Option<SourceFailures> {
    let is_near = |time: DateTime<Utc>| {
        logins.iter().any(|(login, _)| {
            let after_login = time - login.time;
            after_login.abs() <= rule.window && (rule.order == Order::Any || after_login.num_seconds() <= 0)
        })
    };
    let mut near = Vec::new();
    let mut times = Vec::new();
    let mut users = BTreeSet::new();
    let mut users_total = 0.0_f64;
    for (day, tally) in evidence.of_source(source) {
        let known = times.len();
        times.extend(tally.seconds().map(|second| day.at(second)).filter(|time| is_near(*time)));
        if times.len() == known {
            continue;
        }
        near.extend(tally.occurrences().filter(|(occurrence, _)| is_near(day.at(occurrence.second))));
        users.extend(tally.users().entries().map(|(_, name)| name.clone()));
        users_total = users_total.max(Sample::estimate(tally.users()));
    }
    let users_seen = users.len() as u64;
    let estimate = near.iter().map(|(_, weight)| weight).sum();
    Some(SourceFailures {
        // Of a part of a saturated hour the sample can know less than is known.
        count: rounded(estimate).max(times.len() as u64),
        exceeded,
        first: *times.iter().min()?,
        last: *times.iter().max()?,
        error_codes: by_code(near.into_iter()),
        users: listed(users),
        users_total: rounded(users_total).max(users_seen),
    })
}

/// Whether an Entra user who failed bears the name of the AWS user: the whole name where both have one with an `@`, the
/// part before it otherwise.
fn names_the_same_user(failures: &SourceFailures, columns: &Columns) -> bool {
    let name = columns.account_name.to_lowercase();
    let suffix = columns.account_upn_suffix.to_lowercase();
    if name.is_empty() {
        return false;
    }
    failures.users.iter().any(|user| match user.split_once('@') {
        Some((local, domain)) => local == name && (suffix.is_empty() || domain == suffix),
        None => *user == name && suffix.is_empty(),
    })
}
