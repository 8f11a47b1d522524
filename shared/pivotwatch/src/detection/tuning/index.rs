//! Decides whether logins match under the tuned rule.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::Tuning;
use super::entry::{Effect, Entry};
use crate::detection::address::Address;
use crate::detection::login::Login;
use crate::detection::rule::Rule;
use crate::detection::source::Source;
use crate::detection::tally::{KnownFailure, Tallies, TallyKind};
use crate::detection::window::{around, fullest};

/// The decision about a login that matches under the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::detection) struct Judgement<'a> {
    /// Whether the login matches under the tuned rule too.
    pub(in crate::detection) matches: bool,
    /// The ids of the entries that excluded the login, or a failure in its window, or raised a threshold for it.
    pub(in crate::detection) entries: BTreeSet<&'a str>,
}

/// The failures of an address that the entries leave.
#[derive(Clone, Debug)]
pub struct TunedIndex<'a> {
    rule: &'a Rule,
    address: Address,
    entries: Vec<&'a Entry>,
    /// The longest prefix of a threshold whose entry is invalid.
    lost_prefix: Option<u8>,
    sources: Vec<TunedSource<'a>>,
}

#[derive(Clone, Debug)]
struct TunedSource<'a> {
    source: Source,
    /// The times of the known failures that no entry excludes, in seconds since the epoch, sorted.
    remaining: Vec<i64>,
    /// By entry, the times of the failures that it excludes, sorted.
    excluded: BTreeMap<&'a str, Vec<i64>>,
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
        Some(Self { rule, address, entries, lost_prefix: tuning.lost_prefix(address), sources })
    }

    /// Decides about a login of the address that matches under the rule.
    pub(in crate::detection) fn judge(&self, login: &Login) -> Judgement<'a> {
        let excluding = self.entries.iter().filter(|entry| match &entry.effect {
            Effect::ExcludeLogins(conditions) => entry.period.contains(login.time) && conditions.hold(login),
            Effect::ExcludeFailures(_) | Effect::Threshold { .. } => false,
        });
        let mut judgement = Judgement { matches: false, entries: excluding.map(|entry| &*entry.id).collect() };
        let is_excluded = !judgement.entries.is_empty();
        let time = login.time.timestamp();
        for source in &self.sources {
            let (threshold, raised_by) = self.threshold(source.source, login);
            judgement.entries.extend(raised_by);
            let held = u32::try_from(fullest(&source.remaining, time, self.rule)).unwrap_or(u32::MAX);
            judgement.matches |= !is_excluded && held > threshold;
            let (from, to) = around(time, time, self.rule);
            let has_near = |moments: &Vec<i64>| {
                moments.get(moments.partition_point(|moment| *moment < from)).is_some_and(|moment| *moment <= to)
            };
            judgement.entries.extend(source.excluded.iter().filter(|(_, moments)| has_near(moments)).map(|(id, _)| id));
        }
        judgement
    }

    /// The threshold for a login and a source, and the entry that raises it. The longest prefix decides, of equal ones
    /// the lowest threshold, and of equal ones the first id. The rule's own holds in place of one that is lost.
    fn threshold(&self, source: Source, login: &Login) -> (u32, Option<&'a str>) {
        let lost = self.lost_prefix.map(|prefix| (Reverse(Some(prefix)), self.rule.threshold, None));
        let thresholds = self.entries.iter().filter_map(|entry| match &entry.effect {
            Effect::Threshold { threshold, conditions }
                if conditions.apply_to(source) && entry.period.contains(login.time) =>
            {
                Some((Reverse(conditions.networks.longest_prefix(self.address)), *threshold, Some(&*entry.id)))
            }
            _ => None,
        });
        thresholds.chain(lost).min().map_or((self.rule.threshold, None), |(_, threshold, id)| (threshold, id))
    }
}

impl<'a> TunedSource<'a> {
    fn of(source: Source, tallies: &Tallies, entries: &[&'a Entry]) -> Self {
        let mut index = Self { source, remaining: Vec::new(), excluded: BTreeMap::new() };
        for ((day, _), tally) in tallies.iter().filter(|((_, kind), _)| *kind == TallyKind::SignIns(source)) {
            for failure in tally.known_failures() {
                let time = day.at(failure.second);
                let moment = time.timestamp();
                let mut is_excluded = false;
                for entry in entries.iter().filter(|entry| excludes(entry, &failure, time, source)) {
                    is_excluded = true;
                    index.excluded.entry(&entry.id).or_default().push(moment);
                }
                if !is_excluded {
                    index.remaining.push(moment);
                }
            }
        }
        index
    }
}

/// Whether an entry excludes a failure of its address at `time`.
///
/// Of an hour whose failures are not all known, a beginning and an end are known, and not the middle. So the period of
/// the entry must have the whole hour: the failures that it leaves could be in the middle.
fn excludes(entry: &Entry, failure: &KnownFailure<'_>, time: DateTime<Utc>, source: Source) -> bool {
    let Effect::ExcludeFailures(conditions) = &entry.effect else { return false };
    let has_period = if failure.hour_is_complete {
        entry.period.contains(time)
    } else {
        let hour = time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time);
        entry.period.contains(hour) && entry.period.contains(hour + TimeDelta::seconds(60 * 60 - 1))
    };
    has_period && conditions.hold(failure, source)
}
