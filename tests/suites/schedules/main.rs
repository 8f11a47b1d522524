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

use pivotwatch_tests::cases;
use pivotwatch_tests::judge::judge;
use pivotwatch_tests::worlds::worlds;
use proptest::prelude::*;

use check::check;
use deliveries::{deliveries, faults};
use schedule::schedules;
use simulation::run;

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_schedule_publishes_the_rules_incidents_once(
        world in worlds(),
        cut in deliveries(),
        schedule in schedules(),
    ) {
        let outcome = run(cut.of(&world), schedule);
        check(&judge(&world), &outcome).map_err(TestCaseError::fail)?;
        prop_assert_eq!(outcome.faults, 0);
    }

    #[test]
    fn every_schedule_with_faults_publishes_the_rules_incidents(
        world in worlds(),
        cut in deliveries(),
        schedule in schedules(),
        faults in faults(),
    ) {
        let outcome = run(cut.with(faults).of(&world), schedule);
        check(&judge(&world), &outcome).map_err(TestCaseError::fail)?;
    }
}
