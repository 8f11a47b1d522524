//! What the commands share: files and folders as objects, and how findings are printed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault};
use walkdir::WalkDir;

/// The files that some paths mean: a file itself, and of a folder every file below it, in the order of their names.
pub(crate) fn below(paths: &[PathBuf]) -> Vec<Result<PathBuf, FileFault>> {
    let entries = paths.iter().flat_map(|path| WalkDir::new(path).follow_links(true).sort_by_file_name());
    entries
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => Some(Ok(entry.into_path())),
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

/// A file as an object: its path is its key.
pub(crate) fn address(path: &Path) -> ObjectAddress {
    ObjectAddress { bucket: String::new(), key: path.to_string_lossy().into_owned(), version: None }
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
