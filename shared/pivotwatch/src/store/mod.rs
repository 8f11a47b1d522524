//! Stores facts and incidents.
//!
//! [`Store`] has atomic operations only, and every write is conditional. The pipeline combines them so that no
//! interleaving loses a fact. Both implementations pass the same tests.

pub mod activity;
#[cfg(feature = "sdk")]
mod dynamodb;
mod in_memory;
pub mod record_name;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::detection::ledger::Ledger;
use crate::detection::reporting::{Deferral, NextMessage, Reported};
use crate::detection::signal::{Severity, Signal};
use crate::detection::tally::TallyKey;
use crate::detection::tuning::Announced;
use crate::detection::{Address, Day, Incident, Login, Tallies, Tally};

pub use activity::Activity;
#[cfg(feature = "sdk")]
pub use dynamodb::{DynamoDb, tuning_entries};
pub use in_memory::InMemoryStore;

/// The number of times that a record was written. Zero if it does not exist.
///
/// A write names the version that it replaces, and fails if another version was written meanwhile. So no invocation
/// overwrites a record that it has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

impl Version {
    /// The version of a record that does not exist.
    pub const NONE: Self = Self(0);

    /// The version that replaces this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A record and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The record.
    pub value: T,
    /// Its version.
    pub version: Version,
}

/// The outcome of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The write took effect.
    Done,
    /// The stored version is not the one to replace, so the write had no effect. If an answer was lost and the write
    /// repeated, the first attempt may have taken effect; loading the record shows that.
    Conflict,
}

/// The right of one settlement to publish an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The request id of the invocation that publishes, `/`, and a random number: different for each settlement.
    pub owner: String,
    /// When the lease expires.
    pub until: DateTime<Utc>,
}

/// A stored incident: its facts, its derived signals, and the state of publishing.
///
/// The numbers of failures are not stored, since each further failure would change them. The tallies have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIncident {
    /// The facts.
    pub incident: Incident,
    /// The signals, derived from the facts and the tallies at each write.
    pub signals: BTreeSet<Signal>,
    /// When the incident was published first, by itself or in a digest; `None` before.
    pub published_at: Option<DateTime<Utc>>,
    /// What its last message or digest said.
    pub reported: Option<Reported>,
    /// The number of updates that followed.
    pub updates: u32,
    /// The id of its last digest, if a digest reported it.
    pub digest: Option<String>,
    /// Why the next digest has to report it; `None` if no digest has to.
    pub deferral: Option<Deferral>,
    /// The lease on publishing it, or an update.
    pub lease: Option<Lease>,
    /// The ids of the tuning entries that hide it. Empty once it is published, or if all its logins are held.
    pub hidden_by: BTreeSet<String>,
    /// The ids of the incidents of addresses that hold its logins, if it is a network's and therefore not mailed. Empty
    /// once it is published.
    pub held_by: BTreeSet<Uuid>,
}

impl StoredIncident {
    /// An incident that is not stored yet, and whose signals are not derived yet.
    #[must_use]
    pub const fn new(incident: Incident) -> Self {
        Self {
            incident,
            signals: BTreeSet::new(),
            published_at: None,
            reported: None,
            updates: 0,
            digest: None,
            deferral: None,
            lease: None,
            hidden_by: BTreeSet::new(),
            held_by: BTreeSet::new(),
        }
    }

    /// [`Severity::of`] the signals.
    #[must_use]
    pub fn severity(&self) -> Severity {
        Severity::of(&self.signals)
    }

    /// The message that it needs next, if it is mailed at all.
    #[must_use]
    pub fn next_message(&self) -> Option<NextMessage> {
        let Some(reported) = self.reported.as_ref().filter(|_| self.published_at.is_some()) else {
            return Some(NextMessage { number: 1, reasons: BTreeSet::new() });
        };
        reported.next_message(&self.incident, &self.signals, self.updates)
    }

    /// Whether it must still be reported, and no settlement is certain to do so. An invocation is publishing it, died,
    /// or left it to a digest.
    #[must_use]
    pub fn is_unreported(&self) -> bool {
        let is_withheld = !self.hidden_by.is_empty() || !self.held_by.is_empty();
        !is_withheld && (self.published_at.is_none() || self.lease.is_some() || self.deferral.is_some())
    }
}

