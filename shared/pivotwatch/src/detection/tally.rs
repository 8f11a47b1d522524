//! The failures of one address, day and kind, in bounded space.
//!
//! A tally keeps a sample of each hour's distinct failures ([`Hour`]), and a [`NameSet`] each for users and
//! applications. Merging is therefore a set union, in which each failure counts once. Duplicate notifications, exports
//! that grow and are uploaded again, two exports of the same sign-ins, and repeated writes do not change the result.
//! The numbers that people read (failures, hours, codes, first, last) are derived from the samples, and never from
//! counters.

use std::collections::BTreeMap;

use chrono::{DateTime, Timelike, Utc};
use litemap::LiteMap;

use super::address::Address;
use super::day::Day;
use super::failed_login::FailedLogin;
use super::failure::{Code, Failure};
use super::hour::{Hour, Occurrence};
use super::name_set::NameSet;
use super::profile::{Profile, ProfileHash, Profiles};
use super::references::References;
use super::source::Source;
use super::successes::Successes;

/// Bytes of kept user names: some 2,500 names of ordinary length (26 bytes), or 512 of the longest.
const USER_BYTES: usize = 64 * 1024;

/// Bytes of kept application names.
const APP_BYTES: usize = 4 * 1024;

/// Result codes in a report. Entra has some hundreds, and an address has a few. Without the bound, the author of an
/// export could invent more codes than an item can hold.
const CODES: usize = 256;

/// What a tally counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TallyKind {
    /// Failed sign-ins to Entra ID, of one source.
    SignIns(Source),
    /// Failed logins to the AWS console. The rule does not count them.
    ConsoleLogins,
}

impl TallyKind {
    /// The smallest and the largest kind, for ranges of keys.
    pub(crate) const FIRST: Self = Self::SignIns(Source::ALL[0]);
    pub(crate) const LAST: Self = Self::ConsoleLogins;

    /// The name in keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIns(source) => source.name(),
            Self::ConsoleLogins => "console_login",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == Self::ConsoleLogins.name() {
            Some(Self::ConsoleLogins)
        } else {
            name.parse().ok().map(Self::SignIns)
        }
    }
}

impl From<Source> for TallyKind {
    fn from(source: Source) -> Self {
        Self::SignIns(source)
    }
}

/// The tallies of one address over some days.
pub type Tallies = BTreeMap<(Day, TallyKind), Tally>;

/// The tallies of the addresses of a network.
pub type Members = BTreeMap<Address, Tallies>;

/// The key of a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TallyKey {
    /// The address of the failures.
    pub address: Address,
    /// The UTC day.
    pub day: Day,
    /// What it counts.
    pub kind: TallyKind,
}

impl TallyKey {
    /// The tally of `failure`.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
        Self { address: failure.address, day: Day::of(failure.time), kind: failure.source.into() }
    }

    /// The tally of the failed console login `failed`.
    #[must_use]
    pub fn of_login(failed: &FailedLogin) -> Self {
        Self { address: failed.source_ip_address, day: Day::of(failed.time), kind: TallyKind::ConsoleLogins }
    }
}

/// The users of a tally: exact up to 64 KiB of names.
pub type Users = NameSet<USER_BYTES>;

/// The applications of a tally.
pub type Apps = NameSet<APP_BYTES>;

/// A tally. Two tallies of the same key are equal if the same failures were added, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(crate) hours: LiteMap<u8, Hour>,
    pub(crate) users: Users,
    pub(crate) apps: Apps,
    /// The profiles to which the occurrences of the hours refer.
    pub(crate) profiles: Profiles,
    /// The way back to Entra ID.
    pub(crate) references: References,
    /// The users who signed in successfully, as far as the exports of the failures show.
    pub(crate) successes: Successes,
}

/// What is known of a kept failure.
#[derive(Clone, Copy, Debug)]
pub struct KnownFailure<'a> {
    /// The second of the day.
    pub second: u32,
    /// Whether all failures of its hour are known.
    pub hour_is_complete: bool,
    /// The result code; `None` in a saturated hour, unless the sample has the failure and all others are known.
    pub code: Option<&'a str>,
    /// The profile; `None` like the code, and if the tally dropped the profile.
    pub profile: Option<&'a Profile>,
}

