//! `pivotwatch inspect`: what `ingest` would make of files.

mod findings;
mod report;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use pivotwatch::aws::PassedOver;
use pivotwatch::detection::Rule;
use pivotwatch::input::{Limits, ReadFault};
use pivotwatch::pipeline::reading;

use crate::Ended;
use crate::files::{self, Format, Found};
use findings::Findings;
use report::{Fault, Row};

/// Tell what ingest would make of files: shape, compression, and what each record comes to.
///
/// Records are failures, ignored and rejected ones together, and in a CloudTrail log file logins.
///
/// Exit status: 0 all were read, 1 a file was refused or could not be read to its end, 2 wrong arguments.
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
    /// Inspects, prints findings to `out` and what went wrong to `log`.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut impl Write) -> io::Result<Ended> {
        let rows = files::below(&self.files).into_iter().map(|file| match file {
            Ok(file) => inspect(&file),
            Err(fault) => Row::of_fault(fault.path(), Fault { code: "file.unreadable", message: fault.to_string() }),
        });
        let mut ended = Ended::Quiet;
        let mut rows = rows.inspect(|row| {
            if row.error.is_some() {
                ended = Ended::Trouble;
            }
        });
        match self.format {
            Format::Json => rows.try_for_each(|row| report::json(&row, out))?,
            Format::Table => report::table(&rows.collect::<Vec<_>>(), out, log)?,
        }
        out.flush()?;
        Ok(ended)
    }
}

fn inspect(Found { path, key, passed_over }: &Found) -> Row {
    let mut row = Row { passed_over: passed_over.map(PassedOver::name), ..Row::of(path) };
    if row.passed_over.is_some() {
        return row;
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return Row::of_fault(path, Fault { code: "file.unreadable", message: error.to_string() }),
    };
    let mut findings = Findings::default();
    let read = reading::recognise(file, Limits::default()).and_then(|recognised| {
        row.what = Some(recognised.what());
        recognised.read(key, &Rule::default(), &mut findings)
    });
    Row { error: read.err().map(|fault| fault_of(&fault)), findings, ..row }
}

fn fault_of(fault: &ReadFault) -> Fault {
    Fault { code: fault.code(), message: fault.to_string() }
}
