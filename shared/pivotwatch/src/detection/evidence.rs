//! The evidence of an address, and the decision about it if all of it fits into memory.
//!
//! The pipeline decides login by login instead, by [`FailureIndex`] and [`IncidentJudgements`].

use std::collections::BTreeMap;

use super::address::Address;
use super::failure_index::FailureIndex;
use super::incident::{Incident, IncidentReport};
use super::judgement::IncidentJudgements;
use super::login::Login;
use super::rule::Rule;
use super::tally::{Members, Tallies};
use super::tuning::{TunedIndex, Tuning};

/// The recorded facts of one address over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The address.
    pub address: Address,
    /// Its failures.
    pub tallies: Tallies,
    /// Its successful console logins.
    pub logins: Vec<Login>,
    /// The tallies of the logins' own addresses, if this is the evidence of a network.
    pub members: Members,
}

impl Evidence {
    /// The evidence of `address` without any fact.
    #[must_use]
    pub fn none(address: Address) -> Self {
        Self { address, tallies: Tallies::new(), logins: Vec::new(), members: Members::new() }
    }
}

/// The reports of all incidents of an address. Further facts never remove an incident, or a login from an incident.
/// Tuning only decides which incidents are hidden.
#[must_use]
pub fn incidents(evidence: &Evidence, rule: &Rule, tuning: &Tuning) -> Vec<IncidentReport> {
    let index = FailureIndex::of(&evidence.tallies, rule, evidence.address);
    let tuned = TunedIndex::of(&evidence.tallies, rule, tuning, evidence.address);
    let mut found = BTreeMap::new();
    index.matching(&evidence.logins, &mut found);
    let mut judged = IncidentJudgements::of(found.keys().copied());
    judged.add(&index, tuned.as_ref(), &evidence.members, tuning, &evidence.logins);
    let report = |incident: Incident| {
        let (hidden_by, held_by) = (judged.hidden_by(incident.id), judged.held_by(incident.id));
        IncidentReport { hidden_by, held_by, ..index.report(incident) }
    };
    found.into_values().map(report).collect()
}

#[cfg(test)]
mod orders;
#[cfg(test)]
mod tests;
