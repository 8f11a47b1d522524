//! The smallest scenarios, exhaustively: every interleaving of the steps of two invocations. Every fault is injected at
//! every step too, in some interleavings, or in all where there are few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch_tests::cases;
use pivotwatch_tests::facts::{failed, lines, log_file, noon};
use pivotwatch_tests::judge::verdicts;
use pivotwatch_tests::worlds::{Row, TrailRecord, World};
use shuttle::scheduler::{DfsScheduler, RandomScheduler, Scheduler};

use super::check::{check, perhaps};
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
    let verdicts = verdicts(world, &[]);
    let perhaps = perhaps(&verdicts);
    let faults = Arc::new(AtomicUsize::new(0));
    let injected = Arc::clone(&faults);
    let orders = run_each(scenario, scheduler, move |outcome| {
        injected.fetch_add(outcome.faults, Ordering::Relaxed);
        if let Err(difference) = check(&verdicts, &perhaps, &outcome) {
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
        policy: ReportingPolicy::default(),
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

const MEMBERS: [&str; 3] = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];

/// A failure of each of these members of one network, and a login of each of those.
fn of_network(failures: &[usize], logins: &[usize]) -> World {
    let login_times: Vec<_> = (0..).zip(logins).map(|(minutes, _)| noon() + TimeDelta::minutes(minutes)).collect();
    let number = i64::try_from(failures.len()).unwrap();
    let mut world = World::plain(&failed(number, noon()), &login_times);
    for (row, member) in world.rows.iter_mut().zip(failures) {
        MEMBERS[*member].clone_into(&mut row.sign_in.address);
        row.address = MEMBERS[*member].parse().ok();
    }
    for (record, member) in world.trail.iter_mut().zip(logins) {
        MEMBERS[*member].clone_into(&mut record.source_ip_address);
        record.address = MEMBERS[*member].parse().ok();
    }
    world
}

/// Runs random schedules, and each fault at each step of each invocation in some. There are too many schedules for all:
/// each fact is recorded and settled twice.
fn check_some_orders(world: &World, scenario: &Scenario) {
    let schedules = cases(2000).cases as usize;
    let (_, faults) = run_all(world, scenario.clone(), RandomScheduler::new_from_seed(SEED, schedules));
    assert_eq!(faults, 0);
    for invocation in 0..scenario.deliveries.len() {
        with_each_fault(world, scenario, invocation, &Fault::ALL, in_some_orders);
    }
}

fn login_concurrent_with_the_last_failures(world: &World, stored: usize) {
    let scenario = Scenario {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        policy: ReportingPolicy::default(),
        stored: World { rows: world.rows[..stored].to_vec(), trail: Vec::new(), ..world.clone() }.evidence(),
        tuning: None,
        deliveries: vec![login(&world.trail[0]), export("last", &world.rows[stored..])],
        afterwards: Vec::new(),
    };
    check_some_orders(world, &scenario);
}

#[test]
fn a_login_from_a_rotating_network_concurrent_with_the_sixth_failure() {
    let world = of_network(&[0, 0, 0, 1, 1, 1], &[2]);
    assert!(verdicts(&world, &[]).into_values().all(|verdict| verdict.is_mailed));
    login_concurrent_with_the_last_failures(&world, 5);
}

/// Whoever sees six failures of the network sees six of the address, so no schedule mails the network's incident.
#[test]
fn a_login_that_an_incident_of_its_address_holds_concurrent_with_its_failures() {
    let world = of_network(&[0; 6], &[0]);
    let verdicts = verdicts(&world, &[]);
    assert_eq!((verdicts.len(), perhaps(&verdicts).len()), (2, 1));
    for stored in [0, 5] {
        login_concurrent_with_the_last_failures(&world, stored);
    }
}

/// A log file's login is settled even if the store fails to record it.
#[test]
fn a_log_file_with_a_login_that_an_incident_of_its_address_holds_and_any_fault() {
    let world = of_network(&[0; 6], &[0]);
    let key = "AWSLogs/111122223333/CloudTrail/log-file";
    let bytes = log_file(&[world.trail[0].record()]);
    let scenario = Scenario {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        policy: ReportingPolicy::default(),
        stored: World { trail: Vec::new(), ..world.clone() }.evidence(),
        tuning: None,
        deliveries: vec![vec![Step::Write(key.to_owned(), bytes), Step::Deliver(Notice::of_object(key))]],
        afterwards: Vec::new(),
    };
    with_each_fault(&world, &scenario, 0, &Fault::ALL, in_some_orders);
}

#[test]
fn two_exports_of_one_address_concurrent_after_its_login() {
    let world = of_network(&[0; 6], &[0]);
    let scenario = Scenario {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        policy: ReportingPolicy::default(),
        stored: World { rows: Vec::new(), ..world.clone() }.evidence(),
        tuning: None,
        deliveries: vec![export("first", &world.rows[..4]), export("last", &world.rows[2..])],
        afterwards: Vec::new(),
    };
    check_some_orders(&world, &scenario);
}

#[test]
fn two_logins_that_incidents_of_two_addresses_hold() {
    let world = of_network(&[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], &[0, 1]);
    assert!(verdicts(&world, &[]).into_values().any(|verdict| verdict.held_by.len() == 2));
    let scenario = Scenario {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        policy: ReportingPolicy::default(),
        stored: World { trail: Vec::new(), ..world.clone() }.evidence(),
        tuning: None,
        deliveries: vec![login(&world.trail[0]), login(&world.trail[1])],
        afterwards: Vec::new(),
    };
    check_some_orders(&world, &scenario);
}

#[test]
fn a_failed_login_concurrent_with_the_login_after_it() {
    let mut world = World::plain(&failed(6, noon()), &[noon(), noon() + TimeDelta::minutes(1)]);
    world.trail[0].result = "Failure";
    let scenario = Scenario {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        policy: ReportingPolicy::default(),
        stored: World { trail: Vec::new(), ..world.clone() }.evidence(),
        tuning: None,
        deliveries: vec![login(&world.trail[0]), login(&world.trail[1])],
        afterwards: Vec::new(),
    };
    check_every_order(&world, &scenario);
}
