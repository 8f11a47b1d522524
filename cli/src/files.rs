//! What the commands share: files and folders as objects, and how findings are printed.

use std::fs::{File, FileType};
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pivotwatch::aws::{self, PassedOver};
use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault};
use walkdir::{DirEntry, WalkDir};

/// A file that some path means.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// The key that it would have as an object.
    pub(crate) key: String,
    /// Why it is not read.
    pub(crate) skipped: Option<Skipped>,
}

/// Why a file that was found in a folder is not read. One that is named itself is always read: a person means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The folders that it is in say that it cannot be a log file.
    PassedOver(PassedOver),
    /// It is no regular file: reading it could wait, or go on, for ever.
    Special(&'static str),
}

impl Skipped {
    /// The name in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PassedOver(reason) => reason.name(),
            Self::Special(kind) => kind,
        }
    }
}

impl Found {
    fn of(entry: DirEntry) -> Self {
        let key = entry.path().to_string_lossy().into_owned();
        if entry.depth() == 0 {
            // Its folders do not matter, and are no part of the key where they would pass it over.
            let name = || entry.file_name().to_string_lossy().into_owned();
            let key = if aws::passed_over(&key).is_some() { name() } else { key };
            return Self { path: entry.into_path(), key, skipped: None };
        }
        let special = special(entry.file_type()).map(Skipped::Special);
        let skipped = special.or_else(|| aws::passed_over(&key).map(Skipped::PassedOver));
        Self { path: entry.into_path(), key, skipped }
    }
}

/// What a file is that is no regular one.
fn special(file_type: FileType) -> Option<&'static str> {
    if file_type.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file_type.is_fifo() {
            return Some("fifo");
        }
        if file_type.is_socket() {
            return Some("socket");
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return Some("device");
        }
    }
    Some("special_file")
}

/// The files that some paths mean: a file itself, and of a folder every file below it. Each comes once, in the order of
/// the paths' names, so that the order of arguments changes nothing.
pub(crate) fn below(paths: &[PathBuf]) -> Vec<Result<Found, FileFault>> {
    let entries = paths.iter().flat_map(|path| WalkDir::new(path).follow_links(true));
    let mut files: Vec<_> = entries
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => Some(Ok(Found::of(entry))),
            Err(error) => Some(Err(FileFault(error))),
        })
        .collect();
    // Of a file that is named and also found in a folder, the first is the one that is named.
    files.sort_by_cached_key(|file| {
        let is_skipped = file.as_ref().is_ok_and(|found| found.skipped.is_some());
        (path(file).to_owned(), is_skipped)
    });
    files.dedup_by(|later, earlier| path(later) == path(earlier));
    files
}

fn path(file: &Result<Found, FileFault>) -> &Path {
    match file {
        Ok(found) => &found.path,
        Err(fault) => fault.path(),
    }
}

/// A file or folder that cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct FileFault(walkdir::Error);

impl FileFault {
    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        self.0.path().unwrap_or(Path::new(""))
    }
}

/// A file as an object.
pub(crate) fn address(key: String) -> ObjectAddress {
    ObjectAddress { key, ..ObjectAddress::default() }
}

/// One file as the only object there is. A path that is no text would not survive being a key.
pub(crate) struct OneFile<'a>(pub(crate) &'a Path);

impl Objects for OneFile<'_> {
    async fn open(&self, _: &ObjectAddress) -> Result<Body, OpenFault> {
        File::open(self.0).map(Body::of).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenFault::NotFound,
            _ => OpenFault::Unavailable(error.to_string()),
        })
    }
}

/// How findings are printed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For machines: an object on each line.
    Json,
}

/// One line, below the header: output that is searched and piped needs no frames.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// An empty table with these columns.
pub(crate) fn table<const COLUMNS: usize>(columns: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns);
    table
}
