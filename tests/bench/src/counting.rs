//! The real pipeline over a store that counts DynamoDB's requests and capacity units.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pivotwatch::detection::ledger::Ledger;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Day, Login, Rule, Tallies, Tally};
use pivotwatch::input::Limits;
use pivotwatch::notify::{Deployment, InMemoryNotifier};
use pivotwatch::pipeline::{ActivityLog, Pipeline, SystemRuntime, TuningCache};
use pivotwatch::store::{
    Activity, Announcement, InMemoryStore, IncidentKey, ListedIncident, Loaded, LoginPage, Store, StoreError,
    StoredIncident, StoredIncidents, Version, Versioned, WriteOutcome,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Bytes of a tally's item without failures, and bytes of each failure, from the items with 6 and 60 in
/// `docs/DESIGN.md`.
const ITEM: u64 = 683;
const FAILURE: u64 = 67;

/// A tally with more failures than this is also written to its day's index.
const LISTED_ABOVE: u64 = 5;

/// Requests to DynamoDB, and their capacity units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// `GetItem`.
    pub gets: u64,
    /// `PutItem`.
    pub puts: u64,
    /// `Query`.
    pub queries: u64,
    /// Read units: one for each 4 KiB begun, strongly consistent.
    pub read_units: u64,
    /// Write units: one for each KiB begun, in the table and in the index.
    pub write_units: u64,
}

impl Work {
    /// All requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.gets + self.puts + self.queries
    }
}

#[derive(Debug, Default)]
struct Counted {
    work: Work,
    failures: BTreeMap<TallyKey, u64>,
}

/// An in-memory store that counts requests.
#[derive(Debug, Default)]
pub struct Counting {
    memory: InMemoryStore,
    counted: Mutex<Counted>,
}

impl Counting {
    /// The requests so far.
    #[must_use]
    pub fn work(&self) -> Work {
        self.counted().work
    }

    /// Failures by address, day and source.
    #[must_use]
    pub fn failures(&self) -> BTreeMap<TallyKey, u64> {
        self.counted().failures.clone()
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes(failures: u64) -> u64 {
    ITEM + FAILURE * failures
}

impl Store for Counting {
    async fn load_tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        {
            let counted = &mut *self.counted();
            counted.work.gets += 1;
            counted.work.read_units += bytes(counted.failures.get(key).copied().unwrap_or_default()).div_ceil(4096);
        }
        self.memory.load_tally(key).await
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<WriteOutcome, StoreError> {
        {
            let failures = tally.failures();
            let written = if failures > LISTED_ABOVE { 2 } else { 1 };
            let counted = &mut *self.counted();
            counted.work.puts += 1;
            counted.work.write_units += written * bytes(failures).div_ceil(1024);
            counted.failures.insert(*key, failures);
        }
        self.memory.write_tally(key, tally, replaces).await
    }

    async fn write_login(&self, address: Address, login: &Login) -> Result<WriteOutcome, StoreError> {
        self.memory.write_login(address, login).await
    }

    async fn load_tallies(&self, address: Address, days: &BTreeSet<Day>) -> Result<Loaded<Tallies>, StoreError> {
        let found = self.memory.load_tallies(address, days).await?;
        let counted = &mut *self.counted();
        for day in days {
            let of_day = found.records.iter().filter(|((its, _), _)| its == day);
            counted.work.queries += 1;
            counted.work.read_units +=
                of_day.map(|(_, tally)| bytes(tally.failures())).sum::<u64>().div_ceil(4096).max(1);
        }
        Ok(found)
    }

    async fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> Result<Loaded<LoginPage>, StoreError> {
        self.memory.load_logins(address, day, after).await
    }

    async fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> Result<Loaded<StoredIncidents>, StoreError> {
        self.memory.load_incidents(address, day, wanted).await
    }

    async fn load_incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        self.memory.load_incident(key).await
    }

    async fn list_incidents(&self, day: Day) -> Result<Vec<ListedIncident>, StoreError> {
        self.memory.list_incidents(day).await
    }

    async fn list_unreported(&self) -> Result<Vec<IncidentKey>, StoreError> {
        self.memory.list_unreported().await
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.memory.write_incident(stored, replaces).await
    }

    fn has_tuning_table(&self) -> bool {
        self.memory.has_tuning_table()
    }

    async fn load_tuning_entries(&self) -> Result<Vec<Value>, StoreError> {
        self.memory.load_tuning_entries().await
    }

    async fn load_announcements(&self) -> Result<Loaded<Vec<Versioned<Announcement>>>, StoreError> {
        {
            let counted = &mut *self.counted();
            counted.work.queries += 1;
            counted.work.read_units += 1;
        }
        self.memory.load_announcements().await
    }

    async fn write_announcement(
        &self,
        announcement: &Announcement,
        replaces: Version,
    ) -> Result<WriteOutcome, StoreError> {
        self.memory.write_announcement(announcement, replaces).await
    }

    async fn load_activity(&self) -> Result<Versioned<Activity>, StoreError> {
        self.memory.load_activity().await
    }

    async fn write_activity(&self, activity: &Activity, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.memory.write_activity(activity, replaces).await
    }

    async fn load_ledger(&self) -> Result<Versioned<Ledger>, StoreError> {
        self.memory.load_ledger().await
    }

    async fn write_ledger(&self, ledger: &Ledger, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.memory.write_ledger(ledger, replaces).await
    }
}

/// The pipeline as the functions run it, over this store, with this number of tuning entries.
#[must_use]
pub fn pipeline(entries: usize) -> Pipeline<Counting, InMemoryNotifier, SystemRuntime> {
    Pipeline {
        store: Counting::default(),
        notifier: InMemoryNotifier::default(),
        runtime: SystemRuntime,
        rule: Rule::default(),
        tuning: TuningCache::of((0..entries).map(tuning_entry).collect()),
        limits: Limits::default(),
        activity: ActivityLog::off(),
        policy: ReportingPolicy::default(),
        deployment: Deployment::default(),
    }
}

/// A tuning entry. One in ten can apply to any address, the others to one network of the generated addresses.
fn tuning_entry(number: usize) -> Value {
    let networks = if number.is_multiple_of(10) { Value::Null } else { json!([format!("198.18.{number}.0/24")]) };
    json!({
        "id": format!("backup-{number}"), "exclude": "failures", "permanent": true,
        "when": {"cidr": networks, "app": ["Veeam*"], "user": [format!("backup-{number}@*")]},
        "reason": "backup", "author": "ann", "created_at": "2026-03-01T00:00:00Z",
    })
}
