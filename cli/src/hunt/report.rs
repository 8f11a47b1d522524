//! The output of a hunt.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use pivotwatch::aws::TrailIgnored;
use pivotwatch::detection::incident::{Columns, LoginReference, Signal, SourceFailures};
use pivotwatch::detection::{Day, Incident, IncidentReport, Source};
use pivotwatch::notify::escape_for_display;
use pivotwatch::pipeline::{Reasons, Summary};
use serde::Serialize;

use crate::log::{Log, counted, warnings};
use crate::{files, json};

/// Characters of a name that the table shows.
const SHOWN: usize = 60;

/// An incident in JSON: the rule's columns by name, and the facts and derived values.
#[derive(Serialize)]
struct IncidentLine<'a> {
    id: String,
    day: Day,
    severity: &'static str,
    signals: &'a BTreeSet<Signal>,
    #[serde(flatten)]
    columns: &'a Columns,
    user_identity_arn: &'a str,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    logins: &'a BTreeSet<LoginReference>,
    logins_total: u64,
    logins_estimated: bool,
    failures: &'a BTreeMap<Source, SourceFailures>,
    /// The tuning entries that hide the incident.
    hidden_by: &'a BTreeSet<String>,
}

/// The incidents that tuning entries hide.
pub(super) struct Hidden {
    incidents: u64,
    /// The incidents by entry. An incident that several entries hide counts for each.
    by_entry: BTreeMap<String, u64>,
}

impl Hidden {
    /// Counts the hidden ones among some incidents.
    pub(super) fn of(reports: &[IncidentReport]) -> Self {
        let mut hidden = Self { incidents: 0, by_entry: BTreeMap::new() };
        for report in reports.iter().filter(|report| !report.hidden_by.is_empty()) {
            hidden.incidents += 1;
            for id in &report.hidden_by {
                *hidden.by_entry.entry(id.clone()).or_default() += 1;
            }
        }
        hidden
    }
}

/// Prints each incident as a JSON object on a line of its own.
pub(super) fn json(reports: &[IncidentReport], out: &mut impl Write) -> io::Result<()> {
    for report in reports {
        let incident = &report.incident;
        let line = IncidentLine {
            id: incident.id.to_string(),
            day: incident.day,
            severity: report.severity().name(),
            signals: &report.signals,
            columns: &incident.columns,
            user_identity_arn: &incident.user_identity_arn,
            start_time: incident.start_time,
            end_time: incident.end_time,
            logins: incident.logins.listed(),
            logins_total: incident.logins.total(),
            logins_estimated: incident.logins.is_estimated(),
            failures: &report.failures,
            hidden_by: &report.hidden_by,
        };
        json::write_line(out, &line)?;
    }
    Ok(())
}

/// Prints a table with a row for each incident, or nothing if there is none. `with_hidden` adds the entries that hide it.
pub(super) fn table(reports: &[IncidentReport], with_hidden: bool, out: &mut impl Write) -> io::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    let columns =
        ["Severity", "First login", "Logins", "User", "Account", "Region", "Address", "Failures", "Hidden by"];
    let mut table = files::table(&columns[..columns.len() - usize::from(!with_hidden)]);
    for report in reports {
        let incident = &report.incident;
        let columns = &incident.columns;
        let mut row = vec![
            report.severity().name().to_owned(),
            incident.start_time.format("%Y-%m-%d %H:%M:%S").to_string(),
            logins(incident),
            escape_for_display(&user(columns), SHOWN),
            escape_for_display(&incident.account_id, SHOWN),
            escape_for_display(&columns.aws_region, SHOWN),
            columns.source_ip_address.to_string(),
            failures(report),
        ];
        if with_hidden {
            row.push(report.hidden_by.iter().map(String::as_str).collect::<Vec<_>>().join("\n"));
        }
        table.add_row(row);
    }
    writeln!(out, "{table}")
}

fn user(columns: &Columns) -> String {
    if columns.account_upn_suffix.is_empty() {
        columns.account_name.clone()
    } else {
        format!("{}@{}", columns.account_name, columns.account_upn_suffix)
    }
}

fn logins(incident: &Incident) -> String {
    let about = if incident.logins.is_estimated() { "about " } else { "" };
    format!("{about}{}", incident.logins.total())
}

fn failures(report: &IncidentReport) -> String {
    let by_source = report.failures.iter().map(|(source, failures)| {
        let verdict = if failures.exceeded { "" } else { " (allowed)" };
        let about = if failures.count_estimated { "about " } else { "" };
        format!("{source} {about}{}{verdict}", failures.count)
    });
    by_source.collect::<Vec<_>>().join("\n")
}

/// Prints the counts of the hunt. `incidents` were printed.
pub(super) fn summary(
    summary: &Summary,
    skipped: &Reasons,
    incidents: usize,
    hidden: &Hidden,
    log: &mut Log<impl Write>,
) {
    let (ignored, rejected) = (total(&summary.ignored), total(&summary.rejected));
    let (files, records) = (counted(summary.objects, "file"), counted(summary.records, "record"));
    log.line(format_args!("{files}, {records}"));
    if !skipped.is_empty() {
        let more = counted(total(skipped), "more file");
        log.line(format_args!("  {more} skipped{}", by_reason(skipped)));
    }
    log.line(format_args!("  {}", counted(summary.failures, "failure")));
    log.line(format_args!("  {}{}", counted(summary.logins, "successful console login"), without_logins(summary)));
    log.line(format_args!("  {ignored} ignored{}", by_reason(&summary.ignored)));
    log.line(format_args!("  {rejected} rejected{}", by_reason(&summary.rejected)));
    for warning in warnings(&summary.warnings) {
        log.line(format_args!("  {warning}"));
    }
    let were = if summary.duplicates == 1 { "was" } else { "were" };
    log.line(format_args!("  {} of the failures and logins {were} there more than once", summary.duplicates));
    log.line(counted(incidents as u64, "incident"));
    if hidden.incidents > 0 {
        let by_entry: Vec<_> = hidden.by_entry.iter().map(|(id, number)| format!("{id} {number}")).collect();
        let incidents = counted(hidden.incidents, "incident");
        log.line(format_args!("{incidents} hidden by tuning entries ({})", by_entry.join(", ")));
    }
}

/// A hint for logs whose CloudTrail records include no console login, not even a failed one. Either the account is
/// quiet, or the trail does not log sign-ins.
fn without_logins(summary: &Summary) -> &'static str {
    let others = summary.ignored.get(TrailIgnored::NotAConsoleLogin.name()).copied().unwrap_or_default();
    if summary.kinds.trail_records > 0 && summary.kinds.trail_records == others {
        "; no CloudTrail record is a console login, so see whether the logs are those of the right regions and days"
    } else {
        ""
    }
}

/// The message for a file without a usable record.
pub(super) fn unusable(summary: &Summary) -> String {
    if summary.records == 0 {
        return "it has no record, so it says nothing about incidents".to_owned();
    }
    let (ignored, rejected) = (total(&summary.ignored), total(&summary.rejected));
    let mut text = "none of its records can be used".to_owned();
    for (number, reasons, verb) in [(rejected, &summary.rejected, "rejected"), (ignored, &summary.ignored, "ignored")] {
        if number > 0 {
            text = format!("{text}, {number} {verb}{}", by_reason(reasons));
        }
    }
    text
}

fn total(reasons: &Reasons) -> u64 {
    reasons.values().sum()
}

fn by_reason(reasons: &Reasons) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let reasons: Vec<_> = reasons.iter().map(|(reason, number)| format!("{reason} {number}")).collect();
    format!(" ({})", reasons.join(", "))
}
