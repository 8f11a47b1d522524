//! Entries in a file. A change writes a new file beside it and renames that, so that a reader never sees half of it.
//! The new file is also the lock: whoever creates it may write.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use pivotwatch::store::record_name::written;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::entries_fault::{EntriesFault, EntryFileFault};
use super::new_entry::NewEntry;
use super::stored_entry::StoredEntry;
use crate::tuning_file::{self, TuningFileFault, WrittenEntries};

/// A file of entries.
pub(super) struct EntryFile {
    pub(super) path: PathBuf,
}

impl EntryFile {
    pub(super) fn load(&self) -> Result<Vec<StoredEntry>, EntryFileFault> {
        let entries = tuning_file::entries(&self.path).map_err(|fault| self.unusable(fault))?;
        Ok(entries.into_iter().map(StoredEntry::of).collect())
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(fs::symlink_metadata(&self.path), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Adds an entry at the file's end. Creates the file if it does not exist.
    pub(super) fn add(&self, entry: &NewEntry) -> Result<(), EntriesFault> {
        self.change(|entries| {
            if entries.iter().any(|(stored, _)| stored.id.as_deref() == Some(&*entry.id)) {
                return Err(EntriesFault::Exists(entry.id.clone()));
            }
            let value = serde_json::to_value(entry).map_err(|error| self.unusable(error.into()))?;
            entries.push((StoredEntry::of(value), self.text(entry)?));
            Ok(())
        })
    }

    /// Marks every entry with this id as removed.
    pub(super) fn remove(&self, id: &str, removed_at: DateTime<Utc>) -> Result<(), EntriesFault> {
        self.change(|entries| {
            let mut found = false;
            for (stored, text) in entries {
                let is_removed = stored.value.get("removed_at").is_some_and(|time| !time.is_null());
                if stored.id.as_deref() == Some(id) && !is_removed {
                    stored.value["removed_at"] = Value::String(written(removed_at));
                    *text = self.text(&stored.value)?;
                    found = true;
                }
            }
            if found { Ok(()) } else { Err(EntriesFault::NotRemovable(id.to_owned())) }
        })
    }

    /// Changes the entries, each with its text. Entries that are not changed keep their text.
    fn change(&self, change: impl FnOnce(&mut Texts) -> Result<(), EntriesFault>) -> Result<(), EntriesFault> {
        // The file that a symbolic link names is replaced, and not the link.
        let path = if self.is_absent() { Ok(self.path.clone()) } else { fs::canonicalize(&self.path) };
        let path = path.map_err(|error| self.unusable(error.into()))?;
        if path.exists() && !path.is_file() {
            return Err(EntryFileFault::NotRegular(path).into());
        }
        let replacement = Replacement::lock(&path)?;
        let (is_array, mut entries) = texts(&path).map_err(|fault| self.unusable(fault))?;
        change(&mut entries)?;
        let texts: Vec<_> = entries.iter().map(|(_, text)| text.get()).collect();
        let text = if is_array { format!("[\n  {}\n]\n", texts.join(",\n  ")) } else { texts.join("\n") + "\n" };
        replacement.commit(&text)?;
        Ok(())
    }

    fn unusable(&self, fault: TuningFileFault) -> EntryFileFault {
        EntryFileFault::Unusable { path: self.path.clone(), fault }
    }

    /// The text of an entry.
    fn text(&self, entry: &impl Serialize) -> Result<Box<RawValue>, EntryFileFault> {
        to_raw_value(entry).map_err(|error| self.unusable(error.into()))
    }
}

/// Entries with their texts.
type Texts = Vec<(StoredEntry, Box<RawValue>)>;

/// Whether a file is an array, and its entries with their texts. An absent file has no entries.
fn texts(path: &Path) -> Result<(bool, Texts), TuningFileFault> {
    let text = if path.exists() { tuning_file::text(path)? } else { String::new() };
    let WrittenEntries { is_array, entries } = WrittenEntries::parse(&text)?;
    let parse = |text: Box<RawValue>| Ok((StoredEntry::of(serde_json::from_str(text.get())?), text));
    Ok((is_array, entries.into_iter().map(parse).collect::<Result<_, serde_json::Error>>()?))
}

/// The new file that replaces another. Unless it is committed, it is deleted.
struct Replacement<'a> {
    file: File,
    path: PathBuf,
    replaced: &'a Path,
    is_committed: bool,
}

impl<'a> Replacement<'a> {
    /// Creates the new file, on the condition that it does not exist.
    fn lock(replaced: &'a Path) -> Result<Self, EntryFileFault> {
        let mut name = replaced.as_os_str().to_owned();
        name.push(".new");
        let path = PathBuf::from(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => Ok(Self { file, path, replaced, is_committed: false }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(EntryFileFault::Locked(path)),
            Err(error) => Err(EntryFileFault::Unwritable { path, error }),
        }
    }

    /// Writes the new file, with the permissions of the other, and renames it.
    fn commit(mut self, text: &str) -> Result<(), EntryFileFault> {
        let mut write = || {
            self.file.write_all(text.as_bytes())?;
            if let Ok(metadata) = fs::metadata(self.replaced) {
                self.file.set_permissions(metadata.permissions())?;
            }
            self.file.sync_all()?;
            fs::rename(&self.path, self.replaced)
        };
        write().map_err(|error| EntryFileFault::Unwritable { path: self.path.clone(), error })?;
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        if !self.is_committed {
            // If that fails, the next command names the file.
            let _ = fs::remove_file(&self.path);
        }
    }
}
