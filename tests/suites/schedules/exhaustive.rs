//! The smallest scenarios, in every order there is: two invocations, each step of the one before or after each step of
//! the other. And with every mishap at every step, in some orders, or in all where these are few enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use pivotwatch_tests::cases;
use pivotwatch_tests::facts::{failed, lines, noon};
use pivotwatch_tests::judge::judge;
use pivotwatch_tests::worlds::{Row, TrailRecord, World};
use shuttle::scheduler::{DfsScheduler, RandomScheduler, Scheduler};

use super::arena::{Scene, run_each};
use super::deliveries::{Delivery, Notice, Step};
use super::invocation::Mishap;
use super::verdict::check;

fn export(key: &str, rows: &[Row]) -> Delivery {
    let sign_ins: Vec<_> = rows.iter().map(|row| row.sign_in.clone()).collect();
    vec![Step::Write(key.to_owned(), lines(&sign_ins)), Step::Deliver(Notice::of_object(key))]
}

fn login(record: &TrailRecord) -> Delivery {
    vec![Step::Deliver(Notice::of_record(record))]
}

/// Runs a scene in each of the scheduler's orders, and tells how many they were, and in how many something went wrong.
fn run_all(world: &World, scene: Scene, scheduler: impl Scheduler + 'static) -> (usize, usize) {
    let expected = judge(world);
    let mishaps = Arc::new(AtomicUsize::new(0));
    let met = Arc::clone(&mishaps);
    let orders = run_each(scene, scheduler, move |outcome| {
        met.fetch_add(outcome.mishaps, Ordering::Relaxed);
        if let Err(complaint) = check(&expected, &outcome) {
            panic!("{complaint}");
        }
    });
    (orders, mishaps.load(Ordering::Relaxed))
}

/// Every order there is.
fn in_every_order(world: &World, scene: Scene) -> (usize, usize) {
    run_all(world, scene, DfsScheduler::new(None, false))
}

/// Some orders.
fn in_some_orders(world: &World, scene: Scene) -> (usize, usize) {
    run_all(world, scene, RandomScheduler::new_from_seed(SEED, cases(10).cases as usize))
}

const SEED: u64 = 643;

/// Lets each mishap happen at each step of an invocation, and returns how many orders there were.
fn with_each_mishap(
    world: &World,
    scene: &Scene,
    invocation: usize,
    mishaps: &[Mishap],
    run: fn(&World, Scene) -> (usize, usize),
) -> usize {
    let mut all = 0;
    for mishap in mishaps.iter().copied() {
        for step in 0.. {
            let mut scene = scene.clone();
            notice(&mut scene.deliveries[invocation]).mishaps[0] = Some((step, mishap));
            let (orders, met) = run(world, scene);
            all += orders;
            if met == 0 {
                // The invocation has no such step in any of the orders.
                assert!(step >= 4, "invocation {invocation} has only {step} steps");
                break;
            }
        }
    }
    all
}

fn whatever_the_order(world: &World, scene: &Scene) {
    let (orders, mishaps) = in_every_order(world, scene.clone());
    assert!(orders > 100, "{orders} orders are too few to have been all");
    assert_eq!(mishaps, 0);
    for invocation in 0..scene.deliveries.len() {
        with_each_mishap(world, scene, invocation, &Mishap::ALL, in_some_orders);
    }
}

fn notice(delivery: &mut Delivery) -> &mut Notice {
    delivery.iter_mut().find_map(|step| if let Step::Deliver(notice) = step { Some(notice) } else { None }).unwrap()
}

#[test]
fn a_login_meets_the_sixth_failure() {
    let world = World::plain(&failed(6, noon()), &[noon()]);
    let scene = Scene {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        known: World { rows: world.rows[..5].to_vec(), trail: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![login(&world.trail[0]), export("sixth", &world.rows[5..])],
    };
    whatever_the_order(&world, &scene);
}

#[test]
fn a_login_meets_itself_and_something_goes_wrong() {
    let world = World::plain(&failed(6, noon()), &[noon()]);
    let scene = Scene {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        known: World { trail: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![login(&world.trail[0]), login(&world.trail[0])],
    };
    whatever_the_order(&world, &scene);
    // The two are alike, so it does not matter to which of them it happens.
    let mishaps = [Mishap::Fails, Mishap::LosesItsAnswer, Mishap::Dies, Mishap::Stalls];
    let orders = with_each_mishap(&world, &scene, 0, &mishaps, in_every_order);
    assert!(orders > 3000, "{orders} orders are too few to have been all");
}

#[test]
fn a_login_meets_another_of_its_kind() {
    let world = World::plain(&failed(6, noon()), &[noon(), noon() + TimeDelta::minutes(1)]);
    let scene = Scene {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        known: World { trail: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![login(&world.trail[0]), login(&world.trail[1])],
    };
    whatever_the_order(&world, &scene);
}

#[test]
fn an_export_meets_itself() {
    let world = World::plain(&failed(6, noon()), &[noon()]);
    let scene = Scene {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        known: World { rows: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![export("six", &world.rows), export("six", &world.rows)],
    };
    whatever_the_order(&world, &scene);
}

#[test]
fn an_export_meets_another_that_overlaps_it() {
    let world = World::plain(&failed(7, noon()), &[noon()]);
    let scene = Scene {
        rule: world.rule.clone(),
        every_read_is_a_step: false,
        known: World { rows: Vec::new(), ..world.clone() }.evidence(),
        deliveries: vec![export("first", &world.rows[..4]), export("last", &world.rows[3..])],
    };
    whatever_the_order(&world, &scene);
}
