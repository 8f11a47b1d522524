//! The output of an inspection.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use pivotwatch::pipeline::object_reader::ObjectFormat;
use pivotwatch::pipeline::{Reasons, UnusableExport};
use serde::Serialize;

use super::findings::Findings;
use crate::log::{Log, shown_path, warnings};
use crate::{files, json};

/// A file and its findings.
pub(super) struct Row {
    pub(super) file: String,
    /// The reason to skip it, which its key or kind shows.
    pub(super) skipped: Option<&'static str>,
    /// Why it has no usable record.
    pub(super) unusable: Option<UnusableExport>,
    /// Its format, if it was recognised.
    pub(super) format: Option<ObjectFormat>,
    pub(super) findings: Findings,
    pub(super) error: Option<Fault>,
}

/// Why a file was refused or could not be read to its end.
#[derive(Serialize)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Row {
    /// A file before its inspection.
    pub(super) fn of(path: &Path) -> Self {
        let file = path.to_string_lossy().into_owned();
        Self { file, skipped: None, unusable: None, format: None, findings: Findings::none(Utc::now()), error: None }
    }

    /// Whether the file has no usable record, or could not be read to its end.
    pub(super) fn is_trouble(&self) -> bool {
        self.error.is_some() || self.unusable.is_some()
    }

    /// A file that could not be opened.
    pub(super) fn of_fault(path: &Path, fault: Fault) -> Self {
        Self { error: Some(fault), ..Self::of(path) }
    }
}

/// A file in JSON.
#[derive(Serialize)]
struct FileLine<'a> {
    file: &'a str,
    shape: Option<&'static str>,
    compression: Option<&'static str>,
    passed_over: Option<&'static str>,
    records: u64,
    failures: u64,
    logins: u64,
    failed_logins: u64,
    ignored: &'a Reasons,
    rejected: &'a Reasons,
    warnings: &'a Reasons,
    addresses: usize,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    unusable: Option<&'static str>,
    error: Option<&'a Fault>,
}

/// Prints a file as a JSON object on a line of its own.
pub(super) fn json(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let Row { file, skipped, unusable, format, findings, error } = row;
    let line = FileLine {
        file,
        shape: format.map(|format| format.shape),
        compression: format.map(|format| format.compression.name()),
        passed_over: *skipped,
        records: findings.summary.records,
        failures: findings.summary.failures,
        logins: findings.summary.logins,
        failed_logins: findings.summary.failed_logins,
        ignored: &findings.summary.ignored,
        rejected: &findings.summary.rejected,
        warnings: &findings.summary.warnings,
        addresses: findings.addresses.len(),
        first: findings.times.first(),
        last: findings.times.last(),
        unusable: unusable.map(UnusableExport::name),
        error: error.as_ref(),
    };
    json::write_line(out, &line)
}

/// Prints a table with a row for each file to `out`, and faults and warnings to `log`.
pub(super) fn table(rows: &[Row], out: &mut impl Write, log: &mut Log<impl Write>) -> io::Result<()> {
    let mut table = files::table(&[
        "File",
        "Shape",
        "Records",
        "Failures",
        "Logins",
        "Failed logins",
        "Ignored",
        "Rejected",
        "Addresses",
        "First",
        "Last",
    ]);
    for row in rows {
        let findings = &row.findings;
        let time = |time: Option<DateTime<Utc>>| {
            time.map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
        };
        table.add_row([
            shown_path(&row.file),
            shape(row),
            findings.summary.records.to_string(),
            findings.summary.failures.to_string(),
            findings.summary.logins.to_string(),
            findings.summary.failed_logins.to_string(),
            by_reason(&findings.summary.ignored),
            by_reason(&findings.summary.rejected),
            findings.addresses.len().to_string(),
            time(findings.times.first()),
            time(findings.times.last()),
        ]);
    }
    for row in rows {
        if let Some(Fault { code, message }) = &row.error {
            log.about(&row.file, format_args!("{message} ({code})"));
        }
        if let Some(unusable) = row.unusable {
            log.about(&row.file, format_args!("it has no usable record ({})", unusable.name()));
        }
        for warning in warnings(&row.findings.summary.warnings) {
            log.about(&row.file, warning);
        }
    }
    writeln!(out, "{table}")
}

fn shape(row: &Row) -> String {
    match (&row.format, row.skipped) {
        (_, Some(reason)) => format!("skipped: {reason}"),
        (None, None) => "refused".to_owned(),
        (Some(ObjectFormat { shape, compression }), None) => match compression.name() {
            "none" => (*shape).to_owned(),
            compression => format!("{shape}, {compression}"),
        },
    }
}

fn by_reason(reasons: &Reasons) -> String {
    reasons.iter().map(|(reason, number)| format!("{number} {reason}")).collect::<Vec<_>>().join("\n")
}
