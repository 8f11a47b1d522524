use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::detection::evidence::{Evidence, incidents};
use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
use crate::detection::name_set::NAME_LENGTH;
use crate::detection::sample::Sample;
use crate::detection::signal::Signal::{self, *};
use crate::detection::successes::user_hash;
use crate::detection::tally::{Tallies, TallyKey};
use crate::detection::{FailedLogin, Failure, Login, Rule, Tuning};

const DAY: i64 = 24 * 60 * 60;
const HOUR: i64 = 60 * 60;

fn by(user: &str, number: i64, second: i64) -> Failure {
    Failure { user: user.to_owned(), ..failure(number, after_noon(second)) }
}

/// Six failures of one user, just before noon.
fn six(user: &str) -> Vec<Failure> {
    (0..6).map(|number| by(user, number, number - 10)).collect()
}

/// One failure of each of some users, just before noon.
fn spray(users: i64) -> Vec<Failure> {
    (0..users).map(|number| by(&format!("user{number}@contoso.example"), number, number - 100)).collect()
}

/// These failures, and one more of the first user.
fn with_six(failures: Vec<Failure>) -> Vec<Failure> {
    [failures, vec![by("user0@contoso.example", 9, -1)]].concat()
}

/// A login at noon with a second factor.
fn login_as(user_identity_type: &str, account_name: &str, account_upn_suffix: &str) -> Login {
    Login {
        user_identity_type: user_identity_type.to_owned(),
        account_name: account_name.to_owned(),
        account_upn_suffix: account_upn_suffix.to_owned(),
        mfa_used: "Yes".to_owned(),
        ..login("one", noon())
    }
}

fn federated(user: &str) -> Login {
    let (name, suffix) = user.split_once('@').unwrap();
    login_as("AssumedRole", name, suffix)
}

/// The tallies of these failures. Each tally also holds a success of each of these users.
fn with_successes(failures: Vec<Failure>, users: &[&str]) -> Tallies {
    let mut tallies = tallies(failures);
    let successes = Sample::restore(users.iter().map(|user| (user_hash(user), 0)), false);
    for tally in tallies.values_mut() {
        tally.add_successes(&successes);
    }
    tallies
}

/// The signals of the only incident.
fn signals_of(tallies: Tallies, login: Login) -> BTreeSet<Signal> {
    let evidence = Evidence { tallies, logins: vec![login], ..Evidence::none(address()) };
    incidents(&evidence, &Rule::default(), &Tuning::default()).pop().expect("an incident").signals
}

fn signals(failures: Vec<Failure>, login: Login) -> BTreeSet<Signal> {
    signals_of(tallies(failures), login)
}

#[test]
fn a_user_is_root_the_same_another_or_has_no_name() {
    for (login, user, expected) in [
        (login_as("Root", "arn:aws:iam::111122223333:root", ""), "bob@contoso.example", Some(Root)),
        (login_as("root", "ann", ""), "ann@contoso.example", Some(Root)),
        (login_as("IAMUser", "ann", ""), "ann@contoso.example", Some(SameUser)),
        (login_as("IAMUser", "ANN", ""), "Ann@contoso.example", Some(SameUser)),
        (login_as("IAMUser", "ann", ""), "ann", Some(SameUser)),
        (login_as("AssumedRole", "ann", "Contoso.example"), "ann@contoso.example", Some(SameUser)),
        (login_as("AssumedRole", "ann", "fabrikam.example"), "ann@contoso.example", Some(SameUser)),
        (login_as("AssumedRole", "ann", "contoso.example"), "ann@contoso.onmicrosoft.com", Some(SameUser)),
        (login_as("IAMUser", "Ann", "contoso.example"), "aNN@x@y", Some(SameUser)),
        (login_as("AssumedRole", "ann", "contoso.example"), "ann", Some(SameUser)),
        (login_as("AssumedRole", "ann", "contoso.example"), "bob@contoso.example", Some(DifferentUser)),
        (login_as("AssumedRole", "ann", "contoso.example"), "ann.b@contoso.example", Some(DifferentUser)),
        (login_as("IAMUser", "alice", ""), "ann@contoso.example", Some(DifferentUser)),
        (login_as("IAMUser", "alice", ""), "", None),
        (login_as("IAMUser", "", ""), "ann", None),
        (login_as("IAMUser", "", ""), "@contoso.example", None),
    ] {
        let shown = format!("{} {} and {user:?}", login.user_identity_type, login.account_name);
        assert_eq!(signals(six(user), login), expected.into_iter().collect(), "{shown}");
    }
}

