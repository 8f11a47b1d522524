//! Compares an outcome with the rule.

use std::collections::{BTreeMap, BTreeSet};

use pivotwatch::detection::reporting::MOST_UPDATES;
use pivotwatch_tests::judge::{Finding, Verdict};

use super::simulation::Outcome;

/// The findings that can have been mailed while some facts were not known.
pub fn perhaps(verdicts: &BTreeMap<Finding, Verdict>) -> BTreeSet<Finding> {
    verdicts.iter().filter(|(_, verdict)| verdict.may_be_mailed).map(|(finding, _)| finding.clone()).collect()
}

/// Whether what became worse after the messages is in an update, unless the verdict is not to mail the incident.
pub fn check_updates(verdicts: &BTreeMap<Finding, Verdict>, outcome: &Outcome) -> Result<(), String> {
    for (stored, finding) in outcome.incidents.iter().zip(&outcome.findings) {
        let is_reported = stored.published_at.is_some() && verdicts[finding].is_mailed;
        if is_reported && stored.next_message().is_some() {
            return Err(format!("no update of {finding:?}\n{outcome:?}"));
        }
    }
    Ok(())
}

/// Compares the stored and published incidents with the rule's findings. Every finding is stored, those that the
/// verdicts mail are published, and no others than `perhaps`. Each injected fault may add one duplicate message.
pub fn check(
    verdicts: &BTreeMap<Finding, Verdict>,
    perhaps: &BTreeSet<Finding>,
    outcome: &Outcome,
) -> Result<(), String> {
    let (expected, found): (BTreeSet<_>, BTreeSet<_>) = (verdicts.keys().collect(), outcome.findings.iter().collect());
    let fail = |what: &str| Err(format!("{what}\n{outcome:?}"));
    if found != expected {
        let (missing, wrong): (Vec<_>, Vec<_>) =
            (expected.difference(&found).collect(), found.difference(&expected).collect());
        return fail(&format!("the rule finds {missing:#?}\nwhere pivotwatch has {wrong:#?}"));
    }
    if outcome.incidents.len() != expected.len() {
        return fail("an incident is stored twice");
    }
    for (stored, finding) in outcome.incidents.iter().zip(&outcome.findings) {
        let verdict = &verdicts[finding];
        let messages = outcome.messages.get(&stored.incident.id.to_string()).copied().unwrap_or_default();
        let is_published = stored.published_at.is_some();
        if verdict.is_mailed && !is_published {
            return fail(&format!("not published: {finding:?}"));
        }
        if is_published && !perhaps.contains(finding) {
            return fail(&format!("published although hidden or held: {finding:?}"));
        }
        let is_withheld = !stored.hidden_by.is_empty() || !stored.held_by.is_empty();
        if is_withheld == is_published || stored.lease.is_some() {
            return fail(&format!("neither published nor withheld, or both: {finding:?}"));
        }
        if !is_published && stored.held_by != verdict.held_by {
            return fail(&format!("held by {:?}, not by {:?}: {finding:?}", stored.held_by, verdict.held_by));
        }
        // Each incident has a message or a digest, and a message for each update. A fault can repeat one of them.
        let reports = messages + usize::from(stored.digest.is_some());
        let updates = stored.updates as usize;
        let allowed = if is_published { 1..=1 + updates + outcome.faults } else { 0..=0 };
        if !allowed.contains(&reports) || updates > MOST_UPDATES as usize {
            return fail(&format!("{reports} reports and {updates} updates of {finding:?}"));
        }
        if stored.deferral.is_some() {
            return fail(&format!("deferred, and in no digest: {finding:?}"));
        }
    }
    let stored: BTreeSet<_> = outcome.incidents.iter().map(|stored| stored.incident.id.to_string()).collect();
    if !outcome.messages.keys().all(|id| stored.contains(id)) {
        return fail("a message is for an incident that is not stored");
    }
    Ok(())
}
