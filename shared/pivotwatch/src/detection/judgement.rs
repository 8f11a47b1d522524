//! Which incidents are mailed: all, except those that tuning entries hide and those that incidents of addresses hold.
//!
//! An incident is mailed if one of its logins is a reason to mail it. A login is none if it does not match under the
//! tuned rule. In an incident of a network, a login is none either if an incident of its own address holds it: one that
//! is mailed itself. A hidden incident of an address holds nothing.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::address::Address;
use super::failure_index::FailureIndex;
use super::login::Login;
use super::tally::Members;
use super::tuning::{Judgement, TunedIndex, Tuning};

/// The judgements of some incidents: those of their logins, joined. All logins of an incident must be added, in any
/// order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentJudgements(BTreeMap<Uuid, IncidentJudgement>);

/// The logins of an incident, by the incident of their own address, if the incident is a network's. All logins of an
/// incident of an address are in one incident of the network, since they agree in the other columns.
type IncidentJudgement = BTreeMap<Option<Uuid>, JudgedLogins>;

/// The joined judgements of logins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct JudgedLogins {
    /// Whether one of them matches under the tuned rule.
    matches: bool,
    /// [`Judgement::entries`] of those that do not match under the tuned rule.
    entries: BTreeSet<String>,
    /// Whether the incident of their own address holds them: one of them matches there under the tuned rule.
    are_held: bool,
}

/// The failures of an address of a network.
struct NetworkMember<'a> {
    index: FailureIndex<'a>,
    tuned: Option<TunedIndex<'a>>,
}

impl NetworkMember<'_> {
    /// The incident of the address that the login belongs to, and whether the login is a reason to mail that incident.
    fn incident(&self, login: &Login) -> Option<(Uuid, bool)> {
        let incident = self.index.incident(login)?;
        Some((incident.id, judgement(self.tuned.as_ref(), login).matches))
    }
}

/// Decides about a login that matches under the rule. `tuned` is `None` if no entry can apply to the address.
fn judgement<'a>(tuned: Option<&TunedIndex<'a>>, login: &Login) -> Judgement<'a> {
    tuned.map_or_else(|| Judgement { matches: true, ..Judgement::default() }, |tuned| tuned.judge(login))
}

impl IncidentJudgements {
    /// No judgement yet of these incidents.
    pub fn of(incidents: impl IntoIterator<Item = Uuid>) -> Self {
        Self(incidents.into_iter().map(|id| (id, IncidentJudgement::default())).collect())
    }

    /// Adds the judgements of the logins that match and belong to the incidents. `tuned` is `None` if no entry can
    /// apply to the address. `members` has the tallies of the logins' own addresses, if the incidents are a network's,
    /// to which the entries of `tuning` apply.
    pub fn add<'l>(
        &mut self,
        index: &FailureIndex<'_>,
        tuned: Option<&TunedIndex<'_>>,
        members: &Members,
        tuning: &Tuning,
        logins: impl IntoIterator<Item = &'l Login>,
    ) {
        let rule = index.rule();
        let mut indexed = BTreeMap::<Address, Option<NetworkMember<'_>>>::new();
        for login in logins {
            let Some(incident) = index.incident(login) else { continue };
            let Some(judged) = self.0.get_mut(&incident.id) else { continue };
            let own = login.source_ip_address;
            let member = indexed.entry(own).or_insert_with(|| {
                let tallies = members.get(&own)?;
                let tuned = TunedIndex::of(tallies, rule, tuning, own);
                Some(NetworkMember { index: FailureIndex::of(tallies, rule, own), tuned })
            });
            let own = member.as_ref().and_then(|member| member.incident(login));
            let judged = judged.entry(own.map(|(id, _)| id)).or_default();
            judged.are_held |= own.is_some_and(|(_, is_reason)| is_reason);
            let Judgement { matches, entries } = judgement(tuned, login);
            judged.matches |= matches;
            if !matches {
                judged.entries.extend(entries.into_iter().map(str::to_owned));
            }
        }
    }

    /// Whether an incident is among them.
    #[must_use]
    pub fn have(&self, incident: Uuid) -> bool {
        self.0.contains_key(&incident)
    }

    /// Adds the judgements of other incidents.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Removes the judgement of an incident.
    pub fn forget(&mut self, incident: Uuid) {
        self.0.remove(&incident);
    }

    /// Whether further logins can change nothing: each incident is mailed for a login that nothing can hold.
    #[must_use]
    pub fn are_final(&self) -> bool {
        self.0.values().all(|judged| judged.get(&None).is_some_and(|logins| logins.matches))
    }

    /// The ids of the entries that hide an incident; empty if it is mailed, or if all its logins are held.
    #[must_use]
    pub fn hidden_by(&self, incident: Uuid) -> BTreeSet<String> {
        let judged = self.withheld(incident).into_iter().flatten();
        judged.filter(|(_, logins)| !logins.are_held).flat_map(|(_, logins)| logins.entries.clone()).collect()
    }

    /// The ids of the incidents of addresses that hold logins of an incident; empty if it is mailed.
    #[must_use]
    pub fn held_by(&self, incident: Uuid) -> BTreeSet<Uuid> {
        let judged = self.withheld(incident).into_iter().flatten();
        judged.filter(|(_, logins)| logins.are_held).filter_map(|(own, _)| *own).collect()
    }

    fn withheld(&self, incident: Uuid) -> Option<&IncidentJudgement> {
        self.0.get(&incident).filter(|judged| !judged.values().any(|logins| logins.matches && !logins.are_held))
    }
}
