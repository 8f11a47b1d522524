//! The facts near the logins of an incident: its signals, and what a responder asks next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use pivotwatch::detection::parameters::Order;
use pivotwatch::detection::result_code::CodeClass;
use pivotwatch::detection::sample::hash;
use pivotwatch::detection::signal::Signal;
use pivotwatch::detection::{Rule, Source};

use super::columns::is_named;
use super::facts::{Facts, FailedLogin, Failure, Place, names};
use super::{Context, FailedLogins, Failures, History, ReferencedFailure};
use crate::worlds::{Success, TrailRecord};

/// The facts near the logins of an incident.
pub(super) struct Near<'f> {
    rule: &'f Rule,
    columns: &'f [String; 11],
    /// From a window before the first login to a window after the last.
    failures: Vec<&'f Failure>,
    /// All failures of a source and a day that has one of them.
    of_days: Vec<&'f Failure>,
    /// The successes of such a source and day.
    successes: Vec<&'f Success>,
    /// Failed logins from a window before the first login to the last.
    failed_logins: Vec<&'f FailedLogin>,
    /// All failed logins of a day that has one of them.
    failed_logins_of_days: Vec<&'f FailedLogin>,
}

impl<'f> Near<'f> {
    pub(super) fn of(
        facts: &'f Facts<'_>,
        place: Place,
        columns: &'f [String; 11],
        logins: &[&TrailRecord],
        rule: &'f Rule,
    ) -> Self {
        let times = || logins.iter().map(|login| login.time);
        let (first, last) = (times().min().expect("a login"), times().max().expect("a login"));
        let end = match rule.order {
            Order::Any => last + rule.window,
            Order::FailuresFirst => last,
        };
        let range = first - rule.window..=end;
        let of_place: Vec<_> = facts.failures.iter().filter(|failure| place.has(failure.address)).collect();
        let failures: Vec<_> = of_place.iter().copied().filter(|failure| range.contains(&failure.time)).collect();
        let days: BTreeSet<_> = failures.iter().map(|failure| day(failure)).collect();
        let has_failure =
            |success: &&Success| !days.is_empty() && of_place.iter().any(|failure| failure.address == success.address);
        let of_place_login = |failed: &&FailedLogin| place.has(failed.address);
        let before = |failed: &&FailedLogin| (first - rule.window..=last).contains(&failed.time);
        let failed_logins: Vec<_> = facts.failed_logins.iter().filter(of_place_login).filter(before).collect();
        let login_days: BTreeSet<_> = failed_logins.iter().map(|failed| failed.time.date_naive()).collect();
        let on_days = |failed: &&FailedLogin| login_days.contains(&failed.time.date_naive());
        Self {
            rule,
            columns,
            of_days: of_place.iter().copied().filter(|failure| days.contains(&day(failure))).collect(),
            successes: facts
                .successes
                .iter()
                .filter(|success| place.has(success.address))
                .filter(has_failure)
                .collect(),
            failures,
            failed_logins,
            failed_logins_of_days: facts.failed_logins.iter().filter(of_place_login).filter(on_days).collect(),
        }
    }

    /// The failures of a source, if there are any.
    pub(super) fn failures(&self, source: Source, exceeded: bool) -> Option<Failures> {
        let near: Vec<_> = self.failures.iter().filter(|failure| failure.source == source).collect();
        let mut error_codes = BTreeMap::new();
        for failure in &near {
            *error_codes.entry(failure.code.clone()).or_default() += 1;
        }
        // "Never more users than failures": those of the AWS user's name first, then by their hashes.
        let of_source = self.of_days.iter().filter(|failure| failure.source == source);
        let users = names(of_source.map(|failure| failure.user.as_str()));
        let users = self.ranked(users, |_| false, near.len());
        Some(Failures {
            count: near.len() as u64,
            exceeded,
            first: near.iter().map(|failure| failure.time).min()?,
            last: near.iter().map(|failure| failure.time).max()?,
            error_codes,
            users_total: users.len() as u64,
            users: users.into_iter().collect(),
        })
    }

