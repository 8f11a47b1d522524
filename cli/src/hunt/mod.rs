//! `pivotwatch hunt`: the functions' own pipeline over files, with the store in memory.

mod report;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use chrono::TimeDelta;
use clap::Args;
use pivotwatch::detection::rule::Order;
use pivotwatch::detection::{Rule, Source};
use pivotwatch::input::Limits;
use pivotwatch::notify::{Outbox, Table};
use pivotwatch::pipeline::{Pipeline, System};
use pivotwatch::settings;
use pivotwatch::store::Memory;
use pivotwatch::telemetry::{Reasons, Summary};

use crate::Ended;
use crate::files::{self, Format, Found, OneFile};

/// Apply the rule to files: sign-in exports and CloudTrail records in, incidents out.
///
/// Exit status: 0 no incident, 10 incidents found, 1 trouble (a file could not be read, or none has a record; incidents
/// in the others are printed all the same), 2 wrong arguments.
#[derive(Args)]
pub(crate) struct Hunt {
    /// Sign-in exports: files, or folders with everything below them.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    entra: Vec<PathBuf>,

    /// CloudTrail log files, records or EventBridge events: files, or folders with everything below them.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    cloudtrail: Vec<PathBuf>,

    /// Failures of one source that raise no alarm; one more does.
    #[arg(long, value_name = "N", default_value = "5", value_parser = settings::threshold)]
    threshold: u32,

    /// Longest time between the first failure and the login (or the last failure), such as 24h, 90m or 2d.
    #[arg(long, default_value = "24h", value_parser = settings::window)]
    window: TimeDelta,

    #[arg(long, default_value = "any", value_parser = settings::order)]
    #[arg(help = "Whether failures count on either side of the login (any) or only before it (failures_first)")]
    order: Order,

    /// Sources that count, each with the threshold to itself, separated by commas.
    #[arg(long, default_value = "interactive,non_interactive", value_parser = settings::sources)]
    sources: BTreeSet<Source>,

    /// How to print incidents: a table for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,
}

impl Hunt {
    /// Hunts, prints incidents to `out` and everything else to `log`.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut impl Write) -> io::Result<Ended> {
        let paths = [self.entra, self.cloudtrail].concat();
        let rule = Rule { threshold: self.threshold, window: self.window, order: self.order, sources: self.sources };
        let pipeline = Pipeline {
            store: Memory::default(),
            notifier: Outbox::default(),
            surroundings: System,
            rule,
            limits: Limits::default(),
            table: Table::default(),
        };

        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let mut total = Summary::default();
        let mut trouble = false;
        let mut passed_over = Reasons::new();
        for file in files::below(&paths) {
            let Found { path, key, passed_over: reason } = match file {
                Ok(file) => file,
                Err(fault) => {
                    trouble = true;
                    writeln!(log, "pivotwatch: {fault}")?;
                    continue;
                }
            };
            if let Some(reason) = reason {
                *passed_over.entry(reason.name()).or_default() += 1;
                continue;
            }
            let (summary, result) =
                runtime.block_on(async { pipeline.ingest_object(&OneFile(&path), &files::address(key)).await });
            total.add(summary);
            if let Err(fault) = result {
                trouble = true;
                writeln!(log, "pivotwatch: {}: {fault} ({})", path.display(), fault.code())?;
            }
        }
        if total.records == 0 && !trouble {
            // That no incident was found would say nothing.
            trouble = true;
            writeln!(log, "pivotwatch: there is no record in any file that was read; see whether the paths are right")?;
        }

        let mut incidents = Vec::new();
        for stored in pipeline.store.all_incidents() {
            let report = runtime.block_on(pipeline.report(stored.incident)).map_err(io::Error::other)?;
            incidents.push(report);
        }
        incidents.sort_by_key(|report| (report.incident.start_time, report.incident.id));
        match self.format {
            Format::Table => report::table(&incidents, out)?,
            Format::Json => report::json(&incidents, out)?,
        }
        out.flush()?;
        report::summary(&total, &passed_over, incidents.len(), log)?;
        Ok(match incidents.len() {
            _ if trouble => Ended::Trouble,
            0 => Ended::Quiet,
            _ => Ended::Found,
        })
    }
}
