//! All records of an address in a store, loaded as the pipeline loads them: kind by kind, page by page.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use pivotwatch::detection::failure_index::FailureIndex;
use pivotwatch::detection::{Address, Day, Evidence, IncidentReport, Rule, Tallies};
use pivotwatch::store::{Store, StoredIncident, UnreadableRecord};
use uuid::Uuid;

use crate::judge::Finding;

/// The records of an address.
#[derive(Clone, Debug)]
pub struct StoreContents {
    /// The facts.
    pub evidence: Evidence,
    /// Records that do not parse.
    pub unreadable: Vec<UnreadableRecord>,
}

/// Loads the facts of an address.
///
/// # Panics
///
/// If the store fails.
pub async fn store_contents(store: &impl Store, address: Address, days: RangeInclusive<Day>) -> StoreContents {
    let days = days_within(days);
    let mut contents = StoreContents { evidence: Evidence::none(address), unreadable: Vec::new() };
    let tallies = store.load_tallies(address, &days).await.expect("the store answers");
    contents.evidence.tallies = tallies.records;
    contents.unreadable.extend(tallies.unreadable);
    for day in days {
        let mut after = None;
        loop {
            let page = store.load_logins(address, day, after).await.expect("the store answers");
            contents.evidence.logins.extend(page.records.logins);
            contents.unreadable.extend(page.unreadable);
            after = page.records.next;
            if after.is_none() {
                break;
            }
        }
    }
    contents
}

/// Loads the stored incidents among `wanted`.
///
/// # Panics
///
/// If the store fails.
pub async fn incidents(
    store: &impl Store,
    address: Address,
    days: RangeInclusive<Day>,
    wanted: &BTreeSet<Uuid>,
) -> Vec<StoredIncident> {
    let mut all = Vec::new();
    for day in days_within(days) {
        let found = store.load_incidents(address, day, wanted).await.expect("the store answers");
        assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
        all.extend(found.records.into_values().map(|stored| stored.value));
    }
    all
}

fn days_within(days: RangeInclusive<Day>) -> BTreeSet<Day> {
    std::iter::successors(Some(*days.start()), |day| Some(day.after(1))).take_while(|day| days.contains(day)).collect()
}

/// A stored incident as the judge has it: its facts and signals from the store, its numbers from the tallies.
#[must_use]
pub fn finding(stored: &StoredIncident, tallies: &Tallies, rule: &Rule) -> Finding {
    let report =
        FailureIndex::of(tallies, rule, stored.incident.columns.source_ip_address).report(stored.incident.clone());
    Finding::from(&IncidentReport { signals: stored.signals.clone(), ..report })
}
