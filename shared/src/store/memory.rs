//! The store in memory, for tests and for the rule on a laptop. Its conditions are DynamoDB's.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::{IncidentKey, Known, Store, StoreError, StoredIncident, Version, Versioned, Write};
use crate::detection::tally::TallyKey;
use crate::detection::{Address, Day, Evidence, Login, Source, Tally};

/// The store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    tallies: BTreeMap<TallyKey, Versioned<Tally>>,
    logins: BTreeMap<(Address, String), Login>,
    incidents: BTreeMap<IncidentKey, Versioned<StoredIncident>>,
}

impl Memory {
    /// Every incident, by address and day.
    #[must_use]
    pub fn incidents(&self) -> Vec<StoredIncident> {
        self.records().incidents.values().map(|stored| stored.value.clone()).collect()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        // No step leaves the records half changed, so what a panicking thread left is still whole.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `value` if the version there is the one to be replaced.
fn replace<K: Ord, T>(records: &mut BTreeMap<K, Versioned<T>>, key: K, value: T, replaces: Version) -> Write {
    let present = records.get(&key).map_or(Version::NONE, |versioned| versioned.version);
    if present != replaces {
        return Write::Conflict;
    }
    records.insert(key, Versioned { value, version: replaces.next() });
    Write::Done
}

impl Store for Memory {
    async fn tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        Ok(self.records().tallies.get(key).cloned())
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<Write, StoreError> {
        Ok(replace(&mut self.records().tallies, *key, tally.clone(), replaces))
    }

    async fn write_login(&self, login: &Login) -> Result<Write, StoreError> {
        let key = (login.source_ip_address, super::record::login(login));
        let mut records = self.records();
        if records.logins.contains_key(&key) {
            return Ok(Write::Conflict);
        }
        records.logins.insert(key, login.clone());
        Ok(Write::Done)
    }

    async fn known(&self, address: Address, days: RangeInclusive<Day>) -> Result<Known, StoreError> {
        let records = self.records();
        let (first, last) = days.into_inner();
        let (from, to) = super::record::range(first, last);
        let tallies = records
            .tallies
            .range(
                TallyKey { address, day: first, source: Source::FIRST }..=TallyKey {
                    address,
                    day: last,
                    source: Source::LAST,
                },
            )
            .map(|(key, tally)| ((key.day, key.source), tally.value.clone()));
        let logins = records.logins.range((address, from)..=(address, to)).map(|(_, login)| login.clone());
        let incidents = records
            .incidents
            .range(
                IncidentKey { address, day: first, id: Uuid::nil() }..=IncidentKey {
                    address,
                    day: last,
                    id: Uuid::max(),
                },
            )
            .map(|(key, stored)| (key.id, stored.clone()));
        Ok(Known {
            evidence: Evidence { address, tallies: tallies.collect(), logins: logins.collect() },
            incidents: incidents.collect(),
            unreadable: Vec::new(),
        })
    }

    async fn incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        Ok(self.records().incidents.get(key).cloned())
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<Write, StoreError> {
        let key = IncidentKey::of(&stored.incident);
        Ok(replace(&mut self.records().incidents, key, stored.clone(), replaces))
    }
}
