//! Everything that a store has of an address, read as the pipeline reads it: kind by kind, page by page.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use pivotwatch::detection::evidence::FailureIndex;
use pivotwatch::detection::{Address, Day, Evidence, IncidentReport, Rule, Tallies};
use pivotwatch::store::{Store, StoredIncident, UnreadableRecord};
use uuid::Uuid;

use crate::judge::Finding;

/// What a store has of an address.
#[derive(Clone, Debug)]
pub struct Known {
    /// The facts.
    pub evidence: Evidence,
    /// Records that cannot be read.
    pub unreadable: Vec<UnreadableRecord>,
}

/// Reads the facts of an address.
///
/// # Panics
/// When the store fails.
pub async fn known(store: &impl Store, address: Address, days: RangeInclusive<Day>) -> Known {
    let days = days_within(days);
    let mut known = Known { evidence: Evidence::none(address), unreadable: Vec::new() };
    let tallies = store.load_tallies(address, &days).await.expect("the store answers");
    known.evidence.tallies = tallies.records;
    known.unreadable.extend(tallies.unreadable);
    for day in days {
        let mut after = None;
        loop {
            let page = store.load_logins(address, day, after).await.expect("the store answers");
            known.evidence.logins.extend(page.records.logins);
            known.unreadable.extend(page.unreadable);
            after = page.records.next;
            if after.is_none() {
                break;
            }
        }
    }
    known
}

/// Reads those of the incidents `wanted` that are stored.
///
/// # Panics
/// When the store fails.
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

/// A stored incident as it is judged: its facts and signals as they are stored, its numbers as the tallies have them.
#[must_use]
pub fn finding(stored: &StoredIncident, tallies: &Tallies, rule: &Rule) -> Finding {
    let report = FailureIndex::of(tallies, rule).report(stored.incident.clone());
    Finding::from(&IncidentReport { signals: stored.signals.clone(), ..report })
}