impl Tally {
    /// Adds a failure of this tally's key. Returns whether it is new. In a saturated hour, a duplicate can appear new.
    pub fn add(&mut self, failure: &Failure) -> bool {
        self.apps.add(&failure.app);
        self.references.add(failure, failure.time.num_seconds_from_midnight());
        self.insert(failure.time, failure.identity, failure.code, &failure.user, |profiles| profiles.add(failure))
    }

    /// Adds a failed console login of this tally's key. Returns whether it is new, as [`Tally::add`] does.
    pub fn add_login(&mut self, failed: &FailedLogin) -> bool {
        self.insert(failed.time, failed.identity(), Code::default(), &failed.user, |_| ProfileHash::DROPPED)
    }

    fn insert(
        &mut self,
        time: DateTime<Utc>,
        identity: u64,
        code: Code,
        user: &str,
        profile: impl FnOnce(&mut Profiles) -> ProfileHash,
    ) -> bool {
        let second = time.num_seconds_from_midnight();
        if self.hours.is_empty() {
            self.hours = LiteMap::with_capacity(1);
        }
        let hour = self.hours.entry(hour_of(second)).or_default();
        let is_new = !hour.sample().contains(identity);
        let cut = self.profiles.cut();
        let profile = profile(&mut self.profiles);
        hour.add(identity, Occurrence { second, code, profile });
        if self.profiles.cut() != cut {
            self.drop_profiles();
        }
        self.users.add(user);
        is_new
    }

    /// Merges `other`, a tally of the same key.
    pub fn merge(&mut self, other: &Self) -> Merged {
        let mut merged = Merged::default();
        let cut = self.profiles.cut();
        merged.changed |= self.profiles.merge(&other.profiles);
        if self.profiles.cut() != cut {
            self.drop_profiles();
        }
        for (hour, theirs) in other.hours.iter() {
            let ours = self.hours.entry(*hour).or_default();
            merged.duplicates +=
                theirs.sample().entries().filter(|(identity, _)| ours.sample().contains(*identity)).count() as u64;
            merged.changed |= ours.merge(theirs, &self.profiles);
        }
        merged.changed |= self.users.merge(&other.users);
        merged.changed |= self.apps.merge(&other.apps);
        merged.changed |= self.references.merge(&other.references);
        merged.changed |= self.successes.merge(&other.successes);
        merged
    }

    fn drop_profiles(&mut self) {
        for (_, hour) in self.hours.iter_mut() {
            hour.drop_profiles(&self.profiles);
        }
    }

