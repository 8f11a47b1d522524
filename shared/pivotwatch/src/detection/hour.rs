//! The failures of one hour, in bounded space, and with exact decisions.
//!
//! A bottom-K [`Sample`] gives what people read: the number of failures and their codes. It cannot decide the rule.
//! A window can hold a part of a saturated hour, and a sample only estimates a part. It can estimate four failures of a
//! thousand as eight, or twenty as none.
//!
//! So an hour also keeps its first and its last K failures. A window is never shorter than an hour (see
//! [`super::parameters`]), so it holds the beginning, the end, or all of an hour. Of each of these, K failures are
//! known, which is more than any threshold.

use std::collections::BTreeMap;

use litemap::LiteMap;

use super::failure::Code;
use super::profile::{ProfileHash, Profiles};
use super::sample::Sample;

/// The K of the sample, of the first and of the last failures. Up to this number, an hour is exact.
pub const FAILURES_AN_HOUR: usize = 256;

/// A kept failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The second of the day.
    pub second: u32,
    /// The result code.
    pub code: Code,
    /// The hash of the failure's profile. It comes last, so that dropping a profile never changes which of two
    /// occurrences of a failure is the smaller.
    pub profile: ProfileHash,
}

impl Occurrence {
    fn with_kept(self, profiles: &Profiles) -> Self {
        Self { profile: profiles.kept(self.profile), ..self }
    }
}

/// A failure by time: the second of the day, and the failure's identity.
pub(crate) type Moment = (u32, u64);

/// The failures of one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    pub(crate) sample: Sample<FAILURES_AN_HOUR, Occurrence>,
    /// `None` while the sample has all of them: there were at most K failures, each with a single time.
    pub(crate) ends: Option<Box<Ends>>,
}

impl Hour {
    /// Adds a failure, and returns whether the hour changed.
    pub(crate) fn add(&mut self, identity: u64, occurrence: Occurrence) -> bool {
        let moment = (occurrence.second, identity);
        let is_in_sample = match self.sample.get(identity) {
            Some(known) => known.second == occurrence.second,
            None => self.sample.len() < FAILURES_AN_HOUR,
        };
        let changed = (self.ends.is_some() || !is_in_sample) && self.ends_mut().add(moment);
        self.sample.add(identity, occurrence) | changed
    }

    /// Merges `other`, and returns whether the hour changed. `profiles` are those of the merged tally.
    pub(crate) fn merge(&mut self, other: &Self, profiles: &Profiles) -> bool {
        let entries = other.sample.entries().map(|(identity, occurrence)| (identity, occurrence.with_kept(profiles)));
        let Some(theirs) = &other.ends else {
            return entries.fold(false, |changed, (identity, occurrence)| self.add(identity, occurrence) | changed);
        };
        let changed = self.ends_mut().merge(theirs);
        self.sample.merge_entries(entries, other.sample.is_saturated()) | changed
    }

    /// Replaces the hashes of profiles that are not kept.
    pub(crate) fn drop_profiles(&mut self, profiles: &Profiles) {
        self.sample.values_mut().for_each(|occurrence| *occurrence = occurrence.with_kept(profiles));
    }

    /// Whether the moments of all its failures are known: in the sample, or among the first and the last failures.
    pub(crate) fn is_complete(&self) -> bool {
        self.ends.as_ref().is_none_or(|ends| {
            // If the first of the last failures is also one of the first, no failure lies between them.
            ends.latest.0.first().is_none_or(|(moment, ())| ends.earliest.0.contains_key(moment))
        })
    }

    /// All kept failures, sorted: the second of the day, and the occurrence if it decides what the failure is.
    ///
    /// The occurrence is given for failures of the sample in an hour whose failures are all known. Otherwise, a failure
    /// outside the sample may be of any kind, and so may one that is not known.
    pub(crate) fn known(&self) -> impl Iterator<Item = (u32, Option<&Occurrence>)> {
        let is_complete = self.is_complete();
        let occurrence = move |identity: u64| self.sample.get(identity).filter(|_| is_complete);
        self.moments().into_iter().map(move |(second, identity)| (second, occurrence(identity)))
    }

    fn ends_mut(&mut self) -> &mut Ends {
        self.ends.get_or_insert_with(|| Box::new(Ends::of(&self.sample)))
    }

