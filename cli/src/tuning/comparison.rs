//! Which stored incidents some entries hide.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use pivotwatch::detection::failure_index::FailureIndex;
use pivotwatch::detection::judgement::IncidentJudgements;
use pivotwatch::detection::tuning::TunedIndex;
use pivotwatch::detection::{Address, Day, IncidentReport, Tuning};
use pivotwatch::pipeline::{IncidentsOfDay, judge};
use pivotwatch::store::{Loaded, Store, StoreError, StoredIncident};
use uuid::Uuid;

use crate::ExitStatus;
use crate::log::Log;
use crate::stored_evidence::{CONCURRENT_REQUESTS, StoredEvidence, TableFault, report_unreadable};

/// The incidents that an entry hides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hits {
    pub(super) incidents: u64,
    /// The last login of these incidents.
    pub(super) last: Option<DateTime<Utc>>,
}

/// Incidents of one address and day.
type Group = ((Address, Day), Vec<StoredIncident>);

/// A stored incident, and the entries that hide it by two tunings.
pub(super) struct Compared {
    /// The report of the stored facts, with the entries of the second tuning.
    pub(super) report: IncidentReport,
    pub(super) is_published: bool,
    /// The entries of the first tuning that hide it.
    pub(super) hidden_before: BTreeSet<String>,
    /// The incidents that hold its logins by the first tuning.
    held_before: BTreeSet<Uuid>,
}

impl Compared {
    /// Whether only the second tuning hides it.
    pub(super) fn is_newly_hidden(&self) -> bool {
        self.hidden_before.is_empty() && !self.report.hidden_by.is_empty()
    }

    /// Whether only the first tuning hides it.
    pub(super) fn is_unhidden(&self) -> bool {
        !self.hidden_before.is_empty() && self.report.hidden_by.is_empty()
    }

    /// Whether it is mailed by the second tuning alone, because that hides the incident which held all of its logins.
    pub(super) fn is_released(&self) -> bool {
        !self.is_published
            && self.hidden_before.is_empty()
            && self.report.hidden_by.is_empty()
            && !self.held_before.is_empty()
            && self.report.held_by.is_empty()
    }
}

impl StoredEvidence {
    /// The incidents that one of two tunings hides or releases, and the other does not.
    async fn changes(
        &self,
        incidents: Vec<StoredIncident>,
        before: &Tuning,
        after: &Tuning,
    ) -> Result<Loaded<Vec<Compared>>, StoreError> {
        // Where the same entries apply, nothing changes, unless the network holds logins of an address where it does.
        let address_of = |stored: &StoredIncident| stored.incident.columns.source_ip_address;
        let is_changed = |address: &Address| before.of_address(*address) != after.of_address(*address);
        let changed: BTreeSet<_> = incidents.iter().map(address_of).filter(is_changed).collect();
        let networks: BTreeSet<_> = changed.iter().filter_map(|address| self.rule.ipv6_network.of(*address)).collect();
        let mut groups = BTreeMap::<_, Vec<_>>::new();
        for stored in incidents {
            let address = address_of(&stored);
            if changed.contains(&address) || networks.contains(&address) {
                groups.entry((address, stored.incident.day)).or_default().push(stored);
            }
        }
        let compare = |group| self.compare(group, before, after);
        let compared: Vec<_> = stream::iter(groups).map(compare).buffered(CONCURRENT_REQUESTS).try_collect().await?;
        let mut all = Loaded { records: Vec::new(), unreadable: Vec::new() };
        for Loaded { records, unreadable } in compared {
            all.records.extend(records);
            all.unreadable.extend(unreadable);
        }
        all.records.retain(|one| one.is_newly_hidden() || one.is_unhidden() || one.is_released());
        all.records.sort_by_key(|one| {
            let incident = &one.report.incident;
            (std::cmp::Reverse(one.report.severity()), incident.start_time, incident.id)
        });
        Ok(all)
    }

    /// The changes of the stored incidents of the days. Logs unreadable records.
    pub(super) async fn logged_changes(
        &self,
        before: &Tuning,
        after: &Tuning,
        status: &mut ExitStatus,
        log: &mut Log<impl Write>,
    ) -> Result<Vec<Compared>, TableFault> {
        let stored = self.incidents().await?;
        report_unreadable(&stored.unreadable, status, log);
        let changes = self.changes(stored.records, before, after).await.map_err(|fault| self.fault(fault))?;
        report_unreadable(&changes.unreadable, status, log);
        Ok(changes.records)
    }

    async fn compare(
        &self,
        ((address, day), incidents): Group,
        before: &Tuning,
        after: &Tuning,
    ) -> Result<Loaded<Vec<Compared>>, StoreError> {
        let days = self.rule.days_around(&BTreeSet::from([day]));
        let Loaded { records: tallies, mut unreadable } = self.store.load_tallies(address, &days).await?;
        let is_complete = unreadable.is_empty();
        let index = FailureIndex::of(&tallies, &self.rule, address);
        let mut judged = Vec::new();
        for tuning in [before, after] {
            let none = IncidentJudgements::of(incidents.iter().map(|stored| stored.incident.id));
            // As for the functions, nothing is hidden beside a record that cannot be read.
            let tuned = TunedIndex::of(&tallies, &self.rule, tuning, address).filter(|_| is_complete);
            let of_day = IncidentsOfDay { address, day, new: &[] };
            let found = judge(&self.store, &index, tuned.as_ref(), tuning, of_day, none).await?;
            unreadable.extend(found.unreadable);
            judged.push(found.records);
        }
        let hidden_by = |which: usize, id| judged[which].hidden_by(id);
        let compared = incidents.into_iter().map(|stored| {
            let id = stored.incident.id;
            let (hidden_by_new, held_by) = (hidden_by(1, id), judged[1].held_by(id));
            let report = IncidentReport { hidden_by: hidden_by_new, held_by, ..index.report(stored.incident) };
            let is_published = stored.published_at.is_some();
            let (hidden_before, held_before) = (hidden_by(0, id), judged[0].held_by(id));
            Compared { report, is_published, hidden_before, held_before }
        });
        Ok(Loaded { records: compared.collect(), unreadable })
    }
}

/// The hits of each entry, by its id.
pub(super) fn hits(incidents: &[StoredIncident]) -> BTreeMap<&str, Hits> {
    let mut hits = BTreeMap::<&str, Hits>::new();
    for stored in incidents {
        for id in &stored.hidden_by {
            let of_entry = hits.entry(id).or_default();
            of_entry.incidents += 1;
            of_entry.last = of_entry.last.max(Some(stored.incident.end_time));
        }
    }
    hits
}
