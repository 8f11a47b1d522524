//! Compares an outcome with the rule.

use std::collections::BTreeSet;

use pivotwatch_tests::judge::Finding;

use super::simulation::Outcome;

/// Compares the stored and published incidents with the rule's findings. Each injected fault may add one duplicate
/// message; no other difference is allowed.
pub fn check(expected: &BTreeSet<Finding>, outcome: &Outcome) -> Result<(), String> {
    let found: BTreeSet<Finding> = outcome.findings.iter().cloned().collect();
    let fail = |what: &str| Err(format!("{what}\n{outcome:?}"));
    if found != *expected {
        let (missing, wrong): (Vec<_>, Vec<_>) =
            (expected.difference(&found).collect(), found.difference(expected).collect());
        return fail(&format!("the rule finds {missing:#?}\nwhere pivotwatch has {wrong:#?}"));
    }
    if outcome.incidents.len() != expected.len() {
        return fail("an incident is stored twice");
    }
    for stored in &outcome.incidents {
        let id = stored.incident.id.to_string();
        if stored.published_at.is_none() || stored.lease.is_some() {
            return fail(&format!("the incident {id} is not marked as published"));
        }
        let messages = outcome.messages.get(&id).copied().unwrap_or_default();
        if !(1..=1 + outcome.faults).contains(&messages) {
            return fail(&format!("{messages} messages for the incident {id}"));
        }
    }
    if outcome.messages.len() != expected.len() {
        return fail("a message is for an incident that is not stored");
    }
    Ok(())
}
