//! `tuning test`: which incidents in files each entry hides.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use chrono::Utc;
use clap::Args;
use pivotwatch::detection::signal::Severity;
use pivotwatch::detection::{IncidentReport, Tuning};
use serde::Serialize;
use uuid::Uuid;

use super::Outcome;
use super::explanation;
use super::listed_entry::{EntryState, ListedEntry};
use super::stored_entry::StoredEntry;
use crate::files::{self, Format};
use crate::hunt::report::{self, Hidden};
use crate::hunt::{self, HuntFindings};
use crate::log::Log;
use crate::rule_arguments::RuleArguments;
use crate::{ExitStatus, json, tuning_file};

/// Test entries on the files of a hunt: count the incidents that each entry hides, by severity.
///
/// Changes nothing. Trouble is an invalid entry too, and what `hunt` calls trouble.
#[derive(Args)]
pub(super) struct DryRun {
    /// The entries: a JSON array, or an object on each line.
    #[arg(long, value_name = "FILE")]
    tuning: PathBuf,

    /// Sign-in exports and CloudTrail logs, recognised by their content: files, or folders with everything below them.
    #[arg(value_name = "FILE", required_unless_present_any = ["entra", "cloudtrail"])]
    files: Vec<PathBuf>,

    /// Sign-in exports: files, or folders with everything below them.
    #[arg(long, num_args = 1.., value_name = "PATH", required_unless_present = "files")]
    entra: Vec<PathBuf>,

    /// CloudTrail log files, records or EventBridge events: files, or folders with everything below them.
    #[arg(long, num_args = 1.., value_name = "PATH", required_unless_present = "files")]
    cloudtrail: Vec<PathBuf>,

    /// How to print: a table for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,

    #[command(flatten)]
    rule: RuleArguments,
}

/// What an entry hides, in JSON.
#[derive(Serialize)]
struct HiddenLine<'a> {
    id: Option<&'a str>,
    state: EntryState,
    faults: Vec<String>,
    hidden: usize,
    high: usize,
    /// The ids of the incidents.
    incidents: BTreeSet<Uuid>,
}

impl<'a> HiddenLine<'a> {
    fn of(entry: &'a ListedEntry, incidents: &[IncidentReport]) -> Self {
        // An invalid entry hides nothing, also if a valid one has its id.
        let id = entry.id.as_ref().filter(|_| entry.state != EntryState::Invalid);
        let hides = |report: &&IncidentReport| id.is_some_and(|id| report.hidden_by.contains(id));
        let hidden: Vec<_> = incidents.iter().filter(hides).collect();
        Self {
            id: entry.id.as_deref(),
            state: entry.state,
            faults: entry.faults(),
            hidden: hidden.len(),
            high: hidden.iter().filter(|report| report.severity() == Severity::High).count(),
            incidents: hidden.iter().map(|report| report.incident.id).collect(),
        }
    }
}

impl DryRun {
    pub(super) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Outcome {
        let rule = self.rule.rule();
        let values = match tuning_file::entries(&self.tuning) {
            Ok(values) => values,
            Err(fault) => {
                log.about(&self.tuning.to_string_lossy(), fault);
                return (ExitStatus::Trouble, Ok(()));
            }
        };
        let tuning = Tuning::parse(values.iter().cloned(), &rule);
        let is_invalid = tuning_file::report_invalid(&self.tuning, &tuning, log);
        let stored = values.into_iter().map(StoredEntry::of).collect();
        let entries = ListedEntry::all(stored, &rule, Utc::now());
        let paths = [self.files, self.entra, self.cloudtrail].concat();
        let Some(HuntFindings { incidents, read }) = hunt::find(&paths, rule, tuning, log) else {
            return (ExitStatus::Trouble, Ok(()));
        };
        let lines: Vec<_> = entries.iter().map(|entry| HiddenLine::of(entry, &incidents)).collect();
        let printed = match self.format {
            Format::Json => lines.iter().try_for_each(|line| json::write_line(out, line)),
            Format::Table => table(&lines, out),
        };
        let hidden = Hidden::of(&incidents);
        let shown = incidents.iter().filter(|report| report.hidden_by.is_empty()).count();
        report::summary(&read.total, &read.skipped, shown, &hidden, log);
        let status = if is_invalid || read.has_trouble { ExitStatus::Trouble } else { ExitStatus::Clean };
        (status, printed)
    }
}

fn table(lines: &[HiddenLine<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut table = files::table(&["Entry", "State", "Hides", "High", "Medium"]);
    for HiddenLine { id, state, hidden, high, .. } in lines {
        let hides = if *hidden == 0 { "never".to_owned() } else { hidden.to_string() };
        table.add_row([
            id.map_or_else(|| "(none)".to_owned(), |id| explanation::plain(&id.into())),
            state.name().to_owned(),
            hides,
            high.to_string(),
            (hidden - high).to_string(),
        ]);
    }
    writeln!(out, "{table}")
}
