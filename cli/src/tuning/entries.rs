//! The stored entries, in a file or a DynamoDB table: the same operations for both.

use chrono::{DateTime, Utc};

use super::entries_fault::EntriesFault;
use super::entry_file::EntryFile;
use super::entry_table::EntryTable;
use super::new_entry::NewEntry;
use super::stored_entry::StoredEntry;

/// Where the entries are.
pub(super) enum Entries {
    File(EntryFile),
    Table(EntryTable),
}

impl Entries {
    /// All entries, by id. Entries with the same id are in their order in the file.
    pub(super) async fn load(&self) -> Result<Vec<StoredEntry>, EntriesFault> {
        let mut entries = match self {
            Self::File(file) => file.load()?,
            Self::Table(table) => table.load().await?,
        };
        entries.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(entries)
    }

    /// All entries, none if a file does not exist yet.
    pub(super) async fn load_or_none(&self) -> Result<Vec<StoredEntry>, EntriesFault> {
        match self {
            Self::File(file) if file.is_absent() => Ok(Vec::new()),
            _ => self.load().await,
        }
    }

    /// Adds an entry, on the condition that its id is new.
    pub(super) async fn add(&self, entry: &NewEntry) -> Result<(), EntriesFault> {
        match self {
            Self::File(file) => file.add(entry),
            Self::Table(table) => table.add(entry).await,
        }
    }

    /// Marks the entry as removed, on the condition that it exists and is not removed.
    pub(super) async fn remove(&self, id: &str, removed_at: DateTime<Utc>) -> Result<(), EntriesFault> {
        match self {
            Self::File(file) => file.remove(id, removed_at),
            Self::Table(table) => table.remove(id, removed_at).await,
        }
    }
}
