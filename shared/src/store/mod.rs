//! What is remembered between invocations: facts, and the incidents found in them.
//!
//! [`Store`] has single steps only, each of which takes effect whole or not at all, and every write is conditional. What
//! the steps are put together to, and why no order of them loses anything, is the pipeline's business. The two
//! implementations behave alike; one suite of tests runs against both.

#[cfg(feature = "sdk")]
mod dynamodb;
mod memory;
pub mod record;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::detection::tally::TallyKey;
use crate::detection::{Address, Day, Evidence, Incident, Login, Tally};

#[cfg(feature = "sdk")]
pub use dynamodb::DynamoDb;
pub use memory::Memory;

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
pub enum Write {
    /// It took effect.
    Done,
    /// Another version is there than the one to be replaced. It had no effect (or, when an answer got lost and the
    /// write was repeated, it had taken effect before; reading tells).
    Conflict,
}

/// Who is publishing an incident, and until when nobody else should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The invocation.
    pub owner: String,
    /// When others may take it for dead.
    pub until: DateTime<Utc>,
}

/// An incident as it is stored: what was found, and how far publishing it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIncident {
    /// What was found.
    pub incident: Incident,
    /// When it was published; `None` while it is not.
    pub published_at: Option<DateTime<Utc>>,
    /// Who is publishing it.
    pub lease: Option<Lease>,
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

/// Everything that is stored of an address over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The facts.
    pub evidence: Evidence,
    /// The incidents that were found in them so far.
    pub incidents: BTreeMap<Uuid, Versioned<StoredIncident>>,
    /// Records that could not be read, by sort key, with the reason: somebody edited them, or a newer version of
    /// pivotwatch wrote them. They are left as they are.
    pub unreadable: Vec<(String, String)>,
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
}

impl StoreError {
    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "store.unavailable",
            Self::Unreadable { .. } => "store.unreadable",
        }
    }
}

/// The store's single steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`Store::tally`].
    ReadTally,
    /// [`Store::write_tally`].
    WriteTally,
    /// [`Store::write_login`].
    WriteLogin,
    /// [`Store::known`].
    ReadKnown,
    /// [`Store::incident`].
    ReadIncident,
    /// [`Store::write_incident`].
    WriteIncident,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadTally => "reading a tally",
            Self::WriteTally => "writing a tally",
            Self::WriteLogin => "writing a login",
            Self::ReadKnown => "reading what is known of an address",
            Self::ReadIncident => "reading an incident",
            Self::WriteIncident => "writing an incident",
        })
    }
}

/// The store. Reads see every write that ended before they began.
pub trait Store: Send + Sync {
    /// A tally, if there is one.
    fn tally(&self, key: &TallyKey) -> impl Future<Output = Result<Option<Versioned<Tally>>, StoreError>> + Send;

    /// Writes a tally in place of the version that was read.
    fn write_tally(
        &self,
        key: &TallyKey,
        tally: &Tally,
        replaces: Version,
    ) -> impl Future<Output = Result<Write, StoreError>> + Send;

    /// Writes a login unless it is there already, which counts as [`Write::Conflict`]: a login never changes.
    fn write_login(&self, login: &Login) -> impl Future<Output = Result<Write, StoreError>> + Send;

    /// Everything stored of `address` on `days`.
    fn known(
        &self,
        address: Address,
        days: RangeInclusive<Day>,
    ) -> impl Future<Output = Result<Known, StoreError>> + Send;

    /// An incident, if there is one.
    fn incident(
        &self,
        key: &IncidentKey,
    ) -> impl Future<Output = Result<Option<Versioned<StoredIncident>>, StoreError>> + Send;

    /// Writes an incident in place of the version that was read.
    fn write_incident(
        &self,
        stored: &StoredIncident,
        replaces: Version,
    ) -> impl Future<Output = Result<Write, StoreError>> + Send;
}
