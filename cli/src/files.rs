//! Files and folders as objects.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

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
