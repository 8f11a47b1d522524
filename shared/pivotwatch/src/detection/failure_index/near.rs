//! The facts around an incident: from one window before its first login to one window after its last.

use std::collections::BTreeSet;

use super::is_same_user;
use crate::detection::day::Day;
use crate::detection::hour::Occurrence;
use crate::detection::incident::{Columns, Incident};
use crate::detection::references::Reference;
use crate::detection::rule::Rule;
use crate::detection::signal::{MANY_USERS, Signal};
use crate::detection::successes::Successes;
use crate::detection::tally::Tally;

/// Of so many users who failed and succeeded on, they can be most of all who failed. One user who fails and succeeds
/// can be an attacker who found the password.
const MOST_SUCCEEDED_FROM: usize = 3;

/// The facts around an incident.
pub(super) struct Near<'a> {
    /// The first and the last second, since the epoch.
    pub(super) range: (i64, i64),
    /// The tallies of the rule's sources, of the days with failures in the range.
    pub(super) sign_ins: Vec<(Day, &'a Tally)>,
    /// The tallies of failed console logins.
    pub(super) console: Vec<(Day, &'a Tally)>,
}

impl<'a> Near<'a> {
    /// The signals of the incident.
    pub(super) fn signals(&self, incident: &Incident, rule: &Rule) -> BTreeSet<Signal> {
        let columns = &incident.columns;
        let has_name = !incident.is_root() && !columns.account_name.is_empty();
        let same_user =
            has_name && self.tallies().any(|tally| tally.users().iter().any(|user| is_same_user(user, columns)));
        let is_cut = self.tallies().any(|tally| tally.users().is_cut());
        let failing: BTreeSet<_> =
            self.tallies().flat_map(|tally| tally.users().entries().map(|(hash, _)| hash)).collect();
        let (among, succeeded) = self.succeeded(&failing);
        let many_users = is_cut || failing.len() > MANY_USERS;
        // Not `many_users`, of whom few are compared if far more users succeeded than are kept.
        let few_succeeded = rule.counts_successes && among > MANY_USERS && succeeded * 5 <= among;
        let most_succeeded = succeeded >= MOST_SUCCEEDED_FROM && succeeded * 2 > among;
        let own_mistakes = same_user
            && (most_succeeded || incident.is_federated() && !few_succeeded)
            && self.has_succeeded(columns)
            && self.failures_of(columns).is_some_and(|own| own <= u64::from(rule.threshold));
        let signals = [
            (Signal::Root, incident.is_root()),
            (Signal::SameUser, same_user),
            (Signal::DifferentUser, has_name && !same_user && !is_cut && !failing.is_empty()),
            (Signal::UsersNotRemembered, has_name && !same_user && is_cut),
            (Signal::PasswordRight, self.right_passwords().next().is_some()),
            (Signal::NoMfa, incident.lacks_mfa()),
            (Signal::FailedLogins, self.has_failed_login_before(incident.end_time.timestamp())),
            (Signal::ManyUsers, many_users),
            (Signal::FewSucceeded, few_succeeded),
            (Signal::MostSucceeded, most_succeeded),
            (Signal::OwnMistakes, own_mistakes),
        ];
        signals.into_iter().filter(|(_, holds)| *holds).map(|(signal, _)| signal).collect()
    }

    fn tallies(&self) -> impl Iterator<Item = &'a Tally> {
        self.sign_ins.iter().map(|(_, tally)| *tally)
    }

    /// The users who signed in successfully on these days.
    pub(super) fn successes(&self) -> Successes {
        let mut successes = Successes::default();
        for tally in self.tallies() {
            successes.merge(tally.successes());
        }
        successes
    }

    /// Of users who failed, how many are compared with those who succeeded, and how many of them succeeded. Beyond the
    /// bound of the sample, the users with the smallest hashes are compared.
    fn succeeded(&self, failing: &BTreeSet<u64>) -> (usize, usize) {
        let successes = self.successes();
        let last = successes.entries().last().map_or(u64::MAX, |(hash, _)| hash);
        let last = if successes.is_saturated() { last } else { u64::MAX };
        let among = failing.range(..=last);
        (among.clone().count(), among.filter(|user| successes.contains(**user)).count())
    }

    /// The failures in the range, each with its day and its weight.
    pub(super) fn occurrences(&self) -> impl Iterator<Item = (Day, &'a Tally, &'a Occurrence, f64)> {
        let (from, to) = self.range;
        self.sign_ins.iter().flat_map(move |(day, tally)| {
            let start = day.start().timestamp();
            let is_near = move |second: u32| (from..=to).contains(&(start + i64::from(second)));
            let near = tally.occurrences().filter(move |(occurrence, _)| is_near(occurrence.second));
            near.map(move |(occurrence, weight)| (*day, *tally, occurrence, weight))
        })
    }

    /// The failures whose code says that the password was right: the first of each kept user and tally. Also those of
    /// these days outside the range, like the users who failed: a later one in the range can be missing in the sample.
    pub(super) fn right_passwords(&self) -> impl Iterator<Item = &'a Reference> {
        self.tallies().flat_map(|tally| tally.references().right_passwords())
    }

    /// Whether a namesake of the AWS user who failed also succeeded.
    fn has_succeeded(&self, columns: &Columns) -> bool {
        let successes = self.successes();
        let mut users = self.tallies().flat_map(|tally| tally.users().entries());
        users.any(|(hash, user)| successes.contains(hash) && is_same_user(user, columns))
    }

    /// The failures of the AWS user's namesakes. `None` if not all failures, or their users, are known.
    fn failures_of(&self, columns: &Columns) -> Option<u64> {
        let are_known = self.tallies().all(|tally| tally.has_all_profiles() && !tally.is_saturated());
        let is_own = |tally: &Tally, occurrence: &Occurrence| {
            tally.profile(occurrence).is_some_and(|profile| is_same_user(profile.user(), columns))
        };
        are_known
            .then(|| self.occurrences().filter(|(_, tally, occurrence, _)| is_own(tally, occurrence)).count() as u64)
    }

    /// Whether a console login failed in the range, up to this second.
    fn has_failed_login_before(&self, last: i64) -> bool {
        let (from, _) = self.range;
        self.console.iter().any(|(day, tally)| {
            let start = day.start().timestamp();
            tally.seconds().any(|second| (from..=last).contains(&(start + i64::from(second))))
        })
    }
}

#[cfg(test)]
mod tests;
