//! The rule against its reference implementation: pivotwatch finds in each world what the judge finds.

mod mistakes;

use std::collections::BTreeMap;

use pivotwatch::detection::{Tuning, incidents};
use pivotwatch_tests::cases;
use pivotwatch_tests::judge::{Finding, verdicts};
use pivotwatch_tests::worlds::worlds;
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn the_incidents_of_a_world_are_those_that_the_rule_finds(world in worlds()) {
        let reports = world.evidence().into_iter().flat_map(|evidence| incidents(&evidence, &world.rule, &Tuning::default()));
        let found: BTreeMap<_, _> = reports.map(|report| (Finding::from(&report), report.held_by)).collect();
        let judged = verdicts(&world, &[]).into_iter();
        let judged: BTreeMap<_, _> = judged.map(|(finding, verdict)| (finding, verdict.held_by)).collect();
        prop_assert_eq!(found, judged);
    }
}
