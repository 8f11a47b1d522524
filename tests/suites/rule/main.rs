//! The rule against its reference implementation: pivotwatch finds in each world what the judge finds.

mod mistakes;

use std::collections::BTreeSet;

use pivotwatch::detection::{Tuning, incidents};
use pivotwatch_tests::cases;
use pivotwatch_tests::judge::{Finding, judge};
use pivotwatch_tests::worlds::worlds;
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn the_incidents_of_a_world_are_those_that_the_rule_finds(world in worlds()) {
        let incidents = world.evidence().into_iter().flat_map(|evidence| incidents(&evidence, &world.rule, &Tuning::default()));
        let found: BTreeSet<Finding> = incidents.map(|incident| Finding::from(&incident)).collect();
        prop_assert_eq!(found, judge(&world));
    }
}