    /// The number of distinct failures: exact unless [`Tally::is_saturated`].
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.hours.values().map(|hour| rounded(hour.sample().estimate())).sum()
    }

    /// Whether an hour has more failures than are kept, so that numbers are estimates.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        self.hours.values().any(|hour| hour.sample().is_saturated())
    }

    /// Whether the number of failures at the seconds that are `near` is an estimate, since a saturated hour has such
    /// seconds.
    pub(crate) fn is_sampled(&self, near: impl Fn(u32) -> bool) -> bool {
        let mut saturated = self.hours.values().filter(|hour| hour.sample().is_saturated());
        saturated.any(|hour| hour.seconds().into_iter().any(&near))
    }

    /// Failures by hour of the day.
    #[must_use]
    pub fn by_hour(&self) -> BTreeMap<u8, u64> {
        self.hours.iter().map(|(number, hour)| (*number, rounded(hour.sample().estimate()))).collect()
    }

    /// Failures by result code.
    #[must_use]
    pub fn error_codes(&self) -> BTreeMap<String, u64> {
        by_code(self.occurrences())
    }

    /// The time of the first failure, if the tally is of `day`.
    #[must_use]
    pub fn first_failure(&self, day: Day) -> Option<DateTime<Utc>> {
        self.hours.values().next().and_then(|hour| hour.seconds().first().map(|second| day.at(*second)))
    }

    /// The time of the last failure, if the tally is of `day`.
    #[must_use]
    pub fn last_failure(&self, day: Day) -> Option<DateTime<Utc>> {
        self.hours.values().next_back().and_then(|hour| hour.seconds().last().map(|second| day.at(*second)))
    }

    /// The seconds of the day of all kept failures, sorted. See [`Hour::seconds`] for which are kept.
    pub fn seconds(&self) -> impl Iterator<Item = u32> {
        self.hours.values().flat_map(Hour::seconds)
    }

    /// The failures of [`Tally::seconds`], with what is known of each.
    pub fn known_failures(&self) -> impl Iterator<Item = KnownFailure<'_>> {
        self.hours.values().flat_map(move |hour| {
            let hour_is_complete = hour.is_complete();
            hour.known().map(move |(second, occurrence)| KnownFailure {
                second,
                hour_is_complete,
                code: occurrence.map(|occurrence| &*occurrence.code),
                profile: occurrence.and_then(|occurrence| self.profiles.get(occurrence.profile.0)),
            })
        })
    }

    /// Every sampled failure with its [`Sample::weight`](super::sample::Sample::weight), by hour, and in no order
    /// within an hour.
    pub fn occurrences(&self) -> impl Iterator<Item = (&Occurrence, f64)> {
        self.hours.values().flat_map(|hour| {
            let weight = hour.sample().weight();
            hour.sample().entries().map(move |(_, occurrence)| (occurrence, weight))
        })
    }

    /// Adds users who signed in successfully, from an export with failures of this tally.
    pub fn add_successes(&mut self, successes: &Successes) {
        self.successes.merge(successes);
    }

    /// The users who signed in successfully, as far as the exports of the failures show.
    #[must_use]
    pub fn successes(&self) -> &Successes {
        &self.successes
    }

    /// The way back to Entra ID.
    #[must_use]
    pub fn references(&self) -> &References {
        &self.references
    }

    /// Whether all profiles are kept.
    pub(crate) fn has_all_profiles(&self) -> bool {
        self.profiles.cut().is_none()
    }

    /// The profile of a failure; `None` if it was dropped.
    pub(crate) fn profile(&self, occurrence: &Occurrence) -> Option<&Profile> {
        self.profiles.get(occurrence.profile.0)
    }

    /// The users who failed.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// The number of users, at most the number of failures.
    #[must_use]
    pub fn users_total(&self) -> u64 {
        rounded(self.users.estimate()).min(self.failures())
    }

    /// The applications of the failures.
    #[must_use]
    pub fn apps(&self) -> &Apps {
        &self.apps
    }

    /// The number of applications, at most the number of failures.
    #[must_use]
    pub fn apps_total(&self) -> u64 {
        rounded(self.apps.estimate()).min(self.failures())
    }
}

/// Failures by result code, at most [`CODES`] entries, smallest codes first, so that the selection does not depend on
/// the order of arrival. Failed console logins have no code, and DynamoDB accepts no empty key.
pub(crate) fn by_code<'a>(occurrences: impl Iterator<Item = (&'a Occurrence, f64)>) -> BTreeMap<String, u64> {
    let mut codes = BTreeMap::<&str, f64>::new();
    for (occurrence, weight) in occurrences.filter(|(occurrence, _)| !occurrence.code.is_empty()) {
        *codes.entry(&occurrence.code).or_default() += weight;
    }
    codes.into_iter().take(CODES).map(|(code, number)| (code.to_owned(), rounded(number))).collect()
}

/// The result of a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Whether the tally changed.
    pub changed: bool,
    /// The number of failures that both tallies have.
    pub duplicates: u64,
}

/// The hour of a second of the day.
#[expect(clippy::cast_possible_truncation, reason = "a day has 24 hours")]
fn hour_of(second: u32) -> u8 {
    (second / 3600) as u8
}