#[test]
fn only_an_iam_user_and_root_can_lack_a_second_factor() {
    for (user_identity_type, mfa_used, lacks) in [
        ("IAMUser", "No", true),
        ("iamuser", "NO", true),
        ("Root", "No", true),
        ("IAMUser", "Yes", false),
        ("IAMUser", "", false),
        ("AssumedRole", "No", false),
        ("IdentityCenterUser", "No", false),
    ] {
        let login = Login { mfa_used: mfa_used.to_owned(), ..login_as(user_identity_type, "alice", "") };
        let found = signals(six("ann@contoso.example"), login);
        assert_eq!(found.contains(&NoMfa), lacks, "{user_identity_type} {mfa_used}");
    }
}

#[test]
fn one_code_within_the_window_says_that_a_password_was_right() {
    let with = |code: &str, second: i64| {
        let right = Failure { code: code.parse().unwrap(), ..by("bob@contoso.example", 9, second) };
        signals([six("ann@contoso.example"), vec![right]].concat(), login_as("IAMUser", "alice", ""))
    };
    for (code, second, is_right) in [
        ("50074", 0, true),
        ("53003", 0, true),
        ("50126", 0, false),
        ("50074", -DAY, true),
        ("50074", -DAY - 1, false),
        ("50074", DAY, true),
        ("50074", DAY + 1, false),
    ] {
        assert_eq!(with(code, second).contains(&PasswordRight), is_right, "{code} {second}");
    }
}

#[test]
fn a_right_password_counts_also_if_an_earlier_one_of_the_day_was_outside_the_window() {
    let right =
        |number, second| Failure { code: "50074".parse().unwrap(), ..by("bob@contoso.example", number, second) };
    let failures = [six("ann@contoso.example"), vec![right(8, -DAY - HOUR), right(9, -DAY + HOUR)]].concat();
    assert!(signals(failures, login_as("IAMUser", "alice", "")).contains(&PasswordRight));
}

#[test]
fn failed_console_logins_count_up_to_the_login() {
    for (second, is_before) in [(-1, true), (0, true), (1, false), (-DAY, true), (-DAY - 1, false)] {
        let mut tallies = tallies(six("ann@contoso.example"));
        let failed = FailedLogin {
            event_id: "failed".to_owned(),
            time: noon() + TimeDelta::seconds(second),
            source_ip_address: address(),
            user: "alice".to_owned(),
        };
        let TallyKey { day, kind, .. } = TallyKey::of_login(&failed);
        tallies.entry((day, kind)).or_default().add_login(&failed);
        let found = signals_of(tallies, login_as("IAMUser", "alice", ""));
        assert_eq!(found.contains(&FailedLogins), is_before, "{second}");
    }
}

#[test]
fn more_than_five_users_are_many() {
    let alice = || login_as("IAMUser", "alice", "");
    assert!(!signals(with_six(spray(5)), alice()).contains(&ManyUsers));
    assert!(signals(spray(6), alice()).contains(&ManyUsers));
}

