//! The store in memory, for tests and for the command line. Its writes have the same conditions as DynamoDB's.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use super::{
    Activity, Announcement, IncidentKey, ListedIncident, Loaded, LoginPage, Store, StoreError, StoredIncident,
    StoredIncidents, Version, Versioned, WriteOutcome,
};
use crate::detection::ledger::Ledger;
use crate::detection::tally::{TallyKey, TallyKind};
use crate::detection::{Address, Day, Login, Tallies, Tally};

/// Logins in a page. DynamoDB's page of 1 MB has some 1,500. Here a page is small, so that tests use several.
const PAGE: usize = 16;

/// The store in memory.
#[derive(Debug, Default)]
pub struct InMemoryStore {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    tallies: BTreeMap<TallyKey, Versioned<Tally>>,
    logins: BTreeMap<(Address, String), Login>,
    incidents: BTreeMap<IncidentKey, Versioned<StoredIncident>>,
    /// `None` if there is no table of tuning entries.
    tuning_entries: Option<Vec<Value>>,
    announcements: BTreeMap<String, Versioned<Announcement>>,
    ledger: BTreeMap<(), Versioned<Ledger>>,
    activity: BTreeMap<(), Versioned<Activity>>,
}

impl InMemoryStore {
    /// Every incident, by address and day.
    #[must_use]
    pub fn all_incidents(&self) -> Vec<StoredIncident> {
        self.records().incidents.values().map(|stored| stored.value.clone()).collect()
    }

