//! The simulated store, topic, bucket and clock of an invocation. Every operation is a step.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::ledger::Ledger;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Day, Login, Tallies, Tally};
use pivotwatch::notify::{Message, Notifier, PublishError};
use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault};
use pivotwatch::pipeline::Runtime;
use pivotwatch::store::{
    Activity, Announcement, IncidentKey, ListedIncident, Loaded, LoginPage, Operation, Store, StoreError,
    StoredIncident, StoredIncidents, Version, Versioned, WriteOutcome,
};
use serde_json::Value;
use uuid::Uuid;

use pivotwatch_tests::facts::noon;

use super::invocation::Invocation;

#[derive(Clone)]
pub struct SimulatedAws(pub Arc<Invocation>);

fn unavailable(operation: Operation) -> StoreError {
    StoreError::Unavailable { operation, cause: "an injected fault".to_owned() }
}

/// The result of an operation, for the journal.
pub trait Describe {
    fn describe(&self) -> String;
}

impl<T> Describe for Option<Versioned<T>> {
    fn describe(&self) -> String {
        self.as_ref().map_or("none".to_owned(), |read| format!("version {}", read.version.0))
    }
}

impl Describe for WriteOutcome {
    fn describe(&self) -> String {
        format!("{self:?}")
    }
}

impl Describe for Loaded<Tallies> {
    fn describe(&self) -> String {
        format!("{} tallies", self.records.len())
    }
}

impl Describe for Loaded<LoginPage> {
    fn describe(&self) -> String {
        format!("{} logins", self.records.logins.len())
    }
}

impl Describe for Loaded<StoredIncidents> {
    fn describe(&self) -> String {
        format!("{} incidents", self.records.len())
    }
}

impl Describe for Vec<ListedIncident> {
    fn describe(&self) -> String {
        format!("{} incidents", self.len())
    }
}

impl Describe for Vec<IncidentKey> {
    fn describe(&self) -> String {
        format!("{} incidents", self.len())
    }
}

impl Describe for Versioned<Ledger> {
    fn describe(&self) -> String {
        format!("version {}", self.version.0)
    }
}

impl Describe for Vec<Value> {
    fn describe(&self) -> String {
        format!("{} entries", self.len())
    }
}

impl Describe for Loaded<Vec<Versioned<Announcement>>> {
    fn describe(&self) -> String {
        format!("{} announcements", self.records.len())
    }
}

impl Describe for Body {
    fn describe(&self) -> String {
        String::new()
    }
}

impl Describe for () {
    fn describe(&self) -> String {
        String::new()
    }
}

impl Store for SimulatedAws {
    async fn load_tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        let (store, key) = (Arc::clone(&self.0.simulation.store), *key);
        let what = format!("reads the tally {} {}", key.day, key.kind.name());
        let operation = async move { store.load_tally(&key).await };
        self.0.step(what, operation, unavailable(Operation::LoadTally)).await
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<WriteOutcome, StoreError> {
        let (store, key, tally) = (Arc::clone(&self.0.simulation.store), *key, tally.clone());
        let what = format!("writes the tally {} {} with {}", key.day, key.kind.name(), tally.failures());
        let operation = async move { store.write_tally(&key, &tally, replaces).await };
        self.0.step(what, operation, unavailable(Operation::WriteTally)).await
    }

    async fn write_login(&self, address: Address, login: &Login) -> Result<WriteOutcome, StoreError> {
        let (store, login) = (Arc::clone(&self.0.simulation.store), login.clone());
        let what = format!("writes the login {}", login.event_id);
        let operation = async move { store.write_login(address, &login).await };
        self.0.step(what, operation, unavailable(Operation::WriteLogin)).await
    }

    async fn load_tallies(&self, address: Address, days: &BTreeSet<Day>) -> Result<Loaded<Tallies>, StoreError> {
        // One query for each day: a write between two of them is visible only to the later one.
        let mut all = Loaded { records: Tallies::new(), unreadable: Vec::new() };
        for days in self.0.simulation.reads_of(days) {
            let store = Arc::clone(&self.0.simulation.store);
            let what = format!("reads the tallies of {address} on {days:?}");
            let operation = async move { store.load_tallies(address, &days).await };
            let found = self.0.step(what, operation, unavailable(Operation::LoadTallies)).await?;
            all.records.extend(found.records);
        }
        Ok(all)
    }

    async fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> Result<Loaded<LoginPage>, StoreError> {
        let store = Arc::clone(&self.0.simulation.store);
        if !self.0.simulation.every_read_is_a_step && day != Day::of(noon()) {
            // Every login of these scenarios is on one day.
            return store.load_logins(address, day, after).await;
        }
        let what = format!("reads the logins of {address} on {day}");
        let operation = async move { store.load_logins(address, day, after).await };
        self.0.step(what, operation, unavailable(Operation::LoadLogins)).await
    }

    async fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> Result<Loaded<StoredIncidents>, StoreError> {
        let (store, wanted) = (Arc::clone(&self.0.simulation.store), wanted.clone());
        let what = format!("reads {} incidents of {address} on {day}", wanted.len());
        let operation = async move { store.load_incidents(address, day, &wanted).await };
        self.0.step(what, operation, unavailable(Operation::LoadIncidents)).await
    }