/// An estimate, rounded to a whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "estimates are positive and far below 2^64"
)]
pub(crate) fn rounded(estimate: f64) -> u64 {
    estimate.round() as u64
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::detection::failure::{Particulars, Trace, identity};
    use crate::detection::hour::FAILURES_AN_HOUR;
    use crate::detection::name_set::NAME_LENGTH;

    fn failure(id: &str, second: i64, code: &str) -> Failure {
        let time = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let address = Address::from(std::net::IpAddr::from([203, 0, 113, 7]));
        let (user, app) = ("ann@contoso.example", "Azure Portal");
        let particulars = Particulars { time, address, user, app, correlation_id: "" };
        Failure {
            address,
            source: Source::Interactive,
            time,
            code: code.parse().unwrap(),
            identity: identity(id, code, &particulars),
            user: user.to_owned(),
            app: app.to_owned(),
            client_app: String::new(),
            operation: String::new(),
            user_agent: String::new(),
            trace: Trace::default(),
        }
    }

    #[test]
    fn numbers_are_derived_from_the_kept_failures() {
        let mut tally = Tally::default();
        for (id, second, code) in [("a", 59, "50126"), ("b", 3600, "50126"), ("c", 3661, "50053")] {
            assert!(tally.add(&failure(id, second, code)));
        }
        assert!(!tally.add(&failure("c", 3661, "50053")), "the same failure again is not new");

        let day = Day::of(DateTime::UNIX_EPOCH);
        assert_eq!(tally.failures(), 3);
        assert_eq!(tally.by_hour(), BTreeMap::from([(0, 1), (1, 2)]));
        assert_eq!(tally.error_codes(), BTreeMap::from([("50053".to_owned(), 1), ("50126".to_owned(), 2)]));
        assert_eq!(tally.first_failure(day), Some(day.at(59)));
        assert_eq!(tally.last_failure(day), Some(day.at(3661)));
        assert_eq!(tally.users().len(), 1);
    }

    /// A failure whose profile takes more than a hundredth of the bound.
    fn with_long_texts(number: u16, user: u16) -> Failure {
        let long = |name: &str| format!("{name}{user}{}", "x".repeat(NAME_LENGTH));
        let [app, client_app, user_agent] = ["app", "client", "agent"].map(long);
        let user = format!("user{user}@{}", "x".repeat(90));
        Failure {
            user,
            app,
            client_app,
            user_agent,
            operation: "o".repeat(NAME_LENGTH),
            ..failure(&number.to_string(), i64::from(number % 7) * 1000, "50126")
        }
    }

    fn with_all(failures: &[(u16, u16)]) -> Tally {
        let mut tally = Tally::default();
        for (number, user) in failures {
            tally.add(&with_long_texts(*number, *user));
        }
        tally
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        /// Some of the failures have two profiles, and not all profiles are kept.
        #[test]
        fn merging_is_a_join_also_beyond_the_bound_of_profiles(
            all in proptest::collection::vec(proptest::collection::vec((0..300_u16, 0..200_u16), 0..220), 3),
        ) {
            let [a, b, c] = [&all[0], &all[1], &all[2]].map(|failures| with_all(failures));
            let join = |one: &Tally, other: &Tally| { let mut joined = one.clone(); joined.merge(other); joined };
            proptest::prop_assert_eq!(join(&a, &a), a.clone());
            proptest::prop_assert_eq!(join(&a, &b), join(&b, &a));
            proptest::prop_assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
            proptest::prop_assert_eq!(join(&a, &b), with_all(&[all[0].clone(), all[1].clone()].concat()));
            let mut merged = a.clone();
            let changed = merged.merge(&b).changed;
            proptest::prop_assert_eq!(changed, merged != a);
        }
    }

    #[test]
    fn a_failure_beyond_the_bound_of_profiles_is_known_without_its_profile() {
        let failures: Vec<_> = (0..200).map(|number| (number, number)).collect();
        let tally = with_all(&failures);
        let known: Vec<_> = tally.known_failures().collect();
        assert!(known.iter().all(|failure| failure.code == Some("50126")));
        let with_profile = known.iter().filter(|failure| failure.profile.is_some()).count();
        assert_eq!((known.len(), with_profile), (200, tally.profiles.len()));
        assert!((50..80).contains(&with_profile), "{with_profile} with a profile");
    }

    #[test]
    fn an_export_that_grows_under_the_same_key_is_counted_once() {
        let grown = |length: i64| {
            let mut tally = Tally::default();
            for number in 0..length {
                tally.add(&failure(&number.to_string(), number, "50126"));
            }
            tally
        };
        let mut tally = Tally::default();
        for (length, duplicates) in [(3, 0), (5, 3), (5, 5), (9, 5)] {
            let merged = tally.merge(&grown(length));
            assert_eq!(merged.duplicates, duplicates, "at length {length}");
        }
        assert_eq!(tally.failures(), 9);
    }

    #[test]
    fn a_merge_without_new_failures_changes_nothing() {
        let mut tally = Tally::default();
        tally.add(&failure("a", 1, "50126"));
        assert_eq!(tally.clone().merge(&tally), Merged { changed: false, duplicates: 1 });
    }

    #[test]
    fn an_hour_with_more_failures_than_are_kept_is_marked_and_estimated() {
        let mut tally = Tally::default();
        for number in 0..1000 {
            tally.add(&failure(&number.to_string(), number, "50126"));
        }
        assert!(tally.is_saturated());
        assert_eq!(tally.occurrences().count(), FAILURES_AN_HOUR);
        assert!((700..1300).contains(&tally.failures()), "{}", tally.failures());
    }

    #[test]
    fn the_codes_of_an_estimated_hour_add_up_to_its_failures() {
        let mut tally = Tally::default();
        for number in 0..2000 {
            tally.add(&failure(&number.to_string(), number, if number % 4 == 0 { "50053" } else { "50126" }));
        }
        let codes = tally.error_codes();
        assert!(codes.values().sum::<u64>().abs_diff(tally.failures()) <= 1, "{codes:?} of {}", tally.failures());
        assert!(codes["50126"] > 2 * codes["50053"], "{codes:?}");
    }

    #[test]
    fn a_tally_keeps_512_users_and_32_applications_with_the_longest_names() {
        let tally = |names: i64| {
            let mut tally = Tally::default();
            for number in 0..names {
                let name = format!("{number:03}{}", "x".repeat(200));
                tally.add(&Failure { user: name.clone(), app: name, ..failure(&number.to_string(), number, "50126") });
            }
            tally
        };
        let (apps, users) = (tally(32), tally(512));
        assert_eq!((apps.apps().len(), apps.apps().is_cut()), (32, false));
        assert_eq!((users.users().len(), users.users().is_cut()), (512, false));
        assert!(tally(33).apps().is_cut() && tally(513).users().is_cut());
    }

    #[test]
    fn the_256_smallest_codes_are_shown() {
        let mut tally = Tally::default();
        for number in (0..300).rev() {
            tally.add(&failure(&number.to_string(), number * 60, &(50_000 + number).to_string()));
        }
        let shown: Vec<_> = tally.error_codes().into_keys().collect();
        assert_eq!(shown, (50_000..50_256).map(|code| code.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn a_merge_joins_applications_and_says_so() {
        let of_app = |app: &str| {
            let mut tally = Tally::default();
            tally.add(&Failure { app: app.to_owned(), ..failure("a", 1, "50126") });
            tally.add(&failure("b", 2, "50126"));
            tally
        };
        let mut tally = of_app("Azure Portal");
        assert_eq!(tally.merge(&of_app("Outlook")), Merged { changed: true, duplicates: 2 });
        let mut apps: Vec<_> = tally.apps().iter().collect();
        apps.sort_unstable();
        assert_eq!((apps, tally.apps_total(), tally.users_total()), (vec!["Azure Portal", "Outlook"], 2, 1));
    }

    #[test]
    fn one_saturated_hour_makes_the_numbers_of_a_tally_estimates() {
        let mut tally = Tally::default();
        tally.add(&failure("earlier", 0, "50126"));
        for number in 0..256 {
            tally.add(&failure(&number.to_string(), 3600 + number, "50126"));
        }
        assert!(!tally.is_saturated());
        tally.add(&failure("one more", 7199, "50126"));
        assert!(tally.is_saturated());
    }

    #[test]
    fn there_are_never_more_users_than_failures() {
        let mut tally = Tally::default();
        for number in 0..600 {
            let user = format!("{number}{}", "x".repeat(NAME_LENGTH));
            tally.add(&Failure { user, ..failure(&number.to_string(), number, "50126") });
        }
        assert!(tally.users().is_cut());
        assert!(tally.users_total() <= tally.failures(), "{} users", tally.users_total());
    }
}
