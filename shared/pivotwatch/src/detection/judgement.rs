//! Which incidents are mailed: all, except those that tuning entries hide and those that incidents of addresses hold.
//!
//! An incident is mailed if one of its logins is a reason to mail it. A login is none if it does not match under the
//! tuned rule. Nor is a login of a network's incident that matches the failures of its own address: an incident of that
//! address holds it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::evidence::{FailureIndex, Members};
use super::login::Login;
use super::tuning::{Judgement, TunedIndex};

/// The judgements of some incidents: those of their logins, joined. All logins of an incident must be added, in any
/// order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentJudgements(BTreeMap<Uuid, IncidentJudgement>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct IncidentJudgement {
    /// Whether one of the logins is a reason to mail the incident.
    is_mailed: bool,
    /// [`Judgement::entries`] of the logins that do not match under the tuned rule, except held ones: without the
    /// entries these would be no reason either. Empty if all logins are held.
    entries: BTreeSet<String>,
    /// The incidents of addresses that hold its logins.
    incidents: BTreeSet<Uuid>,
}

impl IncidentJudgements {
    /// No judgement yet of these incidents.
    pub fn of(incidents: impl IntoIterator<Item = Uuid>) -> Self {
        Self(incidents.into_iter().map(|id| (id, IncidentJudgement::default())).collect())
    }

    /// Adds the judgements of the logins that match and belong to the incidents. `tuned` is `None` if no entry can
    /// apply to the address. `members` has the tallies of the logins' own addresses, if the incidents are a network's.
    pub fn add<'l>(
        &mut self,
        index: &FailureIndex<'_>,
        tuned: Option<&TunedIndex<'_>>,
        members: &Members,
        logins: impl IntoIterator<Item = &'l Login>,
    ) {
        for login in logins {
            let Some(incident) = index.incident(login) else { continue };
            let Some(judged) = self.0.get_mut(&incident.id) else { continue };
            let holding = index.holding(login, members);
            judged.incidents.extend(holding);
            let Judgement { matches, entries } = tuned.map_or_else(
                || Judgement { matches: true, ..Judgement::default() },
                |tuned| tuned.judge(login, &incident.exceeded),
            );
            judged.is_mailed |= matches && holding.is_none();
            if !matches && holding.is_none() {
                judged.entries.extend(entries.into_iter().map(str::to_owned));
            }
        }
    }

    /// Whether an incident is among them.
    #[must_use]
    pub fn have(&self, incident: Uuid) -> bool {
        self.0.contains_key(&incident)
    }

    /// Whether further logins can change nothing: each incident is mailed.
    #[must_use]
    pub fn are_final(&self) -> bool {
        self.0.values().all(|judged| judged.is_mailed)
    }

    /// The ids of the entries that hide an incident; empty if it is mailed, or if all its logins are held.
    #[must_use]
    pub fn hidden_by(&self, incident: Uuid) -> BTreeSet<String> {
        self.withheld(incident).map(|judged| judged.entries.clone()).unwrap_or_default()
    }

    /// The ids of the incidents of addresses that hold logins of an incident; empty if it is mailed.
    #[must_use]
    pub fn held_by(&self, incident: Uuid) -> BTreeSet<Uuid> {
        self.withheld(incident).map(|judged| judged.incidents.clone()).unwrap_or_default()
    }

    fn withheld(&self, incident: Uuid) -> Option<&IncidentJudgement> {
        self.0.get(&incident).filter(|judged| !judged.is_mailed)
    }
}
