//! `pivotwatch inspect`: what `ingest` would make of files.

mod findings;
mod report;

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use pivotwatch::detection::Rule;
use pivotwatch::input::{Limits, ReadFault};
use pivotwatch::pipeline::{UnusableExport, reading};

use crate::Ended;
use crate::files::{self, Format, Found, Skipped};
use crate::log::Log;
use findings::Findings;
use report::{Fault, Row};

/// Tell what ingest would make of files: shape, compression, and what each record comes to.
///
/// Records are failures, ignored and rejected ones together, and in a CloudTrail log file logins.
///
/// Exit status: 0 all can be used, 1 a file was refused, could not be read to its end or has nothing that can be used, 2
/// wrong arguments, 141 standard output was closed before the end.
#[derive(Args)]
pub(crate) struct Inspect {
    /// Files, or folders with everything below them. They are judged by the default settings.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How to print: a table for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,
}

impl Inspect {
    /// Inspects, prints findings to `out` and what went wrong to `log`. Returns how the inspection ended, and whether its
    /// findings could be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> (Ended, io::Result<()>) {
        let rows = files::below(&self.files).into_iter().map(|file| match file {
            Ok(file) => inspect(&file),
            Err(fault) => Row::of_fault(fault.path(), Fault { code: "file.unreadable", message: fault.to_string() }),
        });
        let mut ended = Ended::Quiet;
        let mut rows = rows.inspect(|row| {
            if row.is_trouble() {
                ended = Ended::Trouble;
            }
        });
        let printed = match self.format {
            Format::Json => rows.try_for_each(|row| report::json(&row, out)),
            Format::Table => report::table(&rows.collect::<Vec<_>>(), out, log),
        };
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => (Ended::Unread, Ok(())),
            printed => (ended, printed),
        }
    }
}

fn inspect(Found { path, key, skipped }: &Found) -> Row {
    let mut row = Row { passed_over: skipped.map(Skipped::name), ..Row::of(path) };
    if row.passed_over.is_some() {
        return row;
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Row::of_fault(path, Fault { code: "file.unreadable", message: error.to_string() }),
    };
    let mut findings = Findings::none(Utc::now());
    let read = reading::guarded(|| {
        let recognised = reading::recognise(file, Limits::default())?;
        let what = recognised.what();
        row.what = Some(what);
        recognised.read(key, &Rule::default(), &mut findings)?;
        row.unusable = UnusableExport::of(what, &findings.summary);
        Ok(())
    });
    Row { error: read.err().map(|fault| fault_of(&fault)), findings, ..row }
}

fn fault_of(fault: &ReadFault) -> Fault {
    Fault { code: fault.code(), message: fault.to_string() }
}