#[test]
fn few_of_the_failing_users_succeed_or_most_or_neither() {
    let users: Vec<_> = (0..10).map(|number| format!("user{number}@contoso.example")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    for (succeeded, expected) in [
        (0, Some(FewSucceeded)),
        (2, Some(FewSucceeded)),
        (3, None),
        (5, None),
        (6, Some(MostSucceeded)),
        (10, Some(MostSucceeded)),
    ] {
        let found = signals_of(with_successes(spray(10), &users[..succeeded]), login_as("IAMUser", "alice", ""));
        let found = found.into_iter().filter(|signal| matches!(signal, FewSucceeded | MostSucceeded));
        assert_eq!(found.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>(), "{succeeded} of 10");
    }
    assert!(
        !signals(with_six(spray(5)), login_as("IAMUser", "alice", "")).contains(&FewSucceeded),
        "five are few themselves"
    );
    let two = with_successes([spray(2), six("user0@contoso.example")].concat(), &users[..2]);
    assert!(!signals_of(two, login_as("IAMUser", "alice", "")).contains(&MostSucceeded), "two are too few");
    let others = with_successes(spray(10), &["eve@contoso.example", "mallory@contoso.example"]);
    assert!(signals_of(others, login_as("IAMUser", "alice", "")).contains(&FewSucceeded), "others do not count");
}

#[test]
fn beyond_the_bound_of_successes_the_users_below_its_cut_are_compared() {
    let mut successes = Sample::default();
    for number in 0..400 {
        successes.add(user_hash(&format!("user{number}@contoso.example")), 0);
    }
    assert!(successes.is_saturated());
    let mut tallies = tallies(spray(400));
    for tally in tallies.values_mut() {
        tally.add_successes(&successes);
    }
    assert!(signals_of(tallies, login_as("IAMUser", "alice", "")).contains(&MostSucceeded));
}

#[test]
fn own_mistakes_are_a_federated_users_few_failures_and_a_success() {
    let own = |number: i64| [spray(6), (0..number).map(|n| by("ann@contoso.example", 50 + n, -1)).collect()].concat();
    let ann = || federated("ann@contoso.example");
    let half = ["ann@contoso.example", "user0@contoso.example"];
    let most: Vec<_> = (0..6).map(|number| format!("user{number}@contoso.example")).collect();
    let most: Vec<_> = most.iter().map(String::as_str).chain(["ann@contoso.example"]).collect();
    for (failures, succeeded, login, expected, why) in [
        (own(5), &half[..], ann(), true, "a few failures, and a success"),
        (own(6), &half, ann(), false, "more failures than the threshold"),
        (own(5), &half[1..], ann(), false, "no success, and a sprayer's address"),
        (own(5), &half[..1], ann(), false, "a sprayer's address"),
        (own(0), &half, ann(), false, "no failure of the user"),
        (own(5), &half, login_as("IAMUser", "ann", ""), false, "not federated"),
        (own(5), &most, login_as("IAMUser", "ann", ""), true, "not federated, where most succeed"),
        (own(6), &most, ann(), false, "more failures than the threshold, where most succeed"),
    ] {
        let found = signals_of(with_successes(failures, succeeded), login);
        assert_eq!(found.contains(&OwnMistakes), expected, "{why}: {found:?}");
    }
}

#[test]
fn own_mistakes_are_not_claimed_if_failures_were_dropped() {
    let ann = || federated("ann@contoso.example");
    let many = (0..300).map(|number| by("bob@contoso.example", 1000 + number, -1 - number)).collect();
    let failures = [vec![by("ann@contoso.example", 1, -1)], many].concat();
    assert!(!signals_of(with_successes(failures, &["ann@contoso.example"]), ann()).contains(&OwnMistakes));
}

#[test]
fn names_that_were_dropped_leave_the_same_user_undecided_unless_a_kept_name_decides() {
    let long = |number: i64| format!("{number}{}", "x".repeat(NAME_LENGTH));
    let of_many = (0..600).map(|number| by(&long(number), 1000 + number, number - DAY)).collect();
    let failures = [six("ann@contoso.example"), of_many].concat();
    let known = tallies(failures.clone());
    let cut: Vec<_> = known.values().map(|tally| tally.users().is_cut()).collect();
    assert_eq!(cut, [true, false], "one of two days dropped a name");
    let kept = known.values().next().and_then(|tally| tally.users().iter().next()).unwrap();
    for (login, expected) in [
        (login_as("IAMUser", "alice", ""), Some(UsersNotRemembered)),
        (login_as("IAMUser", kept, ""), Some(SameUser)),
        (login_as("IAMUser", "ann", ""), Some(SameUser)),
        (login_as("Root", "alice", ""), Some(Root)),
        (login_as("IAMUser", "", ""), None),
    ] {
        let mut found = signals(failures.clone(), login);
        assert!(found.remove(&ManyUsers) && found.remove(&FewSucceeded));
        assert_eq!(found, expected.into_iter().collect());
    }
}

#[test]
fn users_count_who_failed_on_a_day_with_a_failure_within_the_window() {
    let alice = || login_as("IAMUser", "alice", "");
    for (second, is_same) in [(-DAY / 2, true), (DAY / 2 - 1, true), (-DAY, true), (-DAY - 1, false)] {
        let failures = [six("ann@contoso.example"), vec![by("alice@contoso.example", 9, second)]].concat();
        assert_eq!(signals(failures, alice()).contains(&SameUser), is_same, "{second}");
    }
}
