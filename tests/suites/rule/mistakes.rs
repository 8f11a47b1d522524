//! The quality of the generated worlds: each likely mistake in the rule changes the findings of some worlds.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use pivotwatch::detection::rule::Order;
use pivotwatch_tests::judge::{Finding, judge};
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
            changed(world, |world| each_row(world, |row| row.code = row.code.trim().replace("501", "502")))
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

#[test]
fn each_likely_mistake_in_the_rule_changes_the_findings_of_some_world() {
    let mut runner = TestRunner::deterministic();
    let worlds: Vec<World> = (0..WORLDS).map(|_| worlds().new_tree(&mut runner).expect("a world").current()).collect();
    let judged: Vec<_> = worlds.iter().map(judge).collect();

    let quiet = judged.iter().filter(|findings| findings.is_empty()).count();
    assert!((WORLDS / 5..WORLDS * 4 / 5).contains(&quiet), "{quiet} of {WORLDS} worlds are quiet");
    for (mistake, mistaken) in mistakes() {
        let revealing = worlds.iter().zip(&judged).filter(|(world, findings)| mistaken(world) != **findings).count();
        assert!(revealing >= ENOUGH, "only {revealing} of {WORLDS} worlds reveal the mistake that {mistake}");
    }
}