    async fn load_incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        let (store, key) = (Arc::clone(&self.0.simulation.store), *key);
        let operation = async move { store.load_incident(&key).await };
        let what = "reads the incident".to_owned();
        self.0.step(what, operation, unavailable(Operation::LoadIncident)).await
    }

    async fn list_incidents(&self, day: Day) -> Result<Vec<ListedIncident>, StoreError> {
        let store = Arc::clone(&self.0.simulation.store);
        let operation = async move { store.list_incidents(day).await };
        self.0.step(format!("lists the incidents of {day}"), operation, unavailable(Operation::ListIncidents)).await
    }

    async fn list_unreported(&self) -> Result<Vec<IncidentKey>, StoreError> {
        let store = Arc::clone(&self.0.simulation.store);
        let operation = async move { store.list_unreported().await };
        self.0.step("lists the unreported".to_owned(), operation, unavailable(Operation::ListUnreported)).await
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<WriteOutcome, StoreError> {
        let (store, stored) = (Arc::clone(&self.0.simulation.store), stored.clone());
        let state = match (&stored.published_at, &stored.lease) {
            (Some(_), _) => "published",
            (None, Some(_)) => "leased",
            (None, None) => "given back",
        };
        let what = format!("writes the incident, {state}");
        let operation = async move { store.write_incident(&stored, replaces).await };
        self.0.step(what, operation, unavailable(Operation::WriteIncident)).await
    }

    fn has_tuning_table(&self) -> bool {
        self.0.simulation.store.has_tuning_table()
    }

    async fn load_tuning_entries(&self) -> Result<Vec<Value>, StoreError> {
        let store = Arc::clone(&self.0.simulation.store);
        let operation = async move { store.load_tuning_entries().await };
        if self.0.simulation.has_tuning {
            self.0
                .step("reads the tuning entries".to_owned(), operation, unavailable(Operation::LoadTuningEntries))
                .await
        } else {
            operation.await
        }
    }

    async fn load_announcements(&self) -> Result<Loaded<Vec<Versioned<Announcement>>>, StoreError> {
        let store = Arc::clone(&self.0.simulation.store);
        let operation = async move { store.load_announcements().await };
        self.0.step("reads the announcements".to_owned(), operation, unavailable(Operation::LoadAnnouncements)).await
    }

    async fn write_announcement(
        &self,
        announcement: &Announcement,
        replaces: Version,
    ) -> Result<WriteOutcome, StoreError> {
        let (store, announcement) = (Arc::clone(&self.0.simulation.store), announcement.clone());
        let what = format!("writes the announcement of {}", announcement.id);
        let operation = async move { store.write_announcement(&announcement, replaces).await };
        self.0.step(what, operation, unavailable(Operation::WriteAnnouncement)).await
    }

    async fn load_activity(&self) -> Result<Versioned<Activity>, StoreError> {
        self.0.simulation.store.load_activity().await
    }

    async fn write_activity(&self, activity: &Activity, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.0.simulation.store.write_activity(activity, replaces).await
    }

    async fn load_ledger(&self) -> Result<Versioned<Ledger>, StoreError> {
        let store = Arc::clone(&self.0.simulation.store);
        let operation = async move { store.load_ledger().await };
        if !self.0.simulation.every_read_is_a_step {
            return operation.await;
        }
        self.0.step("reads the ledger".to_owned(), operation, unavailable(Operation::LoadLedger)).await
    }

    async fn write_ledger(&self, ledger: &Ledger, replaces: Version) -> Result<WriteOutcome, StoreError> {
        let (store, ledger) = (Arc::clone(&self.0.simulation.store), ledger.clone());
        let operation = async move { store.write_ledger(&ledger, replaces).await };
        if !self.0.simulation.every_read_is_a_step {
            return operation.await;
        }
        self.0.step("writes the ledger".to_owned(), operation, unavailable(Operation::WriteLedger)).await
    }
}

impl Notifier for SimulatedAws {
    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let (notifier, message) = (Arc::clone(&self.0.simulation.notifier), message.clone());
        let operation = async move { notifier.publish(&message).await };
        let error = PublishError("an injected fault".to_owned());
        self.0.step("publishes".to_owned(), operation, error).await
    }

    async fn subscribers(&self) -> Result<u64, PublishError> {
        self.0.simulation.notifier.subscribers().await
    }
}

impl Objects for SimulatedAws {
    async fn open(&self, address: &ObjectAddress) -> Result<Body, OpenFault> {
        let (simulation, key) = (Arc::clone(&self.0.simulation), address.key.clone());
        let operation = async move {
            let bytes = simulation.bucket.lock().unwrap().get(&key).cloned().ok_or(OpenFault::NotFound)?;
            Ok(Body::of(Cursor::new(bytes)))
        };
        if !self.0.simulation.every_read_is_a_step {
            return operation.await;
        }
        let error = OpenFault::Unavailable("an injected fault".to_owned());
        self.0.step(format!("opens {}", address.key), operation, error).await
    }
}

impl Runtime for SimulatedAws {
    fn now(&self) -> DateTime<Utc> {
        self.0.simulation.clock.now()
    }

    async fn wait(&self, duration: Duration) {
        self.0.simulation.clock.wait(TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)).await;
    }

    fn random(&self) -> u64 {
        // Multiplies a counter by an odd number, to spread the values.
        self.0.simulation.random_draws.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
    }

    async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // Runs at once, for there is no blocking pool. `work` never has to wait: the object has one piece, and its
        // facts fit into one part.
        work()
    }
}
