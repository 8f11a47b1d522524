//! The rule, judged: what pivotwatch finds in a world is what the rule says of it.

mod mistakes;

use std::collections::BTreeSet;

use pivotwatch::aws::{self, Reading};
use pivotwatch::detection::failure::{Particulars, identity};
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Evidence, Failure, Rule, Source, incidents};
use pivotwatch_tests::cases;
use pivotwatch_tests::judge::{Finding, judge};
use pivotwatch_tests::worlds::{Row, World, worlds};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn the_incidents_of_a_world_are_those_that_the_rule_finds(world in worlds()) {
        prop_assert_eq!(found(&world), judge(&world));
    }
}

/// What pivotwatch finds in the facts of a world.
fn found(world: &World) -> BTreeSet<Finding> {
    let of_rows = world.rows.iter().filter_map(|row| row.address);
    let addresses: BTreeSet<_> = of_rows.chain(world.trail.iter().filter_map(|record| record.address)).collect();
    let mut findings = BTreeSet::new();
    for address in addresses {
        let mut evidence = Evidence::none(Address::from(address));
        for failure in world.rows.iter().filter_map(failure).filter(|failure| failure.address == evidence.address) {
            let TallyKey { day, source, .. } = TallyKey::of(&failure);
            evidence.tallies.entry((day, source)).or_default().add(&failure);
        }
        for record in world.trail.iter().filter(|record| record.address == Some(address)) {
            if let Reading::Login(login) = aws::read(&record.record()) {
                evidence.logins.push(*login);
            }
        }
        findings.extend(incidents(&evidence, &world.rule).iter().map(Finding::from));
    }
    findings
}

fn failure(row: &Row) -> Option<Failure> {
    let Row { sign_in, address } = row;
    let source = match sign_in.category.to_lowercase().as_str() {
        "signinlogs" => Source::Interactive,
        "noninteractiveusersigninlogs" => Source::NonInteractive,
        _ => return None,
    };
    let address = Address::from((*address)?);
    let (code, user) = (sign_in.code.trim(), sign_in.user.to_lowercase());
    let particulars = Particulars { time: sign_in.time, address, user: &user, app: "", correlation_id: "" };
    (Rule::is_failure(code) && !address.is_loopback()).then(|| Failure {
        address,
        source,
        time: sign_in.time,
        code: code.to_owned(),
        identity: identity(&sign_in.id, code, &particulars),
        user: user.clone(),
        app: String::new(),
    })
}
