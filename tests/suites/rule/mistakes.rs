//! The quality of the generated worlds: each likely mistake in the rule changes the findings of some worlds.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use pivotwatch::detection::parameters::Ipv6Network;
use pivotwatch::detection::parameters::Order;
use pivotwatch::detection::signal::Signal;
use pivotwatch_tests::judge::{Finding, Verdict, judge, verdicts};
use pivotwatch_tests::worlds::{World, worlds};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

const WORLDS: usize = 2000;

/// Number of worlds, and the minimum of them that must reveal each mistake.
const ENOUGH: usize = 20;

/// The rule's findings in the world after a mutation.
fn changed(world: &World, change: impl Fn(&mut World)) -> BTreeSet<Finding> {
    let mut world = world.clone();
    change(&mut world);
    judge(&world)
}

/// A mistake and its mutation of a world.
type Mistake = (&'static str, fn(&World) -> BTreeSet<Finding>);

/// Mistakes in the rule. Each is a mutation of the world that makes the right rule find what the wrong rule would.
fn mistakes() -> Vec<Mistake> {
    vec![
        ("as many failures as the threshold suffice", |world| changed(world, |world| world.rule.threshold -= 1)),
        ("one failure more is needed", |world| changed(world, |world| world.rule.threshold += 1)),
        ("the sources are added up", |world| {
            changed(world, |world| each_row(world, |row| "SignInLogs".clone_into(&mut row.category)))
        }),
        ("the second source is ignored", |world| {
            changed(world, |world| world.rows.retain(|row| row.sign_in.category != "NonInteractiveUserSignInLogs"))
        }),
        ("the neighbouring days are omitted", by_day),
        ("the window is a second longer", |world| changed(world, |world| world.rule.window += TimeDelta::seconds(1))),
        ("the window is a second shorter", |world| changed(world, |world| world.rule.window -= TimeDelta::seconds(1))),
        ("failures after the login are omitted", |world| {
            changed(world, |world| world.rule.order = Order::FailuresFirst)
        }),
        ("failures after the login are counted", |world| changed(world, |world| world.rule.order = Order::Any)),
        ("every row counts", |world| {
            changed(world, |world| {
                let mut number = 0;
                each_row(world, |row| {
                    number += 1;
                    row.id = format!("row {number}");
                });
            })
        }),
        ("a sign-in counts once whatever its results", |world| {
            changed(world, |world| {
                let mut seen = BTreeSet::new();
                world.rows.retain(|row| row.sign_in.id.is_empty() || seen.insert(row.sign_in.id.clone()));
            })
        }),
        ("interrupts are failures", |world| {
            let failure =
                |code: &str| if ["50125", "50140"].contains(&code.trim()) { "50126" } else { code }.to_owned();
            changed(world, |world| each_row(world, |row| row.code = failure(&row.code)))
        }),
        ("addresses are compared as they are spelled", |world| {
            changed(world, |world| {
                let is_plain = |spelling: &str, address: Option<std::net::IpAddr>| {
                    address.is_none_or(|address| address.to_string() == spelling)
                };
                world.rows.retain(|row| is_plain(&row.sign_in.address, row.address));
                world.trail.retain(|record| is_plain(&record.source_ip_address, record.address));
            })
        }),
        ("networks are not counted", |world| changed(world, |world| world.rule.ipv6_network = Ipv6Network::NONE)),
        ("every network is a /64", |world| changed(world, |world| world.rule.ipv6_network = Ipv6Network::default())),
        ("failed logins are not recorded", |world| {
            changed(world, |world| world.trail.retain(|record| !record.result.eq_ignore_ascii_case("failure")))
        }),
        ("failed logins count as they are spelled", |world| {
            changed(world, |world| world.trail.retain(|record| record.result != "failure"))
        }),
        ("successes are not recorded", |world| changed(world, |world| world.successes.clear())),
        ("successes are always counted", |world| changed(world, |world| world.rule.counts_successes = true)),
        ("every code says the same of the password", |world| {
            changed(world, |world| each_row(world, |row| row.code = row.code.replace("50074", "50126")))
        }),
        ("a second factor is nothing", |world| {
            changed(world, |world| world.trail.iter_mut().for_each(|record| record.mfa_used = "Yes"))
        }),
        ("failed logins match", |world| {
            changed(world, |world| world.trail.iter_mut().for_each(|record| record.result = "Success"))
        }),
        ("the result is compared with its case", |world| {
            changed(world, |world| world.trail.retain(|record| record.result != "SUCCESS"))
        }),
        ("the region does not distinguish incidents", |world| {
            changed(world, |world| world.trail.iter_mut().for_each(|record| record.region = "eu-north-1"))
        }),
    ]
}

fn each_row(world: &mut World, mut change: impl FnMut(&mut pivotwatch_tests::facts::SignIn)) {
    world.rows.iter_mut().for_each(|row| change(&mut row.sign_in));
}

fn by_day(world: &World) -> BTreeSet<Finding> {
    let days: BTreeSet<_> = world.trail.iter().map(|record| record.time.date_naive()).collect();
    let of_day = |day| {
        changed(world, |world| {
            world.rows.retain(|row| row.sign_in.time.date_naive() == day);
            world.trail.retain(|record| record.time.date_naive() == day);
        })
    };
    days.into_iter().flat_map(of_day).collect()
}

fn generated() -> Vec<World> {
    let mut runner = TestRunner::deterministic();
    (0..WORLDS).map(|_| worlds().new_tree(&mut runner).expect("a world").current()).collect()
}

/// A kind of incident.
type Kind = (&'static str, fn(&Finding, &Verdict) -> bool);

#[test]
fn the_worlds_have_incidents_of_each_kind_and_with_each_signal() {
    const KINDS: [Kind; 5] = [
        ("an address", |finding, _| !is_network(finding)),
        ("a network that is mailed", |finding, verdict| is_network(finding) && verdict.is_mailed),
        ("a network that is held", |finding, verdict| is_network(finding) && !verdict.held_by.is_empty()),
        ("a network that is never mailed", |finding, verdict| is_network(finding) && !verdict.may_be_mailed),
        ("a network that may be mailed before it is held", |finding, verdict| {
            is_network(finding) && !verdict.is_mailed && verdict.may_be_mailed
        }),
    ];
    let judged: Vec<_> = generated().iter().map(|world| verdicts(world, &[])).collect();
    let number = |holds: &dyn Fn(&Finding, &Verdict) -> bool| {
        judged.iter().filter(|verdicts| verdicts.iter().any(|(finding, verdict)| holds(finding, verdict))).count()
    };
    for (kind, holds) in KINDS {
        let number = number(&holds);
        assert!(number >= ENOUGH, "only {number} of {WORLDS} worlds have an incident of {kind}");
    }
    for signal in Signal::ALL.into_iter().filter(|signal| *signal != Signal::UsersNotRemembered) {
        let number = number(&|finding, _| finding.signals.contains(&signal));
        assert!(
            number >= ENOUGH,
            "only {number} of {WORLDS} worlds have an incident with the signal {}",
            signal.name()
        );
    }
}

fn is_network(finding: &Finding) -> bool {
    finding.columns[8].contains('/')
}

#[test]
fn each_likely_mistake_in_the_rule_changes_the_findings_of_some_world() {
    let worlds = generated();
    let judged: Vec<_> = worlds.iter().map(judge).collect();

    let quiet = judged.iter().filter(|findings| findings.is_empty()).count();
    assert!((WORLDS / 5..WORLDS * 4 / 5).contains(&quiet), "{quiet} of {WORLDS} worlds are quiet");
    for (mistake, mistaken) in mistakes() {
        let revealing = worlds.iter().zip(&judged).filter(|(world, findings)| mistaken(world) != **findings).count();
        assert!(revealing >= ENOUGH, "only {revealing} of {WORLDS} worlds reveal the mistake that {mistake}");
    }
}
