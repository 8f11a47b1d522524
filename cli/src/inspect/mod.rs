//! `pivotwatch inspect`: reports how `ingest` would read files.

mod findings;
mod report;

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use pivotwatch::detection::Rule;
use pivotwatch::input::{Limits, ReadFault};
use pivotwatch::pipeline::{UnusableExport, object_reader};

use crate::ExitStatus;
use crate::files::{self, Format, FoundFile, Skipped};
use crate::log::Log;
use findings::Findings;
use report::{Fault, Row};

/// Show how ingest would read files: shape, compression, and the outcomes of the records.
///
/// Records include failures, ignored and rejected records, and the logins of a CloudTrail log file.
///
/// Exit status: 0 all files can be used, 1 trouble, 2 wrong arguments, 141 standard output was closed before the end.
/// Trouble: a file was refused, could not be read to its end, or has no usable record.
#[derive(Args)]
pub(crate) struct Inspect {
    /// Files, or folders with everything below them. The default settings apply.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How to print: a table for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,
}

impl Inspect {
    /// Inspects, prints findings to `out` and errors to `log`. Returns the exit status, and whether the findings could
    /// be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> (ExitStatus, io::Result<()>) {
        let rows = files::below(&self.files).into_iter().map(|file| match file {
            Ok(file) => inspect(&file),
            Err(fault) => Row::of_fault(fault.path(), Fault { code: "file.unreadable", message: fault.to_string() }),
        });
        let mut status = ExitStatus::Clean;
        let mut rows = rows.inspect(|row| {
            if row.is_trouble() {
                status = ExitStatus::Trouble;
            }
        });
        let printed = match self.format {
            Format::Json => rows.try_for_each(|row| report::json(&row, out)),
            Format::Table => report::table(&rows.collect::<Vec<_>>(), out, log),
        };
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => (ExitStatus::PipeClosed, Ok(())),
            printed => (status, printed),
        }
    }
}

fn inspect(FoundFile { path, key, skipped }: &FoundFile) -> Row {
    let mut row = Row { skipped: skipped.map(Skipped::name), ..Row::of(path) };
    if row.skipped.is_some() {
        return row;
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Row::of_fault(path, Fault { code: "file.unreadable", message: error.to_string() }),
    };
    let mut findings = Findings::none(Utc::now());
    let read = object_reader::catch_panics(|| {
        let recognised = object_reader::recognise(file, Limits::default())?;
        let format = recognised.format();
        row.format = Some(format);
        let rule = Rule::default();
        recognised.read(key, &rule, &mut findings)?;
        row.unusable = UnusableExport::of(format, &findings.summary, &rule);
        Ok(())
    });
    Row { error: read.err().map(|fault| fault_of(&fault)), findings, ..row }
}

fn fault_of(fault: &ReadFault) -> Fault {
    Fault { code: fault.code(), message: fault.to_string() }
}