/// What was announced of a tuning entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The id of the entry.
    pub id: String,
    /// The entry when it was last announced; `None` if that never succeeded.
    pub announced: Option<Announced>,
    /// The lease on the next announcement, or on settling what the entry hid.
    pub lease: Option<Lease>,
    /// When to settle what the entry hid; `None` if there is nothing to do.
    pub resettlement: Option<Resettlement>,
}

/// The incidents that a tuning entry hid are settled again, because the entry changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resettlement {
    /// When the change was announced.
    pub changed_at: DateTime<Utc>,
    /// When they are settled next.
    pub settle_at: DateTime<Utc>,
}

/// The key of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IncidentKey {
    /// The address of its logins.
    pub address: Address,
    /// The day of its logins.
    pub day: Day,
    /// Its id.
    pub id: Uuid,
}

impl IncidentKey {
    /// The key of `incident`.
    #[must_use]
    pub fn of(incident: &Incident) -> Self {
        Self { address: incident.columns.source_ip_address, day: incident.day, id: incident.id }
    }
}

/// An incident in the index by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedIncident {
    /// Its key.
    pub key: IncidentKey,
    /// Whether it is published.
    pub is_published: bool,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<T> {
    /// The records.
    pub records: T,
    /// Records that could not be parsed. They remain in the store unchanged.
    pub unreadable: Vec<UnreadableRecord>,
}

/// A record that could not be parsed: somebody edited it, or a newer version of pivotwatch wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// Its sort key.
    pub record: String,
    /// The reason.
    pub cause: String,
}

/// Incidents by id.
pub type StoredIncidents = BTreeMap<Uuid, Versioned<StoredIncident>>;

/// A page of the logins of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginPage {
    /// The logins, in the order of their sort keys.
    pub logins: Vec<Login>,
    /// The sort key that precedes the next page; `None` on the last page.
    pub next: Option<String>,
}

/// An error of the store. A retry can succeed, after the store has recovered or somebody has added a missing
/// permission.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer, or refused the request.
    #[error("{operation} failed: {cause}; see whether the table exists, its name is right and the role may use it")]
    Unavailable {
        /// The failed operation.
        operation: Operation,
        /// The chain of errors.
        cause: String,
    },
    /// The stored record to merge with could not be parsed, so nothing was written.
    #[error("the record {record} cannot be parsed: {cause}; deploy the version that wrote it, or delete the record")]
    Unreadable {
        /// Its sort key.
        record: String,
        /// The reason.
        cause: String,
    },
    /// A record could not be encoded as an item, so nothing was written.
    #[error("the record {record} cannot be encoded: {cause}; report this as a bug, with the address of the record")]
    Unencodable {
        /// Its sort key.
        record: String,
        /// The reason.
        cause: String,
    },
}

impl StoreError {
    /// The stable code for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "store.unavailable",
            Self::Unreadable { .. } => "store.unreadable",
            Self::Unencodable { .. } => "store.unencodable",
        }
    }
}

/// The store's operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`Store::load_tally`].
    LoadTally,
    /// [`Store::write_tally`].
    WriteTally,
    /// [`Store::write_login`].
    WriteLogin,
    /// [`Store::load_tallies`].
    LoadTallies,
    /// [`Store::load_logins`].
    LoadLogins,
    /// [`Store::load_incidents`].
    LoadIncidents,
    /// [`Store::load_incident`].
    LoadIncident,
    /// [`Store::list_incidents`].
    ListIncidents,
    /// [`Store::list_unreported`].
    ListUnreported,
    /// [`Store::write_incident`].
    WriteIncident,
    /// [`Store::load_tuning_entries`].
    LoadTuningEntries,
    /// [`Store::load_announcements`].
    LoadAnnouncements,
    /// [`Store::write_announcement`].
    WriteAnnouncement,
    /// [`Store::load_ledger`].
    LoadLedger,
    /// [`Store::write_ledger`].
    WriteLedger,
    /// [`Store::load_activity`].
    LoadActivity,
    /// [`Store::write_activity`].
    WriteActivity,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoadTally => "loading a tally",
            Self::WriteTally => "writing a tally",
            Self::WriteLogin => "writing a login",
            Self::LoadTallies => "loading the tallies of an address",
            Self::LoadLogins => "loading the logins of an address",
            Self::LoadIncidents => "loading the incidents of an address",
            Self::LoadIncident => "loading an incident",
            Self::ListIncidents => "listing the incidents of a day in the index by_day",
            Self::ListUnreported => "listing incidents in the index unreported",
            Self::WriteIncident => "writing an incident",
            Self::LoadTuningEntries => "loading the tuning entries",
            Self::LoadAnnouncements => "loading the announcements of tuning entries",
            Self::WriteAnnouncement => "writing the announcement of a tuning entry",
            Self::LoadLedger => "loading the ledger of messages",
            Self::WriteLedger => "writing the ledger of messages",
            Self::LoadActivity => "loading the numbers of the weekly message",
            Self::WriteActivity => "writing the numbers of the weekly message",
        })
    }
}

