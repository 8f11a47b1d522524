//! Why entries cannot be loaded or changed, in a file or a table.

use std::io;
use std::path::PathBuf;

use crate::log::shown_path;
use crate::stored_evidence::TableFault;
use crate::tuning_file::TuningFileFault;

/// Why entries cannot be loaded or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntriesFault {
    #[error(transparent)]
    File(#[from] EntryFileFault),
    #[error(transparent)]
    Table(#[from] EntryTableFault),
    #[error(transparent)]
    Unreadable(#[from] TableFault),
    #[error("there is an entry with the id {0}; remove keeps an entry, so choose another id")]
    Exists(String),
    #[error("there is no entry with the id {0} that could be removed: it does not exist, or was removed before")]
    NotRemovable(String),
}

/// Why a file of entries cannot be loaded or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntryFileFault {
    #[error("{path}: {fault}", path = shown_path(&.path.to_string_lossy()))]
    Unusable { path: PathBuf, fault: TuningFileFault },
    #[error("{path}: it is no regular file, so it cannot be replaced", path = shown_path(&.0.to_string_lossy()))]
    NotRegular(PathBuf),
    #[error(
        "{path} exists: another command is writing the entries, or one stopped early. In that case delete the file",
        path = shown_path(&.0.to_string_lossy())
    )]
    Locked(PathBuf),
    #[error("{path} cannot be written: {error}", path = shown_path(&.path.to_string_lossy()))]
    Unwritable { path: PathBuf, error: io::Error },
}

/// Why a table of entries cannot be changed.
#[derive(Debug, thiserror::Error)]
#[error("{operation} in the table {table} failed: {cause}; see whether the table exists and you may use it")]
pub(super) struct EntryTableFault {
    pub(super) operation: &'static str,
    pub(super) table: String,
    pub(super) cause: String,
}
