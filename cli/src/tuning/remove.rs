//! `tuning remove`: ends an entry, which is kept.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::Args;
use pivotwatch::detection::IncidentReport;
use pivotwatch::pipeline::LOOK_BACK;
use pivotwatch::store::record_name::written;
use serde::Serialize;

use super::arguments::{CommonArguments, Connection};
use super::comparison::Compared;
use super::listed_entry::tuning;
use super::{Outcome, TuningFault, explanation};
use crate::files::Format;
use crate::incident_output::{self, IncidentLine};
use crate::log::{Log, counted};
use crate::{ExitStatus, json};

/// Remove an entry: it applies to nothing from now on, and is kept as removed.
///
/// With --evidence-table, lists the incidents that are no longer hidden. The functions mail those of the last 24 hours;
/// older ones are only listed.
#[derive(Args)]
pub(super) struct Remove {
    /// The entry's id.
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    common: CommonArguments,
}

/// The removal in JSON.
#[derive(Serialize)]
struct Removal<'a> {
    id: &'a str,
    removed_at: String,
    /// The incidents that are no longer hidden; null if they are not known.
    unhides: Option<Vec<UnhiddenLine<'a>>>,
}

/// An incident that is no longer hidden, in JSON.
#[derive(Serialize)]
struct UnhiddenLine<'a> {
    /// Whether the functions mail it, once they see the removal.
    will_be_mailed: bool,
    #[serde(flatten)]
    incident: IncidentLine<'a>,
}

impl Remove {
    pub(super) async fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Result<Outcome, TuningFault> {
        let Connection { entries, deployed, evidence, rule, now } = self.common.connect().await?;
        let id = &self.id;
        let mut stored = entries.load().await?;
        if !stored.iter().any(|entry| entry.id.as_ref() == Some(id)) {
            return Err(TuningFault::Unknown(id.clone()));
        }
        let before = tuning(deployed.iter().chain(&stored), &rule);
        stored.retain(|entry| entry.id.as_ref() != Some(id));
        let after = tuning(deployed.iter().chain(&stored), &rule);
        entries.remove(id, now).await?;

        let mut status = ExitStatus::Clean;
        let unhidden = match &evidence {
            None => None,
            Some(evidence) => match evidence.logged_changes(&before, &after, &mut status, log).await {
                Ok(changes) => Some(unhidden(changes)),
                Err(fault) => {
                    log.say(format_args!("{id} is removed, but what it hid is not known: {fault}"));
                    status = ExitStatus::Trouble;
                    None
                }
            },
        };
        let printed = match self.common.format {
            Format::Json => {
                let line = |report| UnhiddenLine {
                    will_be_mailed: is_recent(report, now),
                    incident: IncidentLine::of(report),
                };
                let unhides = unhidden.as_ref().map(|reports| reports.iter().map(line).collect());
                json::write_line(out, &Removal { id, removed_at: written(now), unhides })
            }
            Format::Table => {
                let text = unhidden.as_ref().map_or_else(String::new, |reports| {
                    let incidents = counted(reports.len() as u64, "stored incident");
                    format!("; it no longer hides {incidents} of the last {}", counted(self.common.days(), "day"))
                });
                writeln!(out, "{} was removed at {}{text}", explanation::plain(&id.as_str().into()), written(now))
                    .and_then(|()| tables(unhidden.unwrap_or_default(), now, out))
            }
        };
        Ok((status, printed))
    }
}

/// Prints the incidents that the functions mail, and the older ones.
fn tables(unhidden: Vec<IncidentReport>, now: DateTime<Utc>, out: &mut impl Write) -> io::Result<()> {
    let (recent, older): (Vec<_>, Vec<_>) = unhidden.into_iter().partition(|report| is_recent(report, now));
    let older_are = "older than 24 hours, mailed only if something new happens to their address";
    for (reports, what) in
        [(recent, "of the last 24 hours, mailed once a function sees the removal"), (older, older_are)]
    {
        if !reports.is_empty() {
            writeln!(out, "\n{} {what}:", counted(reports.len() as u64, "incident"))?;
            incident_output::table(&reports, false, out)?;
        }
    }
    Ok(())
}

fn is_recent(report: &IncidentReport, now: DateTime<Utc>) -> bool {
    report.incident.end_time >= now - LOOK_BACK
}

/// The incidents that were hidden, and are not any more. A published one was mailed before an entry could hide it.
fn unhidden(changes: Vec<Compared>) -> Vec<IncidentReport> {
    let unhidden = changes.into_iter().filter(|one| !one.is_published && one.is_unhidden());
    unhidden.map(|one| one.report).collect()
}
