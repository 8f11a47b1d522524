//! Signals are decided exactly also where numbers are estimates, except for those that compare numbers of users.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use pivotwatch::detection::signal::Signal;
use pivotwatch::detection::successes::{Successes, user_hash};
use pivotwatch::detection::tally::{TallyKey, TallyKind};
use pivotwatch::detection::{Day, Evidence, FailedLogin, Failure, Rule, Tuning, incidents};
use pivotwatch_tests::facts::{at, noon};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{bursts, evidence, failure, login, times_of};

/// Adds a failure of the console login's namesake, after a right password.
fn add_right_password(evidence: &mut Evidence, time: DateTime<Utc>, number: u64) {
    let namesake =
        Failure { code: "50074".parse().unwrap(), user: "alice@contoso.example".to_owned(), ..failure(number, time) };
    let TallyKey { day, kind, .. } = TallyKey::of(&namesake);
    evidence.tallies.entry((day, kind)).or_default().add(&namesake);
}

fn add_failed_login(evidence: &mut Evidence, time: DateTime<Utc>, number: usize) {
    let failed = FailedLogin {
        event_id: number.to_string(),
        time,
        source_ip_address: evidence.address,
        user: format!("user{number}"),
    };
    evidence.tallies.entry((Day::of(time), TallyKind::ConsoleLogins)).or_default().add_login(&failed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn signals_equal_those_over_every_single_fact(
        failures in bursts(),
        failed_logins in bursts(),
        right_passwords in prop::collection::vec((any::<Index>(), 0..3_u64), 0..3),
        login_second in 0..3 * 86_400_i64,
        window_minutes in prop_oneof![Just(1440_i64), 60..=2880_i64],
    ) {
        let rule = Rule { window: TimeDelta::minutes(window_minutes), ..Rule::default() };
        let login_time = at("2026-03-01T00:00:00Z") + TimeDelta::seconds(login_second);
        let (times, failed_logins) = (times_of(&failures), times_of(&failed_logins));
        let right_passwords: Vec<_> = right_passwords.into_iter().map(|(time, id)| (*time.get(&times), id)).collect();
        let mut evidence = evidence(&times, login(login_time));
        for (time, id) in &right_passwords {
            add_right_password(&mut evidence, *time, 1_000_000 + id);
        }
        for (number, time) in failed_logins.iter().enumerate() {
            add_failed_login(&mut evidence, *time, number);
        }

        let near = |time: &DateTime<Utc>| (*time - login_time).abs() <= rule.window;
        let days: BTreeSet<NaiveDate> = times.iter().filter(|time| near(time)).map(DateTime::date_naive).collect();
        let is_right = right_passwords.iter().any(|(time, _)| days.contains(&time.date_naive()));
        let failed_before = failed_logins.iter().any(|time| near(time) && *time <= login_time);
        let users = times.iter().filter(|time| days.contains(&time.date_naive())).count() + usize::from(is_right);
        for report in incidents(&evidence, &rule, &Tuning::default()) {
            let has = |signal| report.signals.contains(&signal);
            prop_assert!(!has(Signal::UsersNotRemembered), "all names are kept");
            prop_assert_eq!((has(Signal::SameUser), has(Signal::DifferentUser)), (is_right, !is_right));
            prop_assert_eq!(has(Signal::PasswordRight), is_right);
            prop_assert_eq!(has(Signal::FailedLogins), failed_before);
            prop_assert_eq!(has(Signal::ManyUsers), users > 5);
            prop_assert_eq!((has(Signal::FewSucceeded), has(Signal::MostSucceeded)), (users > 5, false));
            prop_assert_eq!(has(Signal::NoMfa), false);
        }
    }
}

/// The signals of an address where users fail, all of whom or none of whom succeed, among all who succeed.
fn signals_of(failing: u64, all_succeed: bool, succeeding: u64) -> BTreeSet<Signal> {
    let times: Vec<_> = (0..failing).map(|_| noon()).collect();
    let mut evidence = evidence(&times, login(noon()));
    let mut successes = Successes::default();
    let first = if all_succeed { 0 } else { failing };
    for number in first..first + succeeding {
        successes.add(user_hash(&failure(number, noon()).user), 0);
    }
    evidence.tallies.values_mut().for_each(|tally| tally.add_successes(&successes));
    incidents(&evidence, &Rule::default(), &Tuning::default()).remove(0).signals
}

#[test]
fn users_are_not_said_to_have_failed_only_because_more_succeed_than_are_kept() {
    for succeeding in [100, 1_000, 10_000, 60_000] {
        let office = signals_of(20, true, succeeding);
        assert!(!office.contains(&Signal::FewSucceeded), "{succeeding}: {office:?}");
        let spray = signals_of(20, false, succeeding);
        assert!(!spray.contains(&Signal::MostSucceeded), "{succeeding}: {spray:?}");
    }
    assert!(signals_of(20, true, 100).contains(&Signal::MostSucceeded));
    assert!(signals_of(20, false, 100).contains(&Signal::FewSucceeded));
    assert!(signals_of(2_000, false, 10_000).contains(&Signal::FewSucceeded), "a fortieth of them is compared");
}
