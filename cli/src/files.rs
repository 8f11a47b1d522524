//! Shared by the commands: finds files in folders, presents them as objects, and defines the output formats.

use std::fs::{File, FileType};
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pivotwatch::aws::{self, SkipReason};
use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault};
use walkdir::{DirEntry, WalkDir};

/// A file that an argument names, or that is in a folder that an argument names.
#[derive(Debug)]
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    /// Its path as the key of an object.
    pub(crate) key: String,
    /// Why it is skipped; `None` if it is read.
    pub(crate) skipped: Option<Skipped>,
}

/// Why a file in a folder is skipped. A file that an argument names is always read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The names of its folders show that it is no log file.
    ByKey(SkipReason),
    /// It is no regular file, so reading it might never end.
    Special(&'static str),
}

impl Skipped {
    /// The name in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ByKey(reason) => reason.name(),
            Self::Special(kind) => kind,
        }
    }
}

impl FoundFile {
    fn of(entry: DirEntry) -> Self {
        let key = entry.path().to_string_lossy().into_owned();
        if entry.depth() == 0 {
            // The key has no folders if they would skip the file.
            let name = || entry.file_name().to_string_lossy().into_owned();
            let key = if aws::skip_reason(&key).is_some() { name() } else { key };
            return Self { path: entry.into_path(), key, skipped: None };
        }
        let special = special(entry.file_type()).map(Skipped::Special);
        let skipped = special.or_else(|| aws::skip_reason(&key).map(Skipped::ByKey));
        Self { path: entry.into_path(), key, skipped }
    }
}

/// The kind of a file that is no regular file; `None` for a regular file.
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

/// The files that `paths` name, and all files below the folders that they name. Each file is listed once, sorted by
/// path, so that the order of arguments does not matter.
pub(crate) fn below(paths: &[PathBuf]) -> Vec<Result<FoundFile, FileFault>> {
    let entries = paths.iter().flat_map(|path| WalkDir::new(path).follow_links(true));
    let mut files: Vec<_> = entries
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => Some(Ok(FoundFile::of(entry))),
            Err(error) => Some(Err(FileFault(error))),
        })
        .collect();
    // A file that an argument names precedes the same file found in a folder, and so replaces it.
    files.sort_by_cached_key(|file| {
        let is_skipped = file.as_ref().is_ok_and(|found| found.skipped.is_some());
        (path(file).to_owned(), is_skipped)
    });
    files.dedup_by(|later, earlier| path(later) == path(earlier));
    files
}

fn path(file: &Result<FoundFile, FileFault>) -> &Path {
    match file {
        Ok(found) => &found.path,
        Err(fault) => fault.path(),
    }
}

/// A file or folder that cannot be accessed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct FileFault(walkdir::Error);

impl FileFault {
    /// The path of the file or folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path().unwrap_or(Path::new(""))
    }
}

/// A file as an object.
pub(crate) fn address(key: String) -> ObjectAddress {
    ObjectAddress { key, ..ObjectAddress::default() }
}

/// A store of objects with one file. It has the path, since a path that is not UTF-8 cannot be a key.
pub(crate) struct OneFile<'a>(pub(crate) &'a Path);

impl Objects for OneFile<'_> {
    async fn open(&self, _: &ObjectAddress) -> Result<Body, OpenFault> {
        File::open(self.0).map(Body::of).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenFault::NotFound,
            _ => OpenFault::Unavailable(error.to_string()),
        })
    }
}

/// The format of findings.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// A table for people.
    Table,
    /// A JSON object on each line, for programs.
    Json,
}

/// A single line below the header, since frames get in the way of `grep` and pipes.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// An empty table with these columns.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.to_vec());
    table
}
