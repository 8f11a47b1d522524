//! The failures of an address by time, and what follows from them: its incidents, and their reports.
//!
//! | function | takes | returns |
//! |---|---|---|
//! | [`FailureIndex::matching`] | tallies and logins | the incidents: the joined logins that match |
//! | [`FailureIndex::report`] | tallies and one incident | all derived values: failures, signals, severity |
//!
//! Whether a login matches depends on the tallies around it, and on no other login. An incident can therefore be
//! extended login by login. A report covers the time from the first login of its incident to the last. It does not
//! depend on which logins are listed.

mod context;
mod near;

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::address::Address;
use super::context::Context;
use super::day::Day;
use super::incident::{APPS_LISTED, Columns, Incident, IncidentReport, SourceFailures, USERS_LISTED};
use super::login::Login;
use super::profile::Profile;
use super::rule::Rule;
use super::sample::hash;
use super::signal::Signal;
use super::source::Source;
use super::tally::{Tallies, Tally, TallyKind, Users, by_code, rounded};
use super::window::{around, can_match, matches};
use near::Near;

/// The failures of an address, indexed by time, for comparison with many logins and incidents.
#[derive(Clone, Debug)]
pub struct FailureIndex<'a> {
    rule: &'a Rule,
    address: Address,
    sources: Vec<SourceIndex<'a>>,
    /// The tallies of failed console logins.
    console: Vec<(Day, &'a Tally)>,
}

#[derive(Clone, Debug)]
struct SourceIndex<'a> {
    source: Source,
    /// The times of all failures with a known time, in seconds since the epoch, sorted.
    moments: Vec<i64>,
    days: Vec<(Day, &'a Tally)>,
}

impl<'a> FailureIndex<'a> {
    /// Indexes the tallies of an address, except those of sources that the rule does not count.
    #[must_use]
    pub fn of(tallies: &'a Tallies, rule: &'a Rule, address: Address) -> Self {
        let of_source = |source: &Source| {
            let of_it = tallies.iter().filter(|((_, kind), _)| *kind == TallyKind::SignIns(*source));
            let days: Vec<_> = of_it.map(|((day, _), tally)| (*day, tally)).collect();
            // Sorted, since the days are in order, and the seconds within each day.
            let moments = days.iter().flat_map(|(day, tally)| {
                let start = day.start().timestamp();
                tally.seconds().map(move |second| start + i64::from(second))
            });
            SourceIndex { source: *source, moments: moments.collect(), days }
        };
        let console = tallies.iter().filter(|((_, kind), _)| *kind == TallyKind::ConsoleLogins);
        Self {
            rule,
            address,
            sources: rule.sources.iter().map(of_source).collect(),
            console: console.map(|((day, _), tally)| (*day, tally)).collect(),
        }
    }

    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> &'a Rule {
        self.rule
    }

    /// Whether no login can match, since no source exceeds the threshold in any window.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        !self.sources.iter().any(|source| can_match(&source.moments, self.rule))
    }

    /// The incident of `login`, if the login matches.
    #[must_use]
    pub fn incident(&self, login: &Login) -> Option<Incident> {
        let time = login.time.timestamp();
        let exceeding = self.sources.iter().filter(|source| matches(&source.moments, time, self.rule));
        let exceeded: BTreeSet<_> = exceeding.map(|source| source.source).collect();
        (!exceeded.is_empty()).then(|| Incident::of(login, self.address, exceeded))
    }

    /// Adds the matching logins to `incidents`.
    pub fn matching<'l>(&self, logins: impl IntoIterator<Item = &'l Login>, incidents: &mut BTreeMap<Uuid, Incident>) {
        for found in logins.into_iter().filter_map(|login| self.incident(login)) {
            match incidents.entry(found.id) {
                Entry::Occupied(mut known) => known.get_mut().join(found),
                Entry::Vacant(none) => {
                    none.insert(found);
                }
            }
        }
    }

    /// The signals of `incident`.
    #[must_use]
    pub fn signals(&self, incident: &Incident) -> BTreeSet<Signal> {
        self.near(incident).signals(incident, self.rule)
    }

    fn context(&self, incident: &Incident) -> Context {
        let is_namesake = |user: &str| is_same_user(user, &incident.columns);
        self.near(incident).context(is_namesake, incident.end_time.timestamp())
    }

    fn near(&self, incident: &Incident) -> Near<'a> {
        let range = self.around(incident);
        let sign_ins = self.sources.iter().flat_map(|source| source.days_within(range)).collect();
        Near { range, sign_ins, console: self.console.clone() }
    }

    /// The report of `incident`, as one that is not hidden.
    #[must_use]
    pub fn report(&self, incident: Incident) -> IncidentReport {
        let range = self.around(&incident);
        let failures =
            self.sources.iter().filter_map(|source| Some((source.source, source.failures(&incident, range)?)));
        IncidentReport {
            failures: failures.collect(),
            signals: self.signals(&incident),
            context: self.context(&incident),
            hidden_by: BTreeSet::new(),
            held_by: BTreeSet::new(),
            incident,
        }
    }

    /// The first and the last second, since the epoch, of the failures in the report of `incident`.
    fn around(&self, incident: &Incident) -> (i64, i64) {
        around(incident.start_time.timestamp(), incident.end_time.timestamp(), self.rule)
    }
}

