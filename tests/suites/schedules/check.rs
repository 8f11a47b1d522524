//! Compares an outcome with the rule.

use std::collections::BTreeSet;

use pivotwatch_tests::judge::Finding;

use super::simulation::Outcome;

/// Compares an outcome under tuning with the rule's findings. Every finding is stored; those of `mailed` are published,
/// and without a fault those outside `perhaps` are hidden. Each injected fault may add one duplicate message. One in
/// reading the entries may mail what they hide.
pub fn check_tuned(
    expected: &BTreeSet<Finding>,
    mailed: &BTreeSet<Finding>,
    perhaps: &BTreeSet<Finding>,
    outcome: &Outcome,
) -> Result<(), String> {
    let found: BTreeSet<Finding> = outcome.findings.iter().cloned().collect();
    let fail = |what: &str| Err(format!("{what}\n{outcome:?}"));
    if found != *expected || outcome.incidents.len() != expected.len() {
        return fail(&format!("the stored incidents are not the rule's: {expected:#?}"));
    }
    for (stored, finding) in outcome.incidents.iter().zip(&outcome.findings) {
        let messages = outcome.messages.get(&stored.incident.id.to_string()).copied().unwrap_or_default();
        let is_published = stored.published_at.is_some();
        if mailed.contains(finding) && !is_published {
            return fail(&format!("not published: {finding:?}"));
        }
        if !perhaps.contains(finding) && messages > 0 && outcome.faults == 0 {
            return fail(&format!("published although hidden: {finding:?}"));
        }
        if stored.hidden_by.is_empty() != is_published || stored.lease.is_some() {
            return fail(&format!("neither published nor hidden, or both: {finding:?}"));
        }
        let allowed = if is_published { 1..=1 + outcome.faults } else { 0..=0 };
        if !allowed.contains(&messages) {
            return fail(&format!("{messages} messages for {finding:?}"));
        }
    }
    Ok(())
}

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