    /// The sample, for estimates.
    #[must_use]
    pub fn sample(&self) -> &Sample<FAILURES_AN_HOUR, Occurrence> {
        &self.sample
    }

    /// The seconds of the day of all kept failures, sorted. For any moment, they include all failures up to it, or at
    /// least [`FAILURES_AN_HOUR`] of them, and likewise from the moment on.
    ///
    /// A failure that exports give several times counts at the earliest.
    #[must_use]
    pub fn seconds(&self) -> Vec<u32> {
        self.moments().into_iter().map(|(second, _)| second).collect()
    }

    /// The moments of all kept failures, sorted.
    fn moments(&self) -> Vec<Moment> {
        let sampled = self.sample.entries().map(|(identity, occurrence)| (occurrence.second, identity));
        let ends = self.ends.iter().flat_map(|ends| ends.earliest.0.keys().chain(ends.latest.0.keys()).copied());
        let mut first = BTreeMap::<u64, u32>::new();
        for (second, identity) in sampled.chain(ends) {
            let known = first.entry(identity).or_insert(second);
            *known = second.min(*known);
        }
        let mut moments: Vec<_> = first.into_iter().map(|(identity, second)| (second, identity)).collect();
        moments.sort_unstable();
        moments
    }
}

/// The first and the last failures of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) earliest: Earliest,
    pub(crate) latest: Latest,
}

impl Ends {
    /// The ends of an hour whose failures are all in the sample.
    pub(crate) fn of(sample: &Sample<FAILURES_AN_HOUR, Occurrence>) -> Self {
        let moments: Moments =
            sample.entries().map(|(identity, occurrence)| ((occurrence.second, identity), ())).collect();
        Self { earliest: Earliest(moments.clone()), latest: Latest(moments) }
    }

    fn add(&mut self, moment: Moment) -> bool {
        self.earliest.add(moment) | self.latest.add(moment)
    }

    fn merge(&mut self, other: &Self) -> bool {
        let earliest = other.earliest.0.keys().fold(false, |changed, moment| self.earliest.add(*moment) | changed);
        other.latest.0.keys().fold(earliest, |changed, moment| self.latest.add(*moment) | changed)
    }
}

/// Moments in order.
pub(crate) type Moments = LiteMap<Moment, ()>;

/// The first K moments of all that were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Earliest(pub(crate) Moments);

/// The last K moments of all that were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Latest(pub(crate) Moments);

impl Earliest {
    fn add(&mut self, moment: Moment) -> bool {
        let last = self.0.last().map(|(last, ())| *last);
        add(&mut self.0, moment, last.filter(|last| moment < *last))
    }
}

impl Latest {
    fn add(&mut self, moment: Moment) -> bool {
        let first = self.0.first().map(|(first, ())| *first);
        add(&mut self.0, moment, first.filter(|first| moment > *first))
    }
}

