//! The context of an incident, from the facts around it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::SECONDS_A_DAY;
use super::near::Near;
use crate::detection::context::{Context, FailedLogins, HISTORIES, ReferencedFailure, USERS_A_CLASS, UserHistory};
use crate::detection::day::Day;
use crate::detection::profile::Profile;
use crate::detection::references::Reference;
use crate::detection::result_code::{CodeClass, classes};
use crate::detection::sample::hash;
use crate::detection::successes::{UNKNOWN, user_hash};
use crate::detection::tally::{Tally, rounded};

/// What is known of a user who failed.
#[derive(Clone, Debug, Default)]
struct Known {
    failures: u64,
    first_failure: Option<DateTime<Utc>>,
    has_right_password: bool,
}

impl Context {
    /// The context of one tally.
    #[must_use]
    pub fn of_tally(day: Day, tally: &Tally) -> Self {
        let start = day.start().timestamp();
        let range = (start, start + SECONDS_A_DAY - 1);
        Near { range, sign_ins: vec![(day, tally)], console: Vec::new() }.context(|_| false, range.1)
    }
}

impl Near<'_> {
    /// The context of an incident whose last login was in the second `last`. `is_namesake` is true if an Entra user has
    /// the AWS user's name.
    pub(super) fn context(&self, is_namesake: impl Fn(&str) -> bool, last: i64) -> Context {
        let (users_by_class, known) = self.users_by_class(&is_namesake);
        let successes = self.successes();
        let references = self.references();
        let tenants = self.sign_ins.iter().flat_map(|(_, tally)| tally.references().tenants().iter());
        Context {
            users_by_class,
            users: self.histories(&known, &is_namesake),
            users_succeeded: rounded(successes.estimate()),
            users_succeeded_estimated: successes.is_saturated(),
            tenants: tenants.map(str::to_owned).collect(),
            references,
            failed_logins: self.failed_logins(last),
        }
    }

    fn users_by_class(
        &self,
        is_namesake: &impl Fn(&str) -> bool,
    ) -> (BTreeMap<CodeClass, Vec<String>>, BTreeMap<&str, Known>) {
        let (mut by_class, mut known) = (BTreeMap::<_, BTreeSet<&str>>::new(), BTreeMap::<&str, Known>::new());
        for (day, tally, occurrence, _) in self.occurrences() {
            let Some(user) = tally.profile(occurrence).map(Profile::user).filter(|user| !user.is_empty()) else {
                continue;
            };
            let of_user = known.entry(user).or_default();
            of_user.failures += 1;
            let time = day.at(occurrence.second);
            of_user.first_failure = Some(of_user.first_failure.map_or(time, |first| first.min(time)));
            for class in classes(&occurrence.code) {
                of_user.has_right_password |= class == CodeClass::PasswordRight;
                by_class.entry(class).or_default().insert(user);
            }
        }
        // Also those whose profile was dropped.
        for right in self.right_passwords().filter(|right| !right.user.is_empty()) {
            known.entry(&right.user).or_default().has_right_password = true;
            for class in classes(&right.code) {
                by_class.entry(class).or_default().insert(&right.user);
            }
        }
        let listed =
            |(class, users)| (class, first_by(users, USERS_A_CLASS, |user| (!is_namesake(user), hash(&[user]))));
        (by_class.into_iter().map(listed).collect(), known)
    }

    fn histories(&self, known: &BTreeMap<&str, Known>, is_namesake: &impl Fn(&str) -> bool) -> Vec<UserHistory> {
        let failures_incomplete =
            self.sign_ins.iter().any(|(_, tally)| tally.is_saturated() || !tally.has_all_profiles());
        let users = known.keys().copied();
        let listed =
            first_by(users, HISTORIES, |user| (!is_namesake(user), !known[user].has_right_password, hash(&[user])));
        let history = |user: String| {
            let Known { failures, first_failure, .. } = &known[&*user];
            let successes: Vec<_> = self.first_successes(&user).collect();
            UserHistory {
                user,
                failures: *failures,
                failures_incomplete,
                first_failure: *first_failure,
                succeeded: !successes.is_empty(),
                first_success: successes.into_iter().flatten().min(),
            }
        };
        listed.into_iter().map(history).collect()
    }

    /// The first success of a user in each tally that has one; `None` for one whose time is open.
    fn first_successes(&self, user: &str) -> impl Iterator<Item = Option<DateTime<Utc>>> {
        let user = user_hash(user);
        self.sign_ins.iter().filter_map(move |(day, tally)| {
            let second = *tally.successes().get(user)?;
            Some((second != UNKNOWN).then(|| day.at(second)))
        })
    }

    /// The references, the first failure first: what shows only some of them has it in any case.
    fn references(&self) -> Vec<ReferencedFailure> {
        let firsts =
            self.sign_ins.iter().filter_map(|(day, tally)| Some(referenced(*day, tally.references().first()?)));
        let first = firsts.filter(|failure| self.has(failure.time)).min();
        let rank = |reference: &Reference, tally: &Tally| {
            let is_right = tally.references().right_passwords().any(|right| right == reference);
            let is_first = tally.references().first() == Some(reference);
            (!is_right, is_right || !is_first)
        };
        let all = self.sign_ins.iter().flat_map(|(day, tally)| {
            tally.references().all().map(move |reference| (rank(reference, tally), referenced(*day, reference)))
        });
        let mut all: Vec<_> = all.filter(|((not_right, _), failure)| !not_right || self.has(failure.time)).collect();
        all.sort_unstable_by(|(one_rank, one), (other_rank, other)| {
            let key = |rank, failure| (first.as_ref() != Some(failure), rank, failure);
            key(*one_rank, one).cmp(&key(*other_rank, other))
        });
        // A failure of two tallies has the better of its ranks.
        let mut seen = BTreeSet::new();
        all.into_iter().map(|(_, failure)| failure).filter(|failure| seen.insert(failure.clone())).collect()
    }

    fn has(&self, time: DateTime<Utc>) -> bool {
        (self.range.0..=self.range.1).contains(&time.timestamp())
    }

    fn failed_logins(&self, last: i64) -> Option<FailedLogins> {
        let range = self.range.0..=last;
        let (mut count, mut count_estimated, mut users) = (0.0, false, BTreeSet::new());
        let (mut first, mut latest) = (None::<DateTime<Utc>>, None::<DateTime<Utc>>);
        for (day, tally) in &self.console {
            let is_near = |second: u32| range.contains(&day.at(second).timestamp());
            for time in tally.seconds().filter(|second| is_near(*second)).map(|second| day.at(second)) {
                first = Some(first.map_or(time, |first| first.min(time)));
                latest = latest.max(Some(time));
            }
            if tally.seconds().any(is_near) {
                users.extend(tally.users().iter());
            }
            let near = tally.occurrences().filter(|(occurrence, _)| is_near(occurrence.second));
            count += near.map(|(_, weight)| weight).sum::<f64>();
            count_estimated |= tally.is_sampled(is_near);
        }
        Some(FailedLogins {
            count: rounded(count).max(1),
            count_estimated,
            first: first?,
            last: latest?,
            users: first_by(users, USERS_A_CLASS, |user| hash(&[user])),
        })
    }
}

fn referenced(day: Day, reference: &Reference) -> ReferencedFailure {
    let Reference { second, code, user, request_id, correlation_id, export } = reference.clone();
    ReferencedFailure { time: day.at(second), code: code.to_string(), user, request_id, correlation_id, export }
}

/// The first users by rank. Ranks end with the hash of the name, so that the selection depends neither on the order of
/// arrival nor on the alphabet.
fn first_by<'u, K: Ord>(
    users: impl IntoIterator<Item = &'u str>,
    most: usize,
    rank: impl Fn(&str) -> K,
) -> Vec<String> {
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_by_cached_key(|user| rank(user));
    users.into_iter().take(most).map(str::to_owned).collect()
}
