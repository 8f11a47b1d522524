//! Everything known of an address, the incidents that follow from it, and what people read of them.
//!
//! | function | reads | answers |
//! |---|---|---|
//! | [`Threshold::matching`] | tallies and logins | the incidents: joins of the logins that match |
//! | [`report`] | tallies and one incident | every derived value: failures, signals, severity |
//! | [`incidents`] | tallies and all logins | both, of an address whose logins fit into memory |
//!
//! A login needs the tallies around it and no other login, so an incident grows login by login without the others being
//! read. A report is taken over a range of time, from the first login of its incident to the last, so it does not
//! depend on which logins are listed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::address::Address;
use super::day::Day;
use super::incident::{Columns, Incident, IncidentReport, Signal, SourceFailures, USERS_LISTED};
use super::login::Login;
use super::rule::{Order, Rule};
use super::sample::hash;
use super::source::Source;
use super::tally::{Tally, Users, by_code, rounded};
use super::window::{can_match, matches};

/// The failures that are known of one address over some days.
pub type Tallies = BTreeMap<(Day, Source), Tally>;

/// The facts that are known of one address over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The address.
    pub address: Address,
    /// Its failures.
    pub tallies: Tallies,
    /// Its successful console logins.
    pub logins: Vec<Login>,
}

impl Evidence {
    /// Nothing known yet of `address`.
    #[must_use]
    pub fn none(address: Address) -> Self {
        Self { address, tallies: Tallies::new(), logins: Vec::new() }
    }
}

/// The failures of an address as the rule compares them with logins.
#[derive(Clone, Debug)]
pub struct Threshold<'a> {
    rule: &'a Rule,
    /// Seconds since the epoch, sorted, by source. Only of sources that exceed the threshold within some window.
    moments: Vec<(Source, Vec<i64>)>,
}

impl<'a> Threshold<'a> {
    /// Compares `tallies` with the threshold of `rule`.
    #[must_use]
    pub fn of(tallies: &Tallies, rule: &'a Rule) -> Self {
        let moments = rule.sources.iter().map(|source| (*source, moments(tallies, *source)));
        Self { rule, moments: moments.filter(|(_, moments)| can_match(moments, rule)).collect() }
    }

    /// Whether no source exceeds the threshold, so that no login matches.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.moments.is_empty()
    }

    /// The incident that `login` is, if it matches.
    #[must_use]
    pub fn incident(&self, login: &Login) -> Option<Incident> {
        let time = login.time.timestamp();
        let exceeding = self.moments.iter().filter(|(_, moments)| matches(moments, time, self.rule));
        let exceeded: BTreeSet<_> = exceeding.map(|(source, _)| *source).collect();
        (!exceeded.is_empty()).then(|| Incident::of(login, exceeded))
    }

    /// Joins those of `logins` that match into `incidents`.
    pub fn matching<'l>(&self, logins: impl IntoIterator<Item = &'l Login>, incidents: &mut BTreeMap<Uuid, Incident>) {
        for found in logins.into_iter().filter_map(|login| self.incident(login)) {
            match incidents.entry(found.id) {
                std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().join(found),
                std::collections::btree_map::Entry::Vacant(none) => {
                    none.insert(found);
                }
            }
        }
    }
}

/// The incidents of an address, by the rule, as people read them. More facts never give fewer of them, nor fewer logins
/// in one of them.
#[must_use]
pub fn incidents(evidence: &Evidence, rule: &Rule) -> Vec<IncidentReport> {
    let mut found = BTreeMap::new();
    Threshold::of(&evidence.tallies, rule).matching(&evidence.logins, &mut found);
    found.into_values().map(|incident| report(incident, &evidence.tallies, rule)).collect()
}

/// What people read of `incident`, given the tallies of the days that its window touches.
#[must_use]
pub fn report(incident: Incident, tallies: &Tallies, rule: &Rule) -> IncidentReport {
    let mut failures = BTreeMap::new();
    let mut users_remembered = true;
    let mut same_user = false;
    for source in &rule.sources {
        let Some(around) = Around::of(&incident, tallies, *source, rule) else { continue };
        users_remembered &= !around.users.is_cut();
        same_user |= around.users.iter().any(|user| is_same_user(user, &incident.columns));
        failures.insert(*source, around.failures(&incident));
    }
    let has_name = !incident.is_root() && !incident.columns.account_name.is_empty();
    let signals = [
        (Signal::Root, incident.is_root()),
        (Signal::SameUser, same_user),
        (Signal::UsersNotRemembered, has_name && !same_user && !users_remembered),
    ];
    let signals = signals.into_iter().filter(|(_, holds)| *holds).map(|(signal, _)| signal).collect();
    IncidentReport { incident, failures, signals }
}