/// Adds a moment if there is room, or in place of `farther`, the moment that is kept last.
fn add(known: &mut Moments, moment: Moment, farther: Option<Moment>) -> bool {
    let has_room = known.len() < FAILURES_AN_HOUR;
    if !has_room && farther.is_none() || known.insert(moment, ()).is_some() {
        return false;
    }
    if let Some(farther) = farther.filter(|_| !has_room) {
        known.remove(&farther);
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const PROFILE: ProfileHash = ProfileHash(7);

    fn hour(moments: &[Moment]) -> Hour {
        let mut hour = Hour::default();
        for (second, identity) in moments {
            hour.add(
                spread(*identity),
                Occurrence { second: *second, code: "50126".parse().unwrap(), profile: PROFILE },
            );
        }
        hour
    }

    /// Spreads identities over the whole range, as hashes are.
    fn spread(identity: u64) -> u64 {
        identity.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Up to three times the kept failures, some of them added twice, also with two times.
    fn moments() -> impl Strategy<Value = Vec<Moment>> {
        vec((0..60_u32, 0..700_u64), 0..900)
    }

    fn joined(one: &Hour, other: &Hour) -> Hour {
        let mut joined = one.clone();
        joined.merge(other, &Profiles::default());
        joined
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn merging_is_idempotent_commutative_and_associative(a in moments(), b in moments(), c in moments()) {
            let (a, b, c) = (hour(&a), hour(&b), hour(&c));
            prop_assert_eq!(joined(&a, &a), a.clone());
            prop_assert_eq!(joined(&a, &b), joined(&b, &a));
            prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
        }

        #[test]
        fn merging_equals_adding_all_and_returns_whether_the_hour_changed(a in moments(), b in moments()) {
            let before = hour(&a);
            let mut after = before.clone();
            let changed = after.merge(&hour(&b), &Profiles::default());
            prop_assert_eq!(changed, before != after);
            prop_assert_eq!(after, hour(&[a, b].concat()));
        }

        #[test]
        fn adding_a_failure_says_whether_anything_changed(
            known in moments(),
            added in vec((0..60_u32, 0..1500_u64), 0..8),
        ) {
            let mut hour = hour(&known);
            for (second, identity) in added {
                let before = hour.clone();
                let changed = hour.add(spread(identity), Occurrence { second, code: "50126".parse().unwrap(), profile: PROFILE });
                prop_assert_eq!(changed, before != hour);
            }
        }

        /// Little may be new in one of the three kept parts, and nothing in the others.
        #[test]
        fn merging_an_hour_that_grew_a_little_says_whether_anything_changed(
            known in moments(),
            grown_by in vec((0..60_u32, 0..1500_u64), 0..3),
        ) {
            let before = hour(&known);
            let mut after = before.clone();
            let changed = after.merge(&hour(&[known, grown_by].concat()), &Profiles::default());
            prop_assert_eq!(changed, before != after);
        }

        #[test]
        fn an_hour_keeps_no_more_than_its_bound(moments in moments()) {
            let hour = hour(&moments);
            prop_assert!(hour.sample.len() <= FAILURES_AN_HOUR);
            if let Some(ends) = &hour.ends {
                prop_assert!(ends.earliest.0.len() <= FAILURES_AN_HOUR && ends.latest.0.len() <= FAILURES_AN_HOUR);
            }
        }

        #[test]
        fn every_beginning_and_every_end_of_an_hour_is_known_up_to_k_failures(
            seconds in vec(0..60_u32, 0..900),
            cut in 0..60_u32,
        ) {
            let moments: Vec<Moment> = (0..).zip(&seconds).map(|(identity, second)| (*second, identity)).collect();
            let known = hour(&moments).seconds();
            for is_within in [|second: u32, cut: u32| second <= cut, |second: u32, cut: u32| second >= cut] {
                let there_are = seconds.iter().filter(|second| is_within(**second, cut)).count();
                let are_known = known.iter().filter(|second| is_within(**second, cut)).count();
                prop_assert!(are_known <= there_are);
                prop_assert_eq!(are_known.min(FAILURES_AN_HOUR), there_are.min(FAILURES_AN_HOUR));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Excluding can only err towards an incident that is mailed.
        #[test]
        fn of_every_beginning_and_end_at_least_the_failures_that_are_not_excluded_stay(
            seconds in vec(0..60_u32, 0..900),
            one_in in 1..300_usize,
            cut in 0..60_u32,
        ) {
            let mut hour = Hour::default();
            let stays = |number: usize| number.is_multiple_of(one_in);
            for (number, second) in seconds.iter().enumerate() {
                let code = if stays(number) { "50126" } else { "50074" }.parse().unwrap();
                hour.add(spread(number as u64), Occurrence { second: *second, code, profile: PROFILE });
            }
            let stays_known = |known: Option<&Occurrence>| known.is_none_or(|known| &*known.code != "50074");
            let known: Vec<_> =
                hour.known().filter(|(_, known)| stays_known(*known)).map(|(second, _)| second).collect();
            for is_within in [|second: u32, cut: u32| second <= cut, |second: u32, cut: u32| second >= cut] {
                let staying = seconds.iter().enumerate().filter(|(number, _)| stays(*number));
                let there_are = staying.filter(|(_, second)| is_within(**second, cut)).count();
                let are_known = known.iter().filter(|second| is_within(**second, cut)).count();
                prop_assert!(are_known >= there_are.min(FAILURES_AN_HOUR), "{are_known} of {there_are}");
                prop_assert!(seconds.len() > FAILURES_AN_HOUR || are_known == there_are);
            }
        }
    }

    #[test]
    fn a_failure_with_two_times_is_one_and_counts_at_the_earlier() {
        assert_eq!(hour(&[(9, 1), (5, 1), (7, 2)]).seconds(), [5, 7]);
    }
}