impl<'a> SourceIndex<'a> {
    /// The known times of failures from the second `from` to the second `to`.
    fn within(&self, (from, to): (i64, i64)) -> &[i64] {
        let first = self.moments.partition_point(|moment| *moment < from);
        let end = self.moments.partition_point(|moment| *moment <= to);
        &self.moments[first.min(end)..end]
    }

    /// The days with a failure from the second `from` to the second `to`.
    fn days_within(&self, (from, to): (i64, i64)) -> impl Iterator<Item = (Day, &'a Tally)> {
        self.days.iter().copied().filter(move |(day, _)| {
            let start = day.start().timestamp();
            !self.within((from.max(start), to.min(start + SECONDS_A_DAY - 1))).is_empty()
        })
    }

    fn failures(&self, incident: &Incident, range: (i64, i64)) -> Option<SourceFailures> {
        let known = self.within(range);
        let (first, last) = (second(*known.first()?)?, second(*known.last()?)?);
        let (mut near, mut users, mut count_estimated) = (Vec::new(), Users::default(), false);
        let (mut hours, mut apps) = (BTreeMap::<_, f64>::new(), BTreeMap::<_, f64>::new());
        for (day, tally) in self.days_within(range) {
            let is_near = |second: u32| (range.0..=range.1).contains(&(day.start().timestamp() + i64::from(second)));
            for (occurrence, weight) in tally.occurrences().filter(|(occurrence, _)| is_near(occurrence.second)) {
                *hours.entry(day.at(occurrence.second / SECONDS_AN_HOUR * SECONDS_AN_HOUR)).or_default() += weight;
                if let Some(app) = tally.profile(occurrence).map(Profile::app).filter(|app| !app.is_empty()) {
                    *apps.entry(app).or_default() += weight;
                }
                near.push((occurrence, weight));
            }
            users.merge(tally.users());
            count_estimated |= tally.is_sampled(is_near);
        }
        let estimate = near.iter().map(|(_, weight)| weight).sum();
        // Within a part of a saturated hour, the sample can estimate fewer failures than have known times.
        let count = rounded(estimate).max(known.len() as u64);
        let users_total = rounded(users.estimate()).min(count);
        Some(SourceFailures {
            count,
            count_estimated,
            exceeded: incident.exceeded.contains(&self.source),
            first,
            last,
            by_hour: hours.into_iter().map(|(hour, number)| (hour, rounded(number))).collect(),
            error_codes: by_code(near.into_iter()),
            apps: most_frequent(apps),
            users: listed(&users, &incident.columns, users_total),
            users_total,
            users_estimated: users.is_cut() || count_estimated && users.len() as u64 > count,
        })
    }
}

const SECONDS_A_DAY: i64 = 24 * 60 * 60;
const SECONDS_AN_HOUR: u32 = 60 * 60;

fn second(timestamp: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(timestamp, 0)
}

/// The applications to list of these with their failures.
fn most_frequent(apps: BTreeMap<&str, f64>) -> Vec<String> {
    let mut ranked: Vec<_> = apps.into_iter().map(|(app, number)| (Reverse(rounded(number)), app)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(APPS_LISTED).map(|(_, app)| app.to_owned()).collect()
}

/// The users to list: those with the AWS user's name first, then those with the smallest hashes. So the selection
/// depends neither on the order of arrival nor on the alphabet.
fn listed(users: &Users, columns: &Columns, users_total: u64) -> BTreeSet<String> {
    let most = usize::try_from(users_total).unwrap_or(usize::MAX).min(USERS_LISTED);
    let mut ranked: Vec<_> = users.iter().map(|user| (!is_same_user(user, columns), hash(&[user]), user)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(most).map(|(_, _, user)| user.to_owned()).collect()
}

/// Whether an Entra user has the name of the AWS user. Compares the parts before an `@` alone, since the domain of a
/// mail address is often not that of a user's name in Entra ID.
pub(crate) fn is_same_user(user: &str, columns: &Columns) -> bool {
    let local = user.split_once('@').map_or(user, |(local, _)| local);
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    !columns.account_name.is_empty() && lower(local) == lower(&columns.account_name)
}
