//! `tuning show`: one entry in words.

use std::io::{self, Write};

use clap::Args;
use pivotwatch::store::record_name::written;

use super::arguments::{CommonArguments, Connection};
use super::comparison::Hits;
use super::explanation::{self, plain};
use super::list::{self, EntryLine};
use super::listed_entry::{EntryState, ListedEntry};
use super::{Outcome, TuningFault};
use crate::files::Format;
use crate::log::{Log, counted, shown_message};
use crate::{ExitStatus, json};

/// Show an entry in words: what it excludes, what it does not, until when, how wide, and its JSON.
#[derive(Args)]
pub(super) struct Show {
    /// The entry's id.
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    common: CommonArguments,
}

impl Show {
    pub(super) async fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Result<Outcome, TuningFault> {
        let connection = self.common.connect().await?;
        let Connection { entries, rule, now, .. } = &connection;
        let mut entries = ListedEntry::all(entries.load().await?, rule, *now);
        entries.retain(|entry| entry.id.as_ref() == Some(&self.id));
        if entries.is_empty() {
            return Err(TuningFault::Unknown(self.id));
        }
        let is_invalid = entries.iter().any(|entry| entry.state == EntryState::Invalid);
        let mut status = if is_invalid { ExitStatus::Trouble } else { ExitStatus::Clean };
        let stored = list::stored_incidents(&connection, &mut status, log).await?;
        let mut rows = entries.iter().zip(list::hits_of(&entries, stored.as_deref()));
        let printed = match self.common.format {
            Format::Json => rows.try_for_each(|(entry, hits)| json::write_line(out, &EntryLine::of(entry, hits))),
            Format::Table => rows.try_for_each(|(entry, hits)| {
                text(entry, out)?;
                hits.map_or(Ok(()), |hits| line("Hits", &hits_of_days(hits, self.common.days()), out))
            }),
        };
        Ok((status, printed))
    }
}

fn hits_of_days(Hits { incidents, last }: Hits, days: u64) -> String {
    let last = last.map_or_else(String::new, |last| format!(", the last at {}", written(last)));
    let incidents = if incidents == 0 { "none".to_owned() } else { counted(incidents, "incident") };
    format!("{incidents} in the last {}{last}", counted(days, "day"))
}

/// Prints an entry in words.
pub(super) fn text(entry: &ListedEntry, out: &mut impl Write) -> io::Result<()> {
    let ListedEntry { value, state, .. } = entry;
    let mut print = |name, text: &str| line(name, text, out);
    print("Entry", &plain(&value["id"]))?;
    print("State", state.name())?;
    let is_invalid = *state == EntryState::Invalid;
    if let Some(explanation) = entry.explanation() {
        print("Faults", &shown_message(explanation))?;
    }
    print("Effect", &if is_invalid { explanation::NONE.to_owned() } else { explanation::effect_sentence(value) })?;
    print("Conditions", &explanation::conditions(value))?;
    if !is_invalid {
        print("Not", &format!("{}\n{}", explanation::remainder(value), explanation::STORED))?;
    }
    print("Period", &explanation::period(value))?;
    print("Width", &explanation::width(value))?;
    for (name, member) in
        [("Reason", "reason"), ("Author", "author"), ("Created", "created_at"), ("Removed", "removed_at")]
    {
        if !value[member].is_null() {
            print(name, &plain(&value[member]))?;
        }
    }
    write!(out, "{:<12}", "JSON")?;
    json::write_line(out, value)
}

/// Prints a name and a text, whose further lines are indented.
fn line(name: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{name:<12}{}", text.replace('\n', &format!("\n{:12}", "")))
}
