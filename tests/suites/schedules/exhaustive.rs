//! The smallest scenarios, exhaustively: every interleaving of the steps of two invocations. Every fault is injected at
//! every step too, in some interleavings, or in all where there are few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use pivotwatch_tests::cases;
use pivotwatch_tests::facts::{failed, lines, noon};
use pivotwatch_tests::judge::judge;
use pivotwatch_tests::worlds::{Row, TrailRecord, World};
use shuttle::scheduler::{DfsScheduler, RandomScheduler, Scheduler};

use super::check::check;
use super::deliveries::{Delivery, Notice, Step};
use super::invocation::Fault;
use super::simulation::{Scenario, run_each};

fn export(key: &str, rows: &[Row]) -> Delivery {
    let sign_ins: Vec<_> = rows.iter().map(|row| row.sign_in.clone()).collect();
    vec![Step::Write(key.to_owned(), lines(&sign_ins)), Step::Deliver(Notice::of_object(key))]
}

fn login(record: &TrailRecord) -> Delivery {
    vec![Step::Deliver(Notice::of_record(record))]
}

/// Runs a scenario in each of the scheduler's schedules. Returns the number of schedules and of injected faults.
fn run_all(world: &World, scenario: Scenario, scheduler: impl Scheduler + 'static) -> (usize, usize) {
    let expected = judge(world);
    let faults = Arc::new(AtomicUsize::new(0));
    let injected = Arc::clone(&faults);
    let orders = run_each(scenario, scheduler, move |outcome| {
        injected.fetch_add(outcome.faults, Ordering::Relaxed);
        if let Err(difference) = check(&expected, &outcome) {
            panic!("{difference}");
        }
    });
    (orders, faults.load(Ordering::Relaxed))
}

/// Runs every schedule.
fn in_every_order(world: &World, scenario: Scenario) -> (usize, usize) {
    run_all(world, scenario, DfsScheduler::new(None, false))
}

/// Runs random schedules.
fn in_some_orders(world: &World, scenario: Scenario) -> (usize, usize) {
    run_all(world, scenario, RandomScheduler::new_from_seed(SEED, cases(10).cases as usize))
}

const SEED: u64 = 643;

/// Injects each fault at each step of an invocation. Returns the number of schedules.
fn with_each_fault(
    world: &World,
    scenario: &Scenario,
    invocation: usize,
    faults: &[Fault],
    run: fn(&World, Scenario) -> (usize, usize),
) -> usize {
    let mut all = 0;
    for fault in faults.iter().copied() {
        for step in 0.. {
            let mut scenario = scenario.clone();
            notice(&mut scenario.deliveries[invocation]).faults[0] = Some((step, fault));
            let (orders, injected) = run(world, scenario);
            all += orders;
            if injected == 0 {
                // The invocation has no such step in any schedule.
                assert!(step >= 4, "invocation {invocation} has only {step} steps");
                break;
            }
        }
    }
    all
}

fn check_every_order(world: &World, scenario: &Scenario) {
    let (orders, faults) = in_every_order(world, scenario.clone());
    assert!(orders > 100, "{orders} orders are too few to have been all");
    assert_eq!(faults, 0);
    for invocation in 0..scenario.deliveries.len() {
        with_each_fault(world, scenario, invocation, &Fault::ALL, in_some_orders);
    }
}

/// A scenario without deliveries.
fn nothing(world: &World) -> Scenario {
    Scenario {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        stored: Vec::new(),
        tuning: None,
        deliveries: Vec::new(),
        afterwards: Vec::new(),
    }
}

fn notice(delivery: &mut Delivery) -> &mut Notice {
    delivery.iter_mut().find_map(|step| if let Step::Deliver(notice) = step { Some(notice) } else { None }).unwrap()
}

#[test]
fn a_login_concurrent_with_the_sixth_failure() {
    let world = World::plain(&failed(6, noon()), &[noon()]);
    let scenario = Scenario {
        stored: World { rows: world.rows[..5].to_vec(), trail: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![login(&world.trail[0]), export("sixth", &world.rows[5..])],
        ..nothing(&world)
    };
    check_every_order(&world, &scenario);
}

#[test]
fn a_login_concurrent_with_its_duplicate_and_any_fault() {
    let world = World::plain(&failed(6, noon()), &[noon()]);
    let scenario = Scenario {
        stored: World { trail: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![login(&world.trail[0]), login(&world.trail[0])],
        ..nothing(&world)
    };
    check_every_order(&world, &scenario);
    // The two invocations are alike, so faults in one of them are enough.
    let faults = [Fault::Error, Fault::ResponseLost, Fault::Killed, Fault::Stall];
    let orders = with_each_fault(&world, &scenario, 0, &faults, in_every_order);
    assert!(orders > 3000, "{orders} orders are too few to have been all");
}

#[test]
fn a_login_concurrent_with_another_of_its_incident() {
    let world = World::plain(&failed(6, noon()), &[noon(), noon() + TimeDelta::minutes(1)]);
    let scenario = Scenario {
        stored: World { trail: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![login(&world.trail[0]), login(&world.trail[1])],
        ..nothing(&world)
    };
    check_every_order(&world, &scenario);
}

#[test]
fn an_export_concurrent_with_its_duplicate() {
    let world = World::plain(&failed(6, noon()), &[noon()]);
    let scenario = Scenario {
        stored: World { rows: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![export("six", &world.rows), export("six", &world.rows)],
        ..nothing(&world)
    };
    check_every_order(&world, &scenario);
}

#[test]
fn an_export_concurrent_with_one_that_overlaps_it() {
    let world = World::plain(&failed(7, noon()), &[noon()]);
    let scenario = Scenario {
        stored: World { rows: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![export("first", &world.rows[..4]), export("last", &world.rows[3..])],
        ..nothing(&world)
    };
    check_every_order(&world, &scenario);
}
