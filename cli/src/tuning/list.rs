//! `tuning list`: all entries with their states and hits.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::Args;
use pivotwatch::detection::tuning::InvalidEntry;
use pivotwatch::store::StoredIncident;
use pivotwatch::store::record_name::written;
use serde::Serialize;
use serde_json::Value;

use super::arguments::{CommonArguments, Connection};
use super::comparison::{self, Hits};
use super::listed_entry::{EntryState, ListedEntry};
use super::{Outcome, TuningFault, explanation};
use crate::files::{self, Format};
use crate::log::{Log, counted};
use crate::stored_evidence::report_unreadable;
use crate::{ExitStatus, json};

/// List the entries: what they do, whether they apply now, and how many stored incidents they hide.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    common: CommonArguments,
}

/// An entry in JSON.
#[derive(Serialize)]
pub(super) struct EntryLine<'a> {
    id: Option<&'a str>,
    state: EntryState,
    faults: Vec<String>,
    /// What holds while the entry is invalid, if that is more than that it does not apply.
    consequence: Option<&'static str>,
    /// The stored incidents that the entry hides; null if they are not known.
    hits: Option<u64>,
    /// The last login of these incidents.
    last_hit: Option<DateTime<Utc>>,
    entry: &'a Value,
}

impl<'a> EntryLine<'a> {
    pub(super) fn of(entry: &'a ListedEntry, hits: Option<Hits>) -> Self {
        Self {
            id: entry.id.as_deref(),
            state: entry.state,
            faults: entry.faults(),
            consequence: entry.invalid.as_ref().and_then(InvalidEntry::consequence),
            hits: hits.map(|hits| hits.incidents),
            last_hit: hits.and_then(|hits| hits.last),
            entry: &entry.value,
        }
    }
}

impl List {
    pub(super) async fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Result<Outcome, TuningFault> {
        let connection = self.common.connect().await?;
        let Connection { entries, rule, now, .. } = &connection;
        let entries = ListedEntry::all(entries.load().await?, rule, *now);
        let mut status = ExitStatus::Clean;
        let stored = stored_incidents(&connection, &mut status, log).await?;
        report_other_entries(&entries, stored.as_deref().unwrap_or_default(), log);
        for (entry, explanation) in entries.iter().filter_map(|entry| Some((entry, entry.explanation()?))) {
            let id = entry.id.as_deref().unwrap_or("without an id");
            log.say(format_args!("the entry {id} is invalid, and ignored: {explanation}"));
            status = ExitStatus::Trouble;
        }
        let rows = entries.iter().zip(hits_of(&entries, stored.as_deref()));
        let printed = match self.common.format {
            Format::Json => {
                let mut lines = rows.map(|(entry, hits)| EntryLine::of(entry, hits));
                lines.try_for_each(|line| json::write_line(out, &line))
            }
            Format::Table => table(rows, self.common.has_evidence(), out),
        };
        Ok((status, printed))
    }
}

/// The stored incidents, `None` without a table of evidence. Logs unreadable records.
pub(super) async fn stored_incidents(
    connection: &Connection,
    status: &mut ExitStatus,
    log: &mut Log<impl Write>,
) -> Result<Option<Vec<StoredIncident>>, TuningFault> {
    let Some(evidence) = &connection.evidence else { return Ok(None) };
    let stored = evidence.incidents().await?;
    report_unreadable(&stored.unreadable, status, log);
    Ok(Some(stored.records))
}

/// The hits of each entry, `None` if the stored incidents are not known.
pub(super) fn hits_of(entries: &[ListedEntry], stored: Option<&[StoredIncident]>) -> Vec<Option<Hits>> {
    let Some(stored) = stored else { return vec![None; entries.len()] };
    let hits = comparison::hits(stored);
    let of_entry = |entry: &ListedEntry| {
        // An invalid entry with the id of another one hides nothing.
        let id = entry.id.as_deref().filter(|_| entry.state != EntryState::Invalid);
        Some(id.and_then(|id| hits.get(id)).copied().unwrap_or_default())
    };
    entries.iter().map(of_entry).collect()
}

/// Logs the hits of entries that are not listed.
fn report_other_entries(entries: &[ListedEntry], stored: &[StoredIncident], log: &mut Log<impl Write>) {
    let is_listed = |id: &str| entries.iter().any(|entry| entry.id.as_deref() == Some(id));
    for (id, Hits { incidents, .. }) in comparison::hits(stored).into_iter().filter(|(id, _)| !is_listed(id)) {
        let incidents = counted(incidents, "incident");
        log.say(format_args!(
            "{id}, which is not listed, hides {incidents}: it is an entry of the deployment, or deleted"
        ));
    }
}

fn table<'a>(
    rows: impl Iterator<Item = (&'a ListedEntry, Option<Hits>)>,
    has_evidence: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let columns = ["Entry", "State", "Effect", "Conditions", "Period", "Hits", "Last hit"];
    let mut table = files::table(&columns[..columns.len() - if has_evidence { 0 } else { 2 }]);
    for (entry, hits) in rows {
        let ListedEntry { id, value, state, .. } = entry;
        let mut row = vec![
            id.as_deref().map_or_else(|| "(none)".to_owned(), |id| explanation::plain(&id.into())),
            state.name().to_owned(),
            explanation::effect(value),
            explanation::conditions(value),
            explanation::period(value),
        ];
        if let Some(Hits { incidents, last }) = hits {
            row.extend([incidents.to_string(), last.map_or_else(|| "never".to_owned(), written)]);
        }
        table.add_row(row);
    }
    writeln!(out, "{table}")
}
