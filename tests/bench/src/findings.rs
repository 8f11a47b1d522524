//! The findings of a file, printed alike by every engine.

use std::io::{self, BufWriter, Write};

use pivotwatch::detection::tally::TallyKey;

/// Prints the numbers of records and of failures, and the failures of each address, day and source.
///
/// # Errors
///
/// If standard output is closed.
pub fn print(records: u64, failures: u64, tallies: impl IntoIterator<Item = (TallyKey, u64)>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{records},{failures}")?;
    for (key, failures) in tallies {
        writeln!(out, "{},{},{},{failures}", key.address, key.day, key.kind.name())?;
    }
    out.flush()
}