/// The failures of one source around an incident.
struct Around {
    source: Source,
    /// When, in order; never empty.
    times: Vec<DateTime<Utc>>,
    estimate: f64,
    error_codes: BTreeMap<String, u64>,
    /// Of the days on which there are such failures.
    users: Users,
}

impl Around {
    fn of(incident: &Incident, tallies: &Tallies, source: Source, rule: &Rule) -> Option<Self> {
        let from = incident.start_time - rule.window;
        let to = match rule.order {
            Order::Any => incident.end_time + rule.window,
            Order::FailuresFirst => incident.end_time,
        };
        let is_near = |time: DateTime<Utc>| (from.timestamp()..=to.timestamp()).contains(&time.timestamp());
        let (mut times, mut near, mut users) = (Vec::new(), Vec::new(), Users::default());
        for (day, tally) in of_source(tallies, source) {
            let known = times.len();
            times.extend(tally.seconds().map(|second| day.at(second)).filter(|time| is_near(*time)));
            if times.len() == known {
                continue;
            }
            near.extend(tally.occurrences().filter(|(occurrence, _)| is_near(day.at(occurrence.second))));
            users.merge(tally.users());
        }
        let estimate = near.iter().map(|(_, weight)| weight).sum();
        (!times.is_empty()).then(|| Self { source, times, estimate, error_codes: by_code(near.into_iter()), users })
    }

    fn failures(self, incident: &Incident) -> SourceFailures {
        // The sample of a saturated hour can hold fewer of a part of it than are known by time.
        let count = rounded(self.estimate).max(self.times.len() as u64);
        let users_total = rounded(self.users.estimate()).min(count);
        let first = self.times.iter().min().copied().unwrap_or_default();
        let last = self.times.iter().max().copied().unwrap_or_default();
        SourceFailures {
            count,
            exceeded: incident.exceeded.contains(&self.source),
            first,
            last,
            users: listed(&self.users, &incident.columns, users_total),
            users_total,
            error_codes: self.error_codes,
        }
    }
}

/// The users to list: those with the AWS user's name first, then those with the smallest hashes, so that the selection
/// depends neither on the order of arrival nor on what a user is called.
fn listed(users: &Users, columns: &Columns, users_total: u64) -> BTreeSet<String> {
    let most = usize::try_from(users_total).unwrap_or(usize::MAX).min(USERS_LISTED);
    let mut ranked: Vec<_> = users.iter().map(|user| (!is_same_user(user, columns), hash(&[user]), user)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(most).map(|(_, _, user)| user.to_owned()).collect()
}

/// Whether an Entra user bears the name of the AWS user: the whole name where both have one with an `@`, the part
/// before it otherwise.
fn is_same_user(user: &str, columns: &Columns) -> bool {
    let (name, suffix) = (&columns.account_name, &columns.account_upn_suffix);
    if name.is_empty() {
        return false;
    }
    let is = |one: &str, other: &str| one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase));
    match user.split_once('@') {
        Some((local, domain)) => is(local, name) && (suffix.is_empty() || is(domain, suffix)),
        None => is(user, name) && suffix.is_empty(),
    }
}

/// When the known failures of one source happened, in seconds since the epoch, in order.
fn moments(tallies: &Tallies, source: Source) -> Vec<i64> {
    // Days come in order, and so do the seconds of each.
    let of_day = |(day, tally): (Day, &'_ Tally)| {
        let start = day.start().timestamp();
        tally.seconds().map(|second| start + i64::from(second)).collect::<Vec<_>>()
    };
    of_source(tallies, source).flat_map(of_day).collect()
}

fn of_source(tallies: &Tallies, source: Source) -> impl Iterator<Item = (Day, &Tally)> {
    tallies.iter().filter(move |((_, its), _)| *its == source).map(|((day, _), tally)| (*day, tally))
}
