//! An address with more failures than a tally keeps: its cost stays bounded, and its decision exact.

mod cost;
mod numbers;
mod requests;
mod signals;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::aws::{self, TrailOutcome};
use pivotwatch::detection::failure::Trace;
use pivotwatch::detection::parameters::Order;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Evidence, Failure, Login, Rule, Source, Tuning, incidents};
use pivotwatch_tests::facts::{ADDRESS, at, console_login, noon};
use proptest::collection::vec;
use proptest::prelude::*;

fn failure(number: u64, time: DateTime<Utc>) -> Failure {
    Failure {
        address: Address::parse(ADDRESS).unwrap(),
        source: Source::Interactive,
        time,
        code: "50126".parse().unwrap(),
        // Spread over the range of hashes.
        identity: (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        user: format!("user{number}@contoso.example"),
        app: "Azure Portal".to_owned(),
        client_app: "Browser".to_owned(),
        operation: "Sign-in activity".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        trace: Trace::default(),
    }
}

fn login(time: DateTime<Utc>) -> Login {
    match aws::parse_record(&console_login("one", time)) {
        TrailOutcome::Login(login) => *login,
        other => panic!("{other:?}"),
    }
}

/// The evidence of failures at these times, and of a login.
fn evidence(times: &[DateTime<Utc>], login: Login) -> Evidence {
    let mut evidence = Evidence::none(login.source_ip_address);
    for (number, time) in (0..).zip(times) {
        let failure = failure(number, *time);
        let TallyKey { day, kind, .. } = TallyKey::of(&failure);
        evidence.tallies.entry((day, kind)).or_default().add(&failure);
    }
    evidence.logins.push(login);
    evidence
}

/// `true` if some window with the login holds more failures than the threshold. Counts every failure.
fn by_definition(times: &[DateTime<Utc>], login: DateTime<Utc>, rule: &Rule) -> bool {
    let mut times: Vec<_> = times.iter().copied().filter(|time| rule.order == Order::Any || *time <= login).collect();
    times.sort_unstable();
    times
        .windows(rule.threshold as usize + 1)
        .any(|held| login.max(held[held.len() - 1]) - login.min(held[0]) <= rule.window)
}

/// Bursts: number of failures, first second, length in seconds.
fn bursts() -> impl Strategy<Value = Vec<(usize, i64, i64)>> {
    vec((1..700_usize, 0..3 * 86_400_i64, 1..5400_i64), 1..4)
}

/// The times of the bursts' failures.
fn times_of(bursts: &[(usize, i64, i64)]) -> Vec<DateTime<Utc>> {
    let first_day = at("2026-03-01T00:00:00Z");
    let of_burst = |(number, first, length): &(usize, i64, i64)| {
        let (number, first, length) = (*number, *first, *length);
        let step = (0_i64..).map(|number| number.wrapping_mul(7919));
        step.take(number).map(move |step| first_day + TimeDelta::seconds(first + step % length))
    };
    bursts.iter().flat_map(of_burst).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn decisions_equal_those_over_every_single_failure(
        bursts in bursts(),
        login_second in 0..3 * 86_400_i64,
        // The boundary case: a login exactly one window away from a failure.
        at_the_edge in any::<Option<(prop::sample::Index, i64)>>(),
        threshold in prop_oneof![Just(5_u32), 1..=255_u32],
        window_minutes in prop_oneof![Just(1440_i64), 60..=2880_i64],
        any_order in any::<bool>(),
    ) {
        let first_day = at("2026-03-01T00:00:00Z");
        let times = times_of(&bursts);
        let window = TimeDelta::minutes(window_minutes);
        let login_time = match at_the_edge {
            None => first_day + TimeDelta::seconds(login_second),
            Some((index, off)) => *index.get(&times) + window * if off % 2 == 0 { 1 } else { -1 } + TimeDelta::seconds(off % 3),
        };
        let order = if any_order { Order::Any } else { Order::FailuresFirst };
        let rule = Rule { threshold, window, order, ..Rule::default() };
        let found = incidents(&evidence(&times, login(login_time)), &rule, &Tuning::default());
        prop_assert_eq!(!found.is_empty(), by_definition(&times, login_time, &rule));
        for report in found {
            let failures = &report.failures[&Source::Interactive];
            prop_assert!(failures.count > u64::from(threshold), "a mail would say {} of {threshold}", failures.count);
        }
    }
}

/// Four of a thousand failures lie in the window. A sample of the hour can estimate any number of them.
#[test]
fn the_edge_of_a_window_in_a_saturated_hour_is_decided_exactly() {
    let burst = |number: i64| (0..number).map(|second| noon() + TimeDelta::seconds(second)).collect::<Vec<_>>();
    let times = burst(1000);
    for (held, expected) in [(4, false), (5, false), (6, true), (7, true)] {
        // The window that ends with the login begins with the last `held` failures.
        let login_time = times[times.len() - held] + TimeDelta::hours(24);
        let found = incidents(&evidence(&times, login(login_time)), &Rule::default(), &Tuning::default());
        assert_eq!(!found.is_empty(), expected, "{held} failures");
    }
}
