//! What is remembered between invocations: facts, and the incidents found in them.
//!
//! [`Store`] has single steps only, each of which takes effect whole or not at all, and every write is conditional.
//! What the steps are put together to, and why no order of them loses anything, is the pipeline's business. The two
//! implementations behave alike; one suite of tests runs against both.

#[cfg(feature = "sdk")]
mod dynamodb;
mod in_memory;
pub mod record_name;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::detection::incident::{Severity, Signal, SourceFailures};
use crate::detection::tally::TallyKey;
use crate::detection::{Address, Day, Incident, IncidentReport, Login, Source, Tallies, Tally};

#[cfg(feature = "sdk")]
pub use dynamodb::DynamoDb;
pub use in_memory::InMemoryStore;

/// How often a record was written. Zero: it does not exist.
///
/// A write names the version that it replaces and fails when another has been written meanwhile; so nothing that
/// somebody else recorded is ever overwritten unseen.
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

/// How a conditional write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It took effect.
    Done,
    /// Another version is there than the one to be replaced. It had no effect (or, when an answer got lost and the
    /// write was repeated, it had taken effect before; reading tells).
    Conflict,
}

/// Who is publishing an incident, and until when nobody else should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The request id of the invocation that publishes, `/`, and a random number: different for each settlement.
    pub owner: String,
    /// When others may take it for dead.
    pub until: DateTime<Utc>,
}

/// An incident as it is stored: its facts, what is derived from them, and how far publishing has come.
///
/// Numbers of failures are not stored with it: the tallies have them, and would bring the incident out of date with
/// each failure that comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIncident {
    /// The facts.
    pub incident: Incident,
    /// The signals, derived from the facts and the tallies at each write.
    pub signals: BTreeSet<Signal>,
    /// When it was published; `None` while it is not.
    pub published_at: Option<DateTime<Utc>>,
    /// What the message said.
    pub reported: Option<Reported>,
    /// Who is publishing it.
    pub lease: Option<Lease>,
}

impl StoredIncident {
    /// [`Severity::of`] the signals.
    #[must_use]
    pub fn severity(&self) -> Severity {
        Severity::of(&self.signals)
    }
}

/// The derived values of an incident as a message reported them. Later facts do not change them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The severity.
    #[serde(rename = "reported_severity")]
    pub severity: Severity,
    /// The signals.
    #[serde(rename = "reported_signals")]
    pub signals: BTreeSet<Signal>,
    /// The failures.
    #[serde(rename = "reported_failures")]
    pub failures: BTreeMap<Source, SourceFailures>,
}

impl From<IncidentReport> for Reported {
    fn from(report: IncidentReport) -> Self {
        Self { severity: report.severity(), signals: report.signals, failures: report.failures }
    }
}

/// Which incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IncidentKey {
    /// The address that it is about.
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

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<T> {
    /// The records.
    pub records: T,
    /// Records that could not be read. They are left as they are.
    pub unreadable: Vec<UnreadableRecord>,
}

/// A record that could not be read: somebody edited it, or a newer version of pivotwatch wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// Its sort key.
    pub record: String,
    /// What is wrong with it.
    pub cause: String,
}

/// Incidents by id.
pub type StoredIncidents = BTreeMap<Uuid, Versioned<StoredIncident>>;

/// A part of the logins of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginPage {
    /// The logins, in the order of their sort keys.
    pub logins: Vec<Login>,
    /// The sort key after which the next page begins; `None` on the last page.
    pub next: Option<String>,
}

/// Trouble with the store. All of it is worth trying again: a store that is throttled or away comes back, and a missing
/// permission is mended by somebody.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer, or refused.
    #[error("{operation} failed: {cause}; see whether the table exists, its name is right and the role may use it")]
    Unavailable {
        /// What was asked of it.
        operation: Operation,
        /// What it said, with the causes behind it.
        cause: String,
    },
    /// A record that must be merged into is not in a form that this version can read, so nothing was written.
    #[error("the record {record} cannot be read: {cause}; deploy the version that wrote it, or delete the record")]
    Unreadable {
        /// Its sort key.
        record: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A record has no encoding as an item, so nothing was written.
    #[error("the record {record} cannot be encoded: {cause}; report this as a bug, with the address of the record")]
    Unencodable {
        /// Its sort key.
        record: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl StoreError {
    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "store.unavailable",
            Self::Unreadable { .. } => "store.unreadable",
            Self::Unencodable { .. } => "store.unencodable",
        }
    }
}

/// The store's single steps.
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
    /// [`Store::write_incident`].
    WriteIncident,
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
            Self::WriteIncident => "writing an incident",
        })
    }
}

/// The store. Reads see every write that ended before they began.
pub trait Store: Send + Sync {
    /// A tally, if there is one.
    fn load_tally(&self, key: &TallyKey) -> impl Future<Output = Result<Option<Versioned<Tally>>, StoreError>> + Send;

    /// Writes a tally in place of the version that was read.
    fn write_tally(
        &self,
        key: &TallyKey,
        tally: &Tally,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// Writes a login unless it is there already, which counts as [`WriteOutcome::Conflict`]: a login never changes.
    fn write_login(&self, login: &Login) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;

    /// The tallies of `address` on `days`.
    fn load_tallies(
        &self,
        address: Address,
        days: &BTreeSet<Day>,
    ) -> impl Future<Output = Result<Loaded<Tallies>, StoreError>> + Send;

    /// A page of the logins of `address` on `day`: the first, or the one after the sort key `after`.
    fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> impl Future<Output = Result<Loaded<LoginPage>, StoreError>> + Send;

    /// Those of the incidents `wanted` that are stored of `address` on `day`.
    fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> impl Future<Output = Result<Loaded<StoredIncidents>, StoreError>> + Send;

    /// An incident, if there is one.
    fn load_incident(
        &self,
        key: &IncidentKey,
    ) -> impl Future<Output = Result<Option<Versioned<StoredIncident>>, StoreError>> + Send;

    /// Writes an incident in place of the version that was read.
    fn write_incident(
        &self,
        stored: &StoredIncident,
        replaces: Version,
    ) -> impl Future<Output = Result<WriteOutcome, StoreError>> + Send;
}