    /// Replaces all tuning entries.
    pub fn set_tuning_entries(&self, entries: Vec<Value>) {
        self.records().tuning_entries = Some(entries);
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        // No operation can panic between two changes, so the records are consistent after a panic elsewhere.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `value` if the stored version is the one that it `replaces`.
fn replace<K: Ord, T>(records: &mut BTreeMap<K, Versioned<T>>, key: K, value: T, replaces: Version) -> WriteOutcome {
    let present = records.get(&key).map_or(Version::NONE, |versioned| versioned.version);
    if present != replaces {
        return WriteOutcome::Conflict;
    }
    records.insert(key, Versioned { value, version: replaces.next() });
    WriteOutcome::Done
}

impl Store for InMemoryStore {
    async fn load_tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        Ok(self.records().tallies.get(key).cloned())
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<WriteOutcome, StoreError> {
        Ok(replace(&mut self.records().tallies, *key, tally.clone(), replaces))
    }

    async fn write_login(&self, address: Address, login: &Login) -> Result<WriteOutcome, StoreError> {
        let key = (address, super::record_name::login(login));
        let mut records = self.records();
        if records.logins.contains_key(&key) {
            return Ok(WriteOutcome::Conflict);
        }
        records.logins.insert(key, login.clone());
        Ok(WriteOutcome::Done)
    }

    async fn load_tallies(&self, address: Address, days: &BTreeSet<Day>) -> Result<Loaded<Tallies>, StoreError> {
        let records = self.records();
        let key = |day, kind| TallyKey { address, day, kind };
        let of_day = |day: &Day| records.tallies.range(key(*day, TallyKind::FIRST)..=key(*day, TallyKind::LAST));
        let tallies = days.iter().flat_map(of_day).map(|(key, tally)| ((key.day, key.kind), tally.value.clone()));
        Ok(Loaded { records: tallies.collect(), unreadable: Vec::new() })
    }

    async fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> Result<Loaded<LoginPage>, StoreError> {
        let (from, to) = super::record_name::logins(day);
        let from = after.map_or(Bound::Included((address, from)), |after| Bound::Excluded((address, after)));
        let records = self.records();
        let mut found = records.logins.range((from, Bound::Included((address, to)))).peekable();
        let mut page = LoginPage::default();
        while let Some(((_, record), login)) = found.next() {
            page.logins.push(login.clone());
            if page.logins.len() == PAGE && found.peek().is_some() {
                page.next = Some(record.clone());
                break;
            }
        }
        Ok(Loaded { records: page, unreadable: Vec::new() })
    }

    async fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> Result<Loaded<StoredIncidents>, StoreError> {
        let records = self.records();
        let stored = |id: &Uuid| {
            records.incidents.get(&IncidentKey { address, day, id: *id }).map(|stored| (*id, stored.clone()))
        };
        Ok(Loaded { records: wanted.iter().filter_map(stored).collect(), unreadable: Vec::new() })
    }

    async fn load_incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        Ok(self.records().incidents.get(key).cloned())
    }

    async fn list_incidents(&self, day: Day) -> Result<Vec<ListedIncident>, StoreError> {
        let records = self.records();
        let of_day = records.incidents.iter().filter(|(key, _)| key.day == day);
        let listed =
            of_day.map(|(key, stored)| ListedIncident { key: *key, is_published: stored.value.published_at.is_some() });
        Ok(listed.collect())
    }

    async fn list_unreported(&self) -> Result<Vec<IncidentKey>, StoreError> {
        let records = self.records();
        let unreported = records.incidents.iter().filter(|(_, stored)| stored.value.is_unreported());
        Ok(unreported.map(|(key, _)| *key).collect())
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<WriteOutcome, StoreError> {
        let key = IncidentKey::of(&stored.incident);
        Ok(replace(&mut self.records().incidents, key, stored.clone(), replaces))
    }

    fn has_tuning_table(&self) -> bool {
        self.records().tuning_entries.is_some()
    }

    async fn load_tuning_entries(&self) -> Result<Vec<Value>, StoreError> {
        Ok(self.records().tuning_entries.clone().unwrap_or_default())
    }

    async fn load_announcements(&self) -> Result<Loaded<Vec<Versioned<Announcement>>>, StoreError> {
        let records = self.records().announcements.values().cloned().collect();
        Ok(Loaded { records, unreadable: Vec::new() })
    }

    async fn write_announcement(
        &self,
        announcement: &Announcement,
        replaces: Version,
    ) -> Result<WriteOutcome, StoreError> {
        let announcements = &mut self.records().announcements;
        Ok(replace(announcements, announcement.id.clone(), announcement.clone(), replaces))
    }

    async fn load_ledger(&self) -> Result<Versioned<Ledger>, StoreError> {
        let none = || Versioned { value: Ledger::default(), version: Version::NONE };
        Ok(self.records().ledger.get(&()).cloned().unwrap_or_else(none))
    }

    async fn write_ledger(&self, ledger: &Ledger, replaces: Version) -> Result<WriteOutcome, StoreError> {
        Ok(replace(&mut self.records().ledger, (), ledger.clone(), replaces))
    }

    async fn load_activity(&self) -> Result<Versioned<Activity>, StoreError> {
        let none = || Versioned { value: Activity::default(), version: Version::NONE };
        Ok(self.records().activity.get(&()).cloned().unwrap_or_else(none))
    }

    async fn write_activity(&self, activity: &Activity, replaces: Version) -> Result<WriteOutcome, StoreError> {
        Ok(replace(&mut self.records().activity, (), activity.clone(), replaces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::fixtures::{address, login, noon};

    #[tokio::test]
    async fn a_page_of_logins_is_full_unless_it_is_the_last() {
        for (logins, expected) in [(0, &[0][..]), (1, &[1]), (PAGE, &[PAGE]), (2 * PAGE + 1, &[PAGE, PAGE, 1])] {
            let store = InMemoryStore::default();
            for number in 0..logins {
                store.write_login(address(), &login(&format!("{number:03}"), noon())).await.unwrap();
            }
            let (mut pages, mut after) = (Vec::new(), None);
            loop {
                let page = store.load_logins(address(), Day::of(noon()), after).await.unwrap().records;
                pages.push(page.logins.len());
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(pages, expected, "{logins} logins");
        }
    }
}
