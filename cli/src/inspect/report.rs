//! What an inspection prints.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use pivotwatch::pipeline::reading::Read;
use pivotwatch::pipeline::{Reasons, UnusableExport};
use serde::Serialize;

use super::findings::Findings;
use crate::log::{Log, shown_path, warnings};
use crate::{files, json};

/// A file, and what was found in it.
pub(super) struct Row {
    pub(super) file: String,
    /// Why it would not even be opened, by its key.
    pub(super) passed_over: Option<&'static str>,
    /// Why nothing in it can be used.
    pub(super) unusable: Option<UnusableExport>,
    /// What it is, if that could be told.
    pub(super) what: Option<Read>,
    pub(super) findings: Findings,
    pub(super) error: Option<Fault>,
}

/// Why a file was refused, or not read to its end.
#[derive(Serialize)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Row {
    /// A file of which nothing is known yet.
    pub(super) fn of(path: &Path) -> Self {
        let file = path.to_string_lossy().into_owned();
        Self { file, passed_over: None, unusable: None, what: None, findings: Findings::none(Utc::now()), error: None }
    }

    /// Whether nothing of the file can be used, or not all of it was read.
    pub(super) fn is_trouble(&self) -> bool {
        self.error.is_some() || self.unusable.is_some()
    }

    /// A file that could not be opened.
    pub(super) fn of_fault(path: &Path, fault: Fault) -> Self {
        Self { error: Some(fault), ..Self::of(path) }
    }
}

/// A file as machines read it.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    shape: Option<&'static str>,
    compression: Option<&'static str>,
    passed_over: Option<&'static str>,
    records: u64,
    failures: u64,
    logins: u64,
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
    let Row { file, passed_over, unusable, what, findings, error } = row;
    let line = Line {
        file,
        shape: what.map(|what| what.shape),
        compression: what.map(|what| what.compression.name()),
        passed_over: *passed_over,
        records: findings.summary.records,
        failures: findings.summary.failures,
        logins: findings.summary.logins,
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

/// Prints a row for each file, and to `log` what is wrong with which, or deserves attention.
pub(super) fn table(rows: &[Row], out: &mut impl Write, log: &mut Log<impl Write>) -> io::Result<()> {
    let mut table = files::table([
        "File",
        "Shape",
        "Records",
        "Failures",
        "Logins",
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
            log.about(&row.file, format_args!("nothing in it can be used ({})", unusable.name()));
        }
        for warning in warnings(&row.findings.summary.warnings) {
            log.about(&row.file, warning);
        }
    }
    writeln!(out, "{table}")
}

fn shape(row: &Row) -> String {
    match (&row.what, row.passed_over) {
        (_, Some(reason)) => format!("passed over: {reason}"),
        (None, None) => "refused".to_owned(),
        (Some(Read { shape, compression }), None) => match compression.name() {
            "none" => (*shape).to_owned(),
            compression => format!("{shape}, {compression}"),
        },
    }
}

fn by_reason(reasons: &Reasons) -> String {
    reasons.iter().map(|(reason, number)| format!("{number} {reason}")).collect::<Vec<_>>().join("\n")
}
