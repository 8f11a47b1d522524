//! The log of a hunt: what was read, and how many incidents there are.

use std::collections::BTreeMap;
use std::io::Write;

use pivotwatch::aws::TrailIgnored;
use pivotwatch::detection::{IncidentReport, Source};
use pivotwatch::entra::{Ignored, Rejected};
use pivotwatch::pipeline::{Reasons, Summary, UnusableExport};

use crate::log::{Log, counted, warnings};

/// The incidents that tuning entries hide.
pub(crate) struct Hidden {
    incidents: u64,
    /// The incidents by entry. An incident that several entries hide counts for each.
    by_entry: BTreeMap<String, u64>,
}

impl Hidden {
    /// Counts the hidden ones among some incidents.
    pub(crate) fn of(reports: &[IncidentReport]) -> Self {
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

/// Logs the counts of the hunt: of the files that were read, of skipped files, and of incidents. `incidents` were
/// printed.
pub(crate) fn summary(
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

/// The number of answers that lack rows. Nobody knows how many sign-ins they would have.
pub(super) fn incomplete_answers(summary: &Summary) -> u64 {
    let reasons = [Rejected::PartialAnswer, Rejected::NoRows];
    reasons.iter().filter_map(|reason| summary.rejected.get(reason.name())).sum()
}

/// The number of sign-ins whose source the rule does not count.
pub(super) fn of_other_sources(summary: &Summary) -> u64 {
    let reasons = Source::ALL.map(Ignored::SourceNotCounted);
    reasons.iter().filter_map(|reason| summary.ignored.get(reason.name())).sum()
}

/// The message for a file without a usable record, failure or login.
pub(super) fn unusable(summary: &Summary) -> String {
    if summary.records == 0 {
        return "it has no record, so it says nothing about incidents".to_owned();
    }
    let (ignored, rejected) = (total(&summary.ignored), total(&summary.rejected));
    let is = |reason: UnusableExport| summary.unusable.contains_key(reason.name());
    let what = if is(UnusableExport::NoUsableFailure) {
        "none of its failed sign-ins"
    } else if is(UnusableExport::NoUsableLogin) {
        "none of its console logins"
    } else {
        "none of its records"
    };
    let mut text = format!("{what} can be used");
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
