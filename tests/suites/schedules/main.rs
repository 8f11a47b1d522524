//! Deterministic simulation: concurrent invocations of the real pipeline, scheduled at every single operation.
//!
//! Exports and logins come in parts, repeat, grow and overlap. The incidents are those of the rule. Each is published
//! once, or at least once after a fault.
//!
//! The pipeline runs over the in-memory store as tasks of `shuttle`, whose scheduler decides before every operation
//! which task continues. The properties generate a schedule for each world, so that both shrink. The smallest scenarios
//! run in every schedule.

mod check;
mod deliveries;
mod exhaustive;
mod invocation;
mod schedule;
mod simulated_aws;
mod simulation;

use chrono::TimeDelta;
use pivotwatch::detection::Address;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch_tests::cases;
use pivotwatch_tests::facts::{at, failed, noon};
use pivotwatch_tests::judge::verdicts;
use pivotwatch_tests::tuning::{WorldEntry, entries};
use pivotwatch_tests::worlds::{World, worlds};
use proptest::prelude::*;
use serde_json::Value;

use check::{check, check_updates, perhaps};
use deliveries::{Notice, Step, deliveries, faults};
use schedule::schedules;
use simulation::{Scenario, run};

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_schedule_publishes_the_rules_incidents_once(
        world in delivered_worlds(),
        cut in deliveries(),
        schedule in schedules(),
    ) {
        let outcome = run(cut.of(&world), schedule);
        let verdicts = verdicts(&world, &[]);
        check(&verdicts, &perhaps(&verdicts), &outcome).map_err(TestCaseError::fail)?;
        check_updates(&verdicts, &outcome).map_err(TestCaseError::fail)?;
        prop_assert_eq!(outcome.faults, 0);
    }

    #[test]
    fn every_schedule_with_faults_publishes_the_rules_incidents(
        world in delivered_worlds(),
        cut in deliveries(),
        schedule in schedules(),
        faults in faults(),
    ) {
        let outcome = run(cut.with(faults).of(&world), schedule);
        let verdicts = verdicts(&world, &[]);
        check(&verdicts, &perhaps(&verdicts), &outcome).map_err(TestCaseError::fail)?;
        check_updates(&verdicts, &outcome).map_err(TestCaseError::fail)?;
    }

    /// Sweeps run beside the deliveries, and die too. The messages beyond the limits are in digests.
    #[test]
    fn every_schedule_with_limits_and_sweeps_reports_the_rules_incidents(
        world in delivered_worlds(),
        cut in deliveries(),
        schedule in schedules(),
        (address_limit, hour_limit, sweeps) in (1..3_u32, 1..4_u32, 0..3_usize),
        faults in prop_oneof![Just(Vec::new()), faults()],
    ) {
        let policy = ReportingPolicy { address_limit, hour_limit, ..ReportingPolicy::default() };
        let mut scenario = Scenario { policy, ..cut.with_sweeps(sweeps).with(faults).of(&world) };
        // The sweep of each scenario comes after all deliveries. Here another one may be killed before.
        scenario.afterwards = vec![Step::Wait(TimeDelta::minutes(3)), Step::Deliver(Notice::of_a_sweep())];
        let outcome = run(scenario, schedule);
        let verdicts = verdicts(&world, &[]);
        check(&verdicts, &perhaps(&verdicts), &outcome).map_err(TestCaseError::fail)?;
        check_updates(&verdicts, &outcome).map_err(TestCaseError::fail)?;
        let messages: usize = outcome.messages.values().sum();
        prop_assert!(messages <= hour_limit as usize + outcome.faults, "{messages} messages\n{outcome:?}");
    }

    /// The digest may be sent before the login is known, and be marked after.
    #[test]
    fn a_login_concurrent_with_a_digest_is_reported(cut in deliveries(), schedule in schedules()) {
        let hours = |hours| noon() + TimeDelta::hours(hours);
        let (first, both) = ([noon()], [noon(), hours(2)]);
        let [before, world] = [&first[..], &both[..]].map(|logins| World::plain(&failed(6, noon()), logins));
        let policy = ReportingPolicy { hour_limit: 0, ..ReportingPolicy::default() };
        let mut scenario = Scenario { policy, ..cut.of(&before) };
        let login = Notice::of_record(&world.trail[1]);
        scenario.afterwards = vec![Step::Deliver(Notice::of_a_sweep()), Step::Deliver(login)];
        let outcome = run(scenario, schedule);
        let verdicts = verdicts(&world, &[]);
        check(&verdicts, &perhaps(&verdicts), &outcome).map_err(TestCaseError::fail)?;
        check_updates(&verdicts, &outcome).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_schedule_publishes_the_incidents_that_tuning_does_not_hide(
        world in delivered_worlds(),
        cut in deliveries(),
        schedule in schedules(),
        entries in entries(),
        faults in prop_oneof![Just(Vec::new()), faults()],
    ) {
        let scenario = Scenario { tuning: Some(json(&entries)), ..cut.with(faults).of(&world) };
        let outcome = run(scenario, schedule);
        let tuned = verdicts(&world, &entries);
        // A fault in reading the entries may mail what they hide.
        let perhaps = perhaps(&if outcome.faults == 0 { tuned.clone() } else { verdicts(&world, &[]) });
        check(&tuned, &perhaps, &outcome).map_err(TestCaseError::fail)?;
        for entry in &entries {
            let subject = format!("[pivotwatch] tuning entry {} added", entry.id);
            let announced = outcome.announcements.iter().filter(|announced| **announced == subject).count();
            let is_fine = if outcome.faults == 0 { announced == 1 } else { announced <= 1 + outcome.faults };
            prop_assert!(is_fine, "{} announcements of {}\n{:?}", announced, entry.id, outcome);
        }
    }

    /// What was mailed under earlier entries stays mailed. What is not hidden in the end is mailed when its login is
    /// delivered again, at the latest.
    #[test]
    fn every_schedule_publishes_what_changing_tuning_does_not_hide_in_the_end(
        world in delivered_worlds(),
        cut in deliveries(),
        schedule in schedules(),
        [first, second, last] in [entries(), entries(), entries()],
        faults in prop_oneof![Just(Vec::new()), faults()],
    ) {
        let mut scenario = Scenario { tuning: Some(json(&first)), ..cut.with(faults).of(&world) };
        scenario.deliveries.push(vec![Step::Tune(json(&second)), Step::Tune(json(&last))]);
        scenario.afterwards = world.trail.iter().map(|record| Step::Deliver(Notice::of_record(record))).collect();
        let outcome = run(scenario, schedule);
        let all = [&first, &second, &last].map(|entries| verdicts(&world, entries));
        let untuned = [verdicts(&world, &[])];
        let perhaps = if outcome.faults == 0 { &all[..] } else { &untuned }.iter().flat_map(perhaps).collect();
        check(&all[2], &perhaps, &outcome).map_err(TestCaseError::fail)?;
    }

    /// No fact of the address comes after the last change: the announcement of the change settles it.
    #[test]
    fn every_schedule_publishes_what_changed_tuning_hid_without_a_further_fact(
        world in delivered_worlds(),
        cut in deliveries(),
        schedule in schedules(),
        [first, second, last] in [entries(), entries(), entries()],
    ) {
        let mut scenario = Scenario { tuning: Some(json(&first)), ..cut.of(&world) };
        scenario.deliveries.push(vec![Step::Tune(json(&second)), Step::Tune(json(&last))]);
        scenario.afterwards = vec![Step::Wait(TimeDelta::minutes(31)), Step::Deliver(Notice::of_a_stranger())];
        let outcome = run(scenario, schedule);
        let all = [&first, &second, &last].map(|entries| verdicts(&world, entries));
        let recent = at("2026-03-02T00:00:00Z")..at("2026-03-04T00:00:00Z");
        let mut required = all[2].clone();
        for (finding, verdict) in &mut required {
            verdict.is_mailed &= recent.contains(&finding.end_time);
        }
        let perhaps = all.iter().flat_map(perhaps).collect();
        check(&required, &perhaps, &outcome).map_err(TestCaseError::fail)?;
    }
}

/// Worlds whose successes count in every cut: their addresses have failures.
fn delivered_worlds() -> impl Strategy<Value = World> {
    worlds().prop_map(|mut world| {
        world.rows.retain(|row| row.sign_in.code.trim() != "0");
        let failing = world.failing();
        world.successes.retain(|success| failing.contains(&Address::from(success.address)));
        world
    })
}

fn json(entries: &[WorldEntry]) -> Vec<Value> {
    entries.iter().map(WorldEntry::json).collect()
}
