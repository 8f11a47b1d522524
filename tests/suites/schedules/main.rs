//! Any schedule: whatever is delivered in pieces, twice, growing and overlapping, to invocations that take turns at
//! every single operation, the incidents are those of the rule, and each is published: once, and where something went
//! wrong, at least once.
//!
//! The real pipeline runs over the memory store as tasks of `shuttle`, which lets a scheduler decide before every
//! operation who goes on. In the properties the schedule is made up beside the world, so that both shrink; the smallest
//! scenarios are gone through in every order there is.

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
    fn whatever_the_schedule_the_incidents_are_the_rules_and_each_is_published_once(
        world in worlds(),
        cut in deliveries(),
        schedule in schedules(),
    ) {
        let outcome = run(cut.of(&world), schedule);
        check(&judge(&world), &outcome).map_err(TestCaseError::fail)?;
        prop_assert_eq!(outcome.faults, 0);
    }

    #[test]
    fn whoever_fails_stalls_or_dies_the_incidents_are_the_rules_and_each_is_published(
        world in worlds(),
        cut in deliveries(),
        schedule in schedules(),
        faults in faults(),
    ) {
        let outcome = run(cut.with(faults).of(&world), schedule);
        check(&judge(&world), &outcome).map_err(TestCaseError::fail)?;
    }
}
