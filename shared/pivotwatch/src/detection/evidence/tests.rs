use chrono::TimeDelta;

use super::*;
use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
use crate::detection::parameters::Order;
use crate::detection::{Failure, Source};

const DAY: i64 = 24 * 60 * 60;

fn by(user: &str, number: i64, second: i64) -> Failure {
    Failure { user: user.to_owned(), ..failure(number, after_noon(second)) }
}

fn six(user: &str) -> Vec<Failure> {
    (0..6).map(|number| by(user, number, number)).collect()
}

/// What people read of the only incident of `login`.
fn report_of(failures: Vec<Failure>, login: Login, rule: &Rule) -> IncidentReport {
    let evidence = Evidence { tallies: tallies(failures), logins: vec![login], ..Evidence::none(address()) };
    incidents(&evidence, rule, &Tuning::default()).pop().expect("an incident")
}

#[test]
fn a_report_has_the_failures_from_a_window_before_the_first_login_to_a_window_after_the_last() {
    let window = TimeDelta::hours(24);
    let any = Rule { window, ..Rule::default() };
    let first = Rule { order: Order::FailuresFirst, ..any.clone() };
    let mut failures = six("ann@contoso.example");
    for failure in &mut failures {
        failure.time -= TimeDelta::seconds(60);
    }
    for (number, second) in (100..).zip([-DAY - 1, -DAY, 0, 1, DAY, DAY + 1]) {
        failures.push(Failure { code: "50053".parse().unwrap(), ..by("bob@contoso.example", number, second) });
    }
    for (rule, count, last) in [(any, 10, DAY), (first, 8, 0)] {
        let report = report_of(failures.clone(), login("one", noon()), &rule);
        let (source, failures) = report.failures.into_iter().next().unwrap();
        assert_eq!((source, failures.count, failures.exceeded), (Source::Interactive, count, true));
        assert_eq!((failures.first, failures.last), (after_noon(-DAY), after_noon(last)), "{:?}", rule.order);
        let codes = BTreeMap::from([("50053".to_owned(), count - 6), ("50126".to_owned(), 6)]);
        assert_eq!(failures.error_codes, codes);
        assert_eq!((failures.users.len(), failures.users_total), (2, 2));
    }
}

#[test]
fn no_fewer_failures_are_reported_than_are_known_by_time() {
    // The window covers five seconds of the last hour before the login. The sample has almost none of them.
    let rule = Rule { window: TimeDelta::hours(1), order: Order::FailuresFirst, ..Rule::default() };
    let second = |number: i64| if number < 9 { -3600 + number / 2 } else { -3601 - number % 3500 };
    let failures = (0..20_000).map(|number| failure(number, after_noon(1800 + second(number)))).collect();
    let report = report_of(failures, login("one", after_noon(1800)), &rule);
    assert_eq!(report.failures[&Source::Interactive].count, 9);
}

#[test]
fn an_address_is_quiet_while_no_window_holds_more_failures_than_allowed() {
    let rule = Rule::default();
    let is_quiet = |count: i64, apart: i64| {
        let tallies = tallies((0..count).map(|number| failure(number, after_noon(number * apart))));
        FailureIndex::of(&tallies, &rule, address()).is_quiet()
    };
    assert!(is_quiet(0, 1) && is_quiet(5, 1));
    assert!(!is_quiet(6, 1));
    assert!(!is_quiet(6, DAY / 5));
    assert!(is_quiet(6, DAY / 5 + 1) && is_quiet(20, DAY / 5 + 1));
}

#[test]
fn an_address_is_not_quiet_if_one_of_its_sources_is_not() {
    let mut failures = six("ann@contoso.example");
    failures.push(Failure { source: Source::NonInteractive, ..failure(9, noon()) });
    assert!(!FailureIndex::of(&tallies(failures), &Rule::default(), address()).is_quiet());
}

#[test]
fn a_report_lists_64_users_and_among_them_those_with_the_name_of_the_aws_user() {
    let users = ["alice@contoso.example", "Alice@fabrikam.example", "alice"];
    let others = (0..200).map(|number| by(&format!("user{number}@contoso.example"), number, number));
    let failures = others.chain((300..).zip(users).map(|(number, user)| by(user, number, number))).collect();
    let report = report_of(failures, login("one", noon()), &Rule::default());
    let of_source = &report.failures[&Source::Interactive];
    assert_eq!((of_source.users.len(), of_source.users_total), (64, 203));
    for user in users {
        assert!(of_source.users.contains(user), "{user} is not in {:?}", of_source.users);
    }
}