    /// The signals, each by its sentence in the library's documentation.
    pub(super) fn signals(&self) -> BTreeSet<Signal> {
        let [kind, name, mfa_used] = [3, 5, 10].map(|column| self.columns[column].to_lowercase());
        let is_root = kind == "root";
        let is_federated = ["assumedrole", "federateduser", "samluser", "webidentityuser"].contains(&kind.as_str());
        let has_name = !is_root && !name.is_empty();
        let users = names(self.of_days.iter().map(|failure| failure.user.as_str()));
        let same_user = has_name && users.iter().any(|user| is_named(user, self.columns));
        let successful = names(self.successes.iter().map(|success| success.user.as_str()));
        let succeeded = users.intersection(&successful).count();
        let own_failures = self.failures.iter().filter(|failure| is_named(&failure.user, self.columns)).count();
        // "More than 5 Entra users failed from the address."
        // "At most one in five of them also signed in successfully." Not where successes are ignored.
        // "Most of the users who failed, and at least three."
        let many_users = users.len() > 5;
        let few_succeeded = self.rule.counts_successes && many_users && succeeded * 5 <= users.len();
        let most_succeeded = succeeded >= 3 && succeeded > users.len() - succeeded;
        let own_succeeded = users.intersection(&successful).any(|user| is_named(user, self.columns));
        let holds = |signal| match signal {
            Signal::Root => is_root,
            Signal::SameUser => same_user,
            Signal::DifferentUser => has_name && !same_user && !users.is_empty(),
            // No world has more users than a tally keeps.
            Signal::UsersNotRemembered => false,
            Signal::PasswordRight => self.of_days.iter().any(|failure| is_right(failure)),
            Signal::NoMfa => (is_root || kind == "iamuser") && mfa_used == "no",
            Signal::FailedLogins => !self.failed_logins.is_empty(),
            Signal::ManyUsers => many_users,
            Signal::FewSucceeded => few_succeeded,
            Signal::MostSucceeded => most_succeeded,
            // "Failed no more often than the threshold allows and then succeeded. The login was federated and the
            // address is no sprayer's, or most succeed at the address".
            Signal::OwnMistakes => {
                let is_excused = most_succeeded || is_federated && !few_succeeded;
                same_user && own_succeeded && is_excused && own_failures <= self.rule.threshold as usize
            }
        };
        Signal::ALL.into_iter().filter(|signal| holds(*signal)).collect()
    }

    /// What a responder asks next.
    pub(super) fn context(&self) -> Context {
        let mut users_by_class = BTreeMap::<_, BTreeSet<&str>>::new();
        let known = || self.failures.iter().copied().chain(self.right_passwords());
        for failure in known().filter(|failure| !failure.user.is_empty()) {
            for class in classes(&failure.code) {
                users_by_class.entry(*class).or_default().insert(&failure.user);
            }
        }
        let right = users_by_class.get(&CodeClass::PasswordRight).cloned().unwrap_or_default();
        let users = names(known().map(|failure| failure.user.as_str()));
        let history = |user: String| {
            let own = || self.failures.iter().filter(|failure| failure.user == user);
            let of_days = |success: &Success| {
                self.of_days.iter().any(|failure| failure.time.date_naive() == success.time.date_naive())
            };
            let successes = self.successes.iter().filter(|success| success.user == user && of_days(success));
            History {
                failures: own().count() as u64,
                first_failure: own().map(|failure| failure.time).min(),
                succeeded: self.successes.iter().any(|success| success.user == user),
                first_success: successes.map(|success| success.time).min(),
                user,
            }
        };
        Context {
            users: self.ranked(users, |user| right.contains(user), 16).into_iter().map(history).collect(),
            users_by_class: users_by_class
                .into_iter()
                .map(|(class, users)| (class, self.ranked(users, |_| false, 8)))
                .collect(),
            users_succeeded: names(self.successes.iter().map(|success| success.user.as_str())).len() as u64,
            references: self.references(),
            failed_logins: self.failed_logins(),
            is_exact: true,
        }
    }

