//! Reads a file of tuning entries: a JSON array, or JSON objects one after the other, such as one on each line.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use pivotwatch::detection::Tuning;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Value};

use crate::log::Log;

/// Why a file of tuning entries cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TuningFileFault {
    /// The file cannot be read.
    #[error("the tuning entries cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is larger than any list of entries.
    #[error("the tuning entries take more than {} MiB, so this is another file", LARGEST / 1024 / 1024)]
    TooLarge,
    /// The file is no JSON.
    #[error("the tuning entries are no JSON array, and no JSON objects one after the other: {0}")]
    NotJson(#[from] serde_json::Error),
}

/// The entries of a file, valid or not, as they are written.
#[derive(Debug, Default)]
pub(crate) struct WrittenEntries {
    /// Whether the file is a JSON array.
    pub(crate) is_array: bool,
    pub(crate) entries: Vec<Box<RawValue>>,
}

impl WrittenEntries {
    /// Parses the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // Editors on Windows write a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        let values = Deserializer::from_str(text).into_iter::<Box<RawValue>>().collect::<Result<Vec<_>, _>>()?;
        match &values[..] {
            [value] if value.get().starts_with('[') => {
                Ok(Self { is_array: true, entries: serde_json::from_str(value.get())? })
            }
            _ => Ok(Self { is_array: false, entries: values }),
        }
    }

    /// The entries as values.
    pub(crate) fn values(&self) -> Result<Vec<Value>, serde_json::Error> {
        self.entries.iter().map(|entry| serde_json::from_str(entry.get())).collect()
    }
}

/// Bytes of the largest file. A thousand entries take less than one MiB.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The text of a file. A device has no end.
pub(crate) fn text(path: &Path) -> Result<String, TuningFileFault> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST { Err(TuningFileFault::TooLarge) } else { Ok(text) }
}

/// The entries of a file, valid or not.
pub(crate) fn entries(path: &Path) -> Result<Vec<Value>, TuningFileFault> {
    Ok(WrittenEntries::parse(&text(path)?)?.values()?)
}

/// Logs the invalid entries, and returns whether there are any.
pub(crate) fn report_invalid(path: &Path, tuning: &Tuning, log: &mut Log<impl Write>) -> bool {
    for invalid in tuning.invalid() {
        let id = invalid.id.as_deref().unwrap_or("without an id");
        let faults = invalid.explanation_with_consequence();
        log.about(&path.to_string_lossy(), format_args!("the tuning entry {id} is invalid and was ignored: {faults}"));
    }
    !tuning.invalid().is_empty()
}
