//! Prints incidents: a JSON object for each, or a table.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use pivotwatch::detection::account::full_name;
use pivotwatch::detection::context::Context;
use pivotwatch::detection::incident::{Columns, LoginReference, SourceFailures};
use pivotwatch::detection::matched_by::MatchedBy;
use pivotwatch::detection::signal::{Signal, SignalDetails, points};
use pivotwatch::detection::{Day, Incident, IncidentReport, Source};
use pivotwatch::notify::escape_for_display;
use serde::Serialize;

use crate::{files, json};

/// Characters of a name that the table shows.
const SHOWN: usize = 60;

/// An incident in JSON: the rule's columns by name, and the facts and derived values.
#[derive(Serialize)]
pub(crate) struct IncidentLine<'a> {
    id: String,
    day: Day,
    severity: &'static str,
    /// The sum of the signals' points, which decides the severity.
    points: i32,
    signals: &'a BTreeSet<Signal>,
    signal_details: Vec<SignalDetails>,
    matched_by: MatchedBy,
    #[serde(flatten)]
    columns: &'a Columns,
    user_identity_arn: &'a str,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    logins: &'a BTreeSet<LoginReference>,
    logins_total: u64,
    logins_estimated: bool,
    failures: &'a BTreeMap<Source, SourceFailures>,
    #[serde(flatten)]
    context: &'a Context,
    /// The tuning entries that hide the incident.
    hidden_by: &'a BTreeSet<String>,
}

impl<'a> IncidentLine<'a> {
    /// The line of a report.
    pub(crate) fn of(report: &'a IncidentReport) -> Self {
        let incident = &report.incident;
        Self {
            id: incident.id.to_string(),
            day: incident.day,
            severity: report.severity().name(),
            points: points(&report.signals),
            signals: &report.signals,
            signal_details: report.signals.iter().map(|signal| signal.details(incident.matched_by())).collect(),
            matched_by: incident.matched_by(),
            columns: &incident.columns,
            user_identity_arn: &incident.user_identity_arn,
            start_time: incident.start_time,
            end_time: incident.end_time,
            logins: incident.logins.listed(),
            logins_total: incident.logins.total(),
            logins_estimated: incident.logins.is_estimated(),
            failures: &report.failures,
            context: &report.context,
            hidden_by: &report.hidden_by,
        }
    }
}

/// Prints each incident as a JSON object on a line of its own.
pub(crate) fn json(reports: &[IncidentReport], out: &mut impl Write) -> io::Result<()> {
    reports.iter().try_for_each(|report| json::write_line(out, &IncidentLine::of(report)))
}

/// Prints a table with a row for each incident, or nothing if there is none. `with_hidden` adds the entries that hide
/// it.
pub(crate) fn table(reports: &[IncidentReport], with_hidden: bool, out: &mut impl Write) -> io::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    let columns = [
        "Severity",
        "Signals",
        "First login",
        "Logins",
        "User",
        "Account",
        "Region",
        "Address",
        "Matched by",
        "Failures",
        "Context",
        "Hidden by",
    ];
    let mut table = files::table(&columns[..columns.len() - usize::from(!with_hidden)]);
    for report in reports {
        let incident = &report.incident;
        let columns = &incident.columns;
        let mut row = vec![
            report.severity().name().to_owned(),
            report.signals.iter().map(|signal| signal.name()).collect::<Vec<_>>().join("\n"),
            incident.start_time.format("%Y-%m-%d %H:%M:%S").to_string(),
            logins(incident),
            escape_for_display(&full_name(&columns.account_name, &columns.account_upn_suffix), SHOWN),
            escape_for_display(&incident.account_id, SHOWN),
            escape_for_display(&columns.aws_region, SHOWN),
            columns.source_ip_address.to_string(),
            incident.matched_by().name().to_owned(),
            failures(report),
            context(&report.context),
        ];
        if with_hidden {
            row.push(report.hidden_by.iter().map(String::as_str).collect::<Vec<_>>().join("\n"));
        }
        table.add_row(row);
    }
    writeln!(out, "{table}")
}

fn logins(incident: &Incident) -> String {
    let about = if incident.logins.is_estimated() { "about " } else { "" };
    format!("{about}{}", incident.logins.total())
}

fn failures(report: &IncidentReport) -> String {
    let by_source = report.failures.iter().map(|(source, failures)| {
        let verdict = if failures.exceeded { "" } else { " (below threshold)" };
        let about = if failures.count_estimated { "about " } else { "" };
        format!("{source} {about}{}{verdict}", failures.count)
    });
    by_source.collect::<Vec<_>>().join("\n")
}

/// Names that the table shows for each class of result codes.
const NAMES_SHOWN: usize = 3;

/// The users by the class of their failures, the number of users who succeeded, and the failed console logins.
fn context(context: &Context) -> String {
    let mut lines: Vec<_> =
        context.users_by_class.iter().map(|(class, users)| format!("{class}: {}", names(users.iter()))).collect();
    let about = |is_estimated: bool| if is_estimated { "about " } else { "" };
    lines.push(format!("succeeded: {}{}", about(context.users_succeeded_estimated), context.users_succeeded));
    if let Some(failed) = &context.failed_logins {
        let users = names(failed.users.iter());
        lines.push(format!("failed AWS logins: {}{} ({users})", about(failed.count_estimated), failed.count));
    }
    lines.join("\n")
}

/// The first names, and the number of the others.
fn names<'a>(users: impl ExactSizeIterator<Item = &'a String>) -> String {
    let others = users.len().saturating_sub(NAMES_SHOWN);
    let shown: Vec<_> = users.take(NAMES_SHOWN).map(|user| escape_for_display(user, SHOWN)).collect();
    let more = if others > 0 { format!(", {others} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
