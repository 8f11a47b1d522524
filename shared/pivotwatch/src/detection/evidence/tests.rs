use chrono::TimeDelta;

use super::*;
use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
use crate::detection::name_set::NAME_LENGTH;
use crate::detection::rule::Order;
use crate::detection::signal::Severity;
use crate::detection::{Failure, IncidentReport};

const DAY: i64 = 24 * 60 * 60;

fn by(user: &str, number: i64, second: i64) -> Failure {
    Failure { user: user.to_owned(), ..failure(number, after_noon(second)) }
}

fn six(user: &str) -> Vec<Failure> {
    (0..6).map(|number| by(user, number, number)).collect()
}

/// Failures of more users than a tally remembers, on the day before noon.
fn of_many_users() -> Vec<Failure> {
    (0..600).map(|number| by(&format!("{number}{}", "x".repeat(NAME_LENGTH)), 1000 + number, number - DAY)).collect()
}

fn login_as(user_identity_type: &str, account_name: &str, account_upn_suffix: &str) -> Login {
    Login {
        user_identity_type: user_identity_type.to_owned(),
        account_name: account_name.to_owned(),
        account_upn_suffix: account_upn_suffix.to_owned(),
        ..login("one", noon())
    }
}

/// What people read of the only incident of `login`.
fn report_of(failures: Vec<Failure>, login: Login, rule: &Rule) -> IncidentReport {
    let evidence = Evidence { tallies: tallies(failures), logins: vec![login], ..Evidence::none(address()) };
    incidents(&evidence, rule, &Tuning::default()).pop().expect("an incident")
}

fn signals(failures: Vec<Failure>, login: Login) -> BTreeSet<Signal> {
    report_of(failures, login, &Rule::default()).signals
}

#[test]
fn each_signal_has_its_condition_and_no_other_signal_stands_in_for_it() {
    let root = BTreeSet::from([Signal::Root]);
    let same_user = BTreeSet::from([Signal::SameUser]);
    for (login, user, expected) in [
        (login_as("Root", "arn:aws:iam::111122223333:root", ""), "bob@contoso.example", &root),
        (login_as("root", "ann", ""), "ann@contoso.example", &root),
        (login_as("IAMUser", "ann", ""), "ann@contoso.example", &same_user),
        (login_as("IAMUser", "ANN", ""), "Ann@contoso.example", &same_user),
        (login_as("IAMUser", "ann", ""), "ann", &same_user),
        (login_as("AssumedRole", "ann", "Contoso.example"), "ann@contoso.example", &same_user),
        (login_as("AssumedRole", "ann", "fabrikam.example"), "ann@contoso.example", &BTreeSet::new()),
        (login_as("AssumedRole", "ann", "contoso.example"), "ann", &BTreeSet::new()),
        (login_as("IAMUser", "alice", ""), "ann@contoso.example", &BTreeSet::new()),
        (login_as("IAMUser", "alice", ""), "ann", &BTreeSet::new()),
        (login_as("IAMUser", "alice", ""), "", &BTreeSet::new()),
        (login_as("IAMUser", "", ""), "", &BTreeSet::new()),
        (login_as("IAMUser", "", ""), "@contoso.example", &BTreeSet::new()),
    ] {
        let report = report_of(six(user), login, &Rule::default());
        let columns = &report.incident.columns;
        assert_eq!(&report.signals, expected, "{} {} and {user:?}", columns.user_identity_type, columns.account_name);
        let severity = if expected.is_empty() { Severity::Medium } else { Severity::High };
        assert_eq!(report.severity(), severity);
    }
}

#[test]
fn names_that_were_dropped_leave_the_same_user_undecided_unless_a_kept_name_decides() {
    let failures = || [six("ann@contoso.example"), of_many_users()].concat();
    let known = tallies(failures());
    let cut: Vec<_> = known.values().map(|tally| tally.users().is_cut()).collect();
    assert_eq!(cut, [true, false], "one of two days dropped a name");
    let kept = known.values().next().and_then(|tally| tally.users().iter().next()).unwrap();

    let undecided = BTreeSet::from([Signal::UsersNotRemembered]);
    assert_eq!(signals(failures(), login_as("IAMUser", "alice", "")), undecided);
    assert_eq!(signals(failures(), login_as("IAMUser", kept, "")), BTreeSet::from([Signal::SameUser]));
    assert_eq!(signals(failures(), login_as("IAMUser", "ann", "")), BTreeSet::from([Signal::SameUser]));
    assert_eq!(signals(failures(), login_as("Root", "alice", "")), BTreeSet::from([Signal::Root]));
    assert_eq!(signals(failures(), login_as("IAMUser", "", "")), BTreeSet::new(), "no name, no doubt");
}

#[test]
fn a_user_who_failed_at_either_end_of_a_day_gives_a_signal() {
    for second in [-DAY / 2, DAY / 2 - 1] {
        let failures = [six("ann@contoso.example"), vec![by("alice@contoso.example", 9, second)]].concat();
        let only_ends = failures.into_iter().map(|failure| match failure.user.as_str() {
            "alice@contoso.example" => failure,
            _ => Failure { time: failure.time - TimeDelta::days(1) + TimeDelta::hours(1), ..failure },
        });
        let found = signals(only_ends.collect(), login_as("IAMUser", "alice", ""));
        assert_eq!(found, BTreeSet::from([Signal::SameUser]), "{second}");
    }
}

#[test]
fn users_who_failed_outside_the_window_give_no_signal() {
    let earlier = |second| [six("ann@contoso.example"), vec![by("alice@contoso.example", 9, second)]].concat();
    let alice = || login_as("IAMUser", "alice", "");
    assert_eq!(signals(earlier(-DAY), alice()), BTreeSet::from([Signal::SameUser]));
    // Half a day has no failure but the one before the window.
    assert_eq!(signals(earlier(-DAY - 1), alice()), BTreeSet::new());
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
