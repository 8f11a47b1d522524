//! Decides whether logins match under the tuned rule.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Tuning;
use super::entry::{Effect, Entry};
use crate::detection::address::Address;
use crate::detection::evidence::{FailureIndex, Tallies};
use crate::detection::login::Login;
use crate::detection::rule::Rule;
use crate::detection::source::Source;
use crate::detection::window::{around, matches};

/// The decision about a login that matches under the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// Whether the login matches under the tuned rule too.
    pub matches: bool,
    /// The ids of the entries that had a part in it. They excluded the login, or a failure near it, or set a threshold
    /// for it. Counts sources only in which the login matches under the rule.
    pub entries: BTreeSet<&'a str>,
}

/// The failures of an address that the entries leave.
#[derive(Clone, Debug)]
pub struct TunedIndex<'a> {
    rule: &'a Rule,
    address: Address,
    entries: Vec<&'a Entry>,
    sources: Vec<TunedSource<'a>>,
}

#[derive(Clone, Debug)]
struct TunedSource<'a> {
    source: Source,
    /// The times of all known failures, in seconds since the epoch, sorted.
    all: Vec<i64>,
    /// The times of those that no entry excludes.
    remaining: Vec<i64>,
    /// The times of the others, each with the entries that exclude it.
    excluded: Vec<(i64, Vec<&'a str>)>,
}

impl<'a> TunedIndex<'a> {
    /// Applies the entries of `tuning` to the failures of an address. `None` if no entry can apply to the address.
    #[must_use]
    pub fn of(tallies: &Tallies, rule: &'a Rule, tuning: &'a Tuning, address: Address) -> Option<Self> {
        let entries = tuning.of_address(address);
        if entries.is_empty() {
            return None;
        }
        let sources = rule.sources.iter().map(|source| TunedSource::of(*source, tallies, &entries)).collect();
        Some(Self { rule, address, entries, sources })
    }

    /// Decides about a login of the address.
    #[must_use]
    pub fn judge(&self, login: &Login) -> Judgement<'a> {
        let excluding = self.entries.iter().filter(|entry| match &entry.effect {
            Effect::ExcludeLogins(conditions) => entry.period.contains(login.time) && conditions.hold(login),
            Effect::ExcludeFailures(_) | Effect::Threshold { .. } => false,
        });
        let mut judgement = Judgement { matches: false, entries: excluding.map(|entry| &*entry.id).collect() };
        let is_excluded = !judgement.entries.is_empty();
        let time = login.time.timestamp();
        for source in self.sources.iter().filter(|source| matches(&source.all, time, self.rule)) {
            let threshold = self.threshold(source.source, login);
            judgement.entries.extend(threshold.map(|(_, id)| id));
            let threshold = threshold.map_or(self.rule.threshold, |(threshold, _)| threshold);
            let rule = Rule { threshold, ..self.rule.clone() };
            judgement.matches |= !is_excluded && matches(&source.remaining, time, &rule);
            let (from, to) = around(time, time, self.rule);
            let excluded = source.excluded.iter().filter(|(moment, _)| (from..=to).contains(moment));
            judgement.entries.extend(excluded.flat_map(|(_, ids)| ids));
        }
        judgement
    }

    /// The threshold for a login and a source, and the entry that sets it: the one with the longest prefix; of equals
    /// the lowest threshold; of equals the first id.
    fn threshold(&self, source: Source, login: &Login) -> Option<(u32, &'a str)> {
        let thresholds = self.entries.iter().filter_map(|entry| match &entry.effect {
            Effect::Threshold { threshold, conditions }
                if conditions.apply_to(source) && entry.period.contains(login.time) =>
            {
                Some((Reverse(conditions.networks.longest_prefix(self.address)), *threshold, &*entry.id))
            }
            _ => None,
        });
        thresholds.min().map(|(_, threshold, id)| (threshold, id))
    }
}

/// The judgements of some incidents: those of their logins, joined. All logins of an incident must be added, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentJudgements(BTreeMap<Uuid, IncidentJudgement>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct IncidentJudgement {
    /// Whether one of the logins matches under the tuned rule.
    matches: bool,
    /// [`Judgement::entries`] of all logins.
    entries: BTreeSet<String>,
}

impl IncidentJudgements {
    /// No judgement yet of these incidents.
    pub fn of(incidents: impl IntoIterator<Item = Uuid>) -> Self {
        Self(incidents.into_iter().map(|id| (id, IncidentJudgement::default())).collect())
    }

    /// Adds the judgements of the logins that match and belong to the incidents.
    pub fn add<'l>(
        &mut self,
        index: &FailureIndex<'_>,
        tuned: &TunedIndex<'_>,
        logins: impl IntoIterator<Item = &'l Login>,
    ) {
        for login in logins {
            let Some(incident) = index.incident(login) else { continue };
            let Some(judgement) = self.0.get_mut(&incident.id) else { continue };
            let Judgement { matches, entries } = tuned.judge(login);
            judgement.matches |= matches;
            judgement.entries.extend(entries.into_iter().map(str::to_owned));
        }
    }

    /// The ids of the entries that hide an incident; empty if it is not hidden.
    #[must_use]
    pub fn hidden_by(&self, incident: Uuid) -> BTreeSet<String> {
        let hiding = self.0.get(&incident).filter(|judgement| !judgement.matches);
        hiding.map(|judgement| judgement.entries.clone()).unwrap_or_default()
    }
}

impl<'a> TunedSource<'a> {
    fn of(source: Source, tallies: &Tallies, entries: &[&'a Entry]) -> Self {
        let mut index = Self { source, all: Vec::new(), remaining: Vec::new(), excluded: Vec::new() };
        for ((day, _), tally) in tallies.iter().filter(|((_, its), _)| *its == source) {
            for failure in tally.known_failures() {
                let time = day.at(failure.second);
                let excluding = entries.iter().filter(|entry| match &entry.effect {
                    Effect::ExcludeFailures(conditions) => {
                        entry.period.contains(time) && conditions.hold(&failure, source)
                    }
                    Effect::ExcludeLogins(_) | Effect::Threshold { .. } => false,
                });
                let ids: Vec<_> = excluding.map(|entry| &*entry.id).collect();
                index.all.push(time.timestamp());
                if ids.is_empty() {
                    index.remaining.push(time.timestamp());
                } else {
                    index.excluded.push((time.timestamp(), ids));
                }
            }
        }
        index
    }
}