/// The store. A load sees every write that ended before it began.
pub trait Store: Send + Sync {
    /// Loads a tally, `None` if it does not exist.
    fn load_tally(&self, key: &TallyKey) -> impl Future<Output = Result<Option<Versioned<Tally>>, StoreError>> + Send;

    /// Writes a tally, on the condition that the stored version is the one that it `replaces`.
    fn write_tally(
        &self,
        key: &TallyKey,
        tally: &Tally,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// Writes a login among the records of `address`, which is the login's own or its network. If it exists already,
    /// returns [`WriteOutcome::Conflict`], since a login never changes.
    fn write_login(
        &self,
        address: Address,
        login: &Login,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// Loads the tallies of `address` on `days`.
    fn load_tallies(
        &self,
        address: Address,
        days: &BTreeSet<Day>,
    ) -> impl Future<Output = Result<Loaded<Tallies>, StoreError>> + Send;

    /// Loads a page of the logins of `address` on `day`: the first page, or the one after the sort key `after`.
    fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> impl Future<Output = Result<Loaded<LoginPage>, StoreError>> + Send;

    /// Loads the incidents of `address` on `day` whose ids are `wanted`.
    fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> impl Future<Output = Result<Loaded<StoredIncidents>, StoreError>> + Send;

    /// Loads an incident, `None` if it does not exist.
    fn load_incident(
        &self,
        key: &IncidentKey,
    ) -> impl Future<Output = Result<Option<Versioned<StoredIncident>>, StoreError>> + Send;

    /// Lists the incidents of a day, in no order. Unlike the loads, this can miss the writes of the last seconds.
    fn list_incidents(&self, day: Day) -> impl Future<Output = Result<Vec<ListedIncident>, StoreError>> + Send;

    /// Lists the incidents that [are unreported](StoredIncident::is_unreported), in no order. This too can miss the
    /// writes of the last seconds.
    fn list_unreported(&self) -> impl Future<Output = Result<Vec<IncidentKey>, StoreError>> + Send;

    /// Writes an incident, on the condition that the stored version is the one that it `replaces`.
    fn write_incident(
        &self,
        stored: &StoredIncident,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// Whether there is a table of tuning entries.
    fn has_tuning_table(&self) -> bool;

    /// Loads all tuning entries of the table, in no order. An item that is no JSON becomes null.
    fn load_tuning_entries(&self) -> impl Future<Output = Result<Vec<Value>, StoreError>> + Send;

    /// Loads what was announced of the tuning entries.
    fn load_announcements(
        &self,
    ) -> impl Future<Output = Result<Loaded<Vec<Versioned<Announcement>>>, StoreError>> + Send;

    /// Writes what was announced, on the condition that the stored version is the one that it `replaces`.
    fn write_announcement(
        &self,
        announcement: &Announcement,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// Loads the ledger of messages. One that does not exist is empty.
    fn load_ledger(&self) -> impl Future<Output = Result<Versioned<Ledger>, StoreError>> + Send;

    /// Writes the ledger of messages, on the condition that the stored version is the one that it `replaces`.
    fn write_ledger(
        &self,
        ledger: &Ledger,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// Loads what the deployment received. What was never written is empty.
    fn load_activity(&self) -> impl Future<Output = Result<Versioned<Activity>, StoreError>> + Send;

    /// Writes what the deployment received, on the condition that the stored version is the one that it `replaces`.
    fn write_activity(
        &self,
        activity: &Activity,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;
}
