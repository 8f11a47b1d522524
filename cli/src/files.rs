//! What the commands share: files and folders as objects, and how findings are printed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pivotwatch::aws::{self, PassedOver};
use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault};
use walkdir::{DirEntry, WalkDir};

/// A file that some path means.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// The key that it would have as an object.
    pub(crate) key: String,
    /// Why the folders that it is in say that it is not to be read.
    pub(crate) passed_over: Option<PassedOver>,
}

impl Found {
    fn of(entry: DirEntry) -> Self {
        let key = entry.path().to_string_lossy().into_owned();
        match aws::passed_over(&key) {
            // It was named itself: then its folders do not matter, and are no part of the key.
            Some(_) if entry.depth() == 0 => {
                let key = entry.file_name().to_string_lossy().into_owned();
                Self { path: entry.into_path(), key, passed_over: None }
            }
            passed_over => Self { path: entry.into_path(), key, passed_over },
        }
    }
}

/// The files that some paths mean: a file itself, and of a folder every file below it, in the order of their names.
pub(crate) fn below(paths: &[PathBuf]) -> Vec<Result<Found, FileFault>> {
    let entries = paths.iter().flat_map(|path| WalkDir::new(path).follow_links(true).sort_by_file_name());
    entries
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => Some(Ok(Found::of(entry))),
            Err(error) => Some(Err(FileFault(error))),
        })
        .collect()
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