    /// The failures of each source and day that has one near.
    fn tallies(&self) -> impl Iterator<Item = Vec<&'f Failure>> {
        let mut tallies = BTreeMap::<_, Vec<&Failure>>::new();
        for failure in &self.of_days {
            tallies.entry(day(failure)).or_default().push(failure);
        }
        tallies.into_values()
    }

    /// In each tally, for each user the first failure whose code says that the password was right.
    fn right_passwords(&self) -> impl Iterator<Item = &'f Failure> {
        self.tallies().flat_map(|mut tally| {
            tally.sort_by_key(|failure| reference(failure));
            let mut right = BTreeMap::new();
            for failure in tally.into_iter().filter(|failure| is_right(failure)) {
                right.entry(hash(&[&failure.user])).or_insert(failure);
            }
            right.into_values().take(16)
        })
    }

    /// "Failures to look up in Entra ID. The first near the incident is the first. Then come those with a right
    /// password, also outside the window on the same days, and the first of each tally."
    fn references(&self) -> Vec<ReferencedFailure> {
        let is_near = |failure: &Failure| {
            self.failures.iter().any(|near| near.rank == failure.rank && near.source == failure.source)
        };
        let firsts = self.tallies().filter_map(|tally| {
            let first = tally.into_iter().min_by_key(|failure| reference(failure))?;
            is_near(first).then(|| reference(first))
        });
        let firsts: BTreeSet<_> = firsts.collect();
        let right: BTreeSet<_> = self.right_passwords().map(reference).collect();
        let mut listed = Vec::new();
        for failure in firsts.iter().take(1).chain(&right).chain(&firsts) {
            if !listed.contains(failure) {
                listed.push(failure.clone());
            }
        }
        listed
    }

    fn failed_logins(&self) -> Option<FailedLogins> {
        let times = || self.failed_logins.iter().map(|failed| failed.time);
        let users = names(self.failed_logins_of_days.iter().map(|failed| failed.user.as_str()));
        let mut users: Vec<_> = users.into_iter().map(str::to_owned).collect();
        users.sort_by_key(|user| hash(&[user]));
        users.truncate(8);
        Some(FailedLogins { count: times().count() as u64, first: times().min()?, last: times().max()?, users })
    }

    /// At most `most` users: the AWS user's namesakes, preferred ones, others by their hashes.
    fn ranked(&self, users: BTreeSet<&str>, is_preferred: impl Fn(&str) -> bool, most: usize) -> Vec<String> {
        let mut users: Vec<_> = users.into_iter().collect();
        users.sort_by_key(|user| (!is_named(user, self.columns), !is_preferred(user), hash(&[user])));
        users.into_iter().take(most).map(str::to_owned).collect()
    }
}

fn day(failure: &Failure) -> (Source, NaiveDate) {
    (failure.source, failure.time.date_naive())
}

fn reference(failure: &Failure) -> ReferencedFailure {
    ReferencedFailure {
        time: failure.time,
        code: failure.code.clone(),
        user: failure.user.clone(),
        request_id: failure.request_id.clone(),
    }
}

fn is_right(failure: &Failure) -> bool {
    classes(&failure.code).contains(&CodeClass::PasswordRight)
}

/// The classes of the worlds' codes, by Microsoft's list of errors.
fn classes(code: &str) -> &'static [CodeClass] {
    match code {
        "50126" => &[CodeClass::WrongPassword],
        "50053" => &[CodeClass::Locked, CodeClass::BlockedAddress],
        "50074" => &[CodeClass::PasswordRight, CodeClass::Mfa],
        "7000215" => &[CodeClass::OtherCredential],
        other => panic!("the judge does not know the code {other}"),
    }
}
