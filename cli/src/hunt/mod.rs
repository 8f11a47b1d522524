//! `pivotwatch hunt`: runs the functions' pipeline over files, with an in-memory store.

mod read_files;
pub(crate) mod report;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use pivotwatch::detection::parameters::{Ipv6Network, Order, Threshold, Window};
use pivotwatch::detection::reporting::{Observation, ReportingPolicy};
use pivotwatch::detection::{IncidentReport, Rule, Source, Tuning};
use pivotwatch::input::Limits;
use pivotwatch::notify::{Deployment, InMemoryNotifier};
use pivotwatch::pipeline::{ActivityLog, Pipeline, SystemRuntime, TuningCache};
use pivotwatch::settings;
use pivotwatch::store::{InMemoryStore, StoredIncident};

use crate::files::{self, Format};
use crate::log::Log;
use crate::{ExitStatus, incident_output, tuning_file};
use read_files::ReadFiles;
use report::Hidden;

/// Apply the rule to files: sign-in exports and CloudTrail records in, incidents out.
///
/// Exit status: 0 no incident, 10 incidents found, 1 trouble, 2 wrong arguments. Trouble: a file or a tuning entry
/// could not be read or used, or an answer of an API lacks rows. It is trouble too if no sign-in or no CloudTrail
/// record is usable. So it is if no sign-in is of the default --sources, unless others are chosen. Incidents in the
/// other files are printed. Without --hidden, an incident that a tuning entry hides does not count.
#[derive(Args)]
pub(crate) struct Hunt {
    /// Sign-in exports: files, or folders with everything below them.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    entra: Vec<PathBuf>,

    /// CloudTrail log files, records or EventBridge events: files, or folders with everything below them.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    cloudtrail: Vec<PathBuf>,

    /// Alert when one source has more failures than this.
    #[arg(long, value_name = "N", default_value = "5")]
    threshold: Threshold,

    /// Longest time from the first failure to the login (or to the last failure), such as 24h, 90m or 2d.
    #[arg(long, default_value = "24h")]
    window: Window,

    #[arg(long, default_value = "any")]
    #[arg(help = "Whether failures count on either side of the login (any) or only before it (failures_first)")]
    order: Order,

    /// Sources that count, separated by commas. Each is compared with the threshold alone.
    #[arg(long, default_value = "interactive,non_interactive", value_parser = settings::sources)]
    sources: BTreeSet<Source>,

    /// Bits of the IPv6 networks whose failures are counted together too: 48 to 128, or none.
    #[arg(long, value_name = "BITS", default_value_t)]
    ipv6_network: Ipv6Network,

    /// Tuning entries, which hide incidents: a JSON array, or an object on each line.
    #[arg(long, value_name = "FILE")]
    tuning: Option<PathBuf>,

    /// Print the incidents that the tuning entries hide too, with the entries.
    #[arg(long, requires = "tuning")]
    hidden: bool,

    /// How to print incidents: a table for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,
}

impl Hunt {
    /// Hunts, prints incidents to `out` and all messages to `log`. Returns the exit status, and whether the incidents
    /// could be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> (ExitStatus, io::Result<()>) {
        let paths = [self.entra, self.cloudtrail].concat();
        let (threshold, window) = (self.threshold.get(), self.window.length());
        let rule = Rule {
            threshold,
            window,
            order: self.order,
            sources: self.sources,
            ipv6_network: self.ipv6_network,
            ..Rule::default()
        };
        let mut has_trouble = false;
        let tuning = match self.tuning.as_deref().map(|path| (path, tuning_file::entries(path))) {
            None => Tuning::default(),
            Some((path, Ok(entries))) => {
                let tuning = Tuning::parse(entries, &rule);
                has_trouble = tuning_file::report_invalid(path, &tuning, log);
                tuning
            }
            Some((path, Err(fault))) => {
                log.about(&path.to_string_lossy(), fault);
                return (ExitStatus::Trouble, Ok(()));
            }
        };
        let Some(HuntFindings { mut incidents, read }) = find(&paths, rule, tuning, log) else {
            return (ExitStatus::Trouble, Ok(()));
        };
        has_trouble |= read.has_trouble;
        let hidden = Hidden::of(&incidents);
        if !self.hidden {
            incidents.retain(|report| report.hidden_by.is_empty());
        }
        let printed = match self.format {
            Format::Table => incident_output::table(&incidents, self.hidden, out),
            Format::Json => incident_output::json(&incidents, out),
        };
        let printed = printed.and_then(|()| out.flush());
        report::summary(&read.total, &read.skipped, incidents.len(), &hidden, log);
        let status = match incidents.len() {
            _ if has_trouble => ExitStatus::Trouble,
            0 => ExitStatus::Clean,
            _ => ExitStatus::Incidents,
        };
        (status, printed)
    }
}

/// The findings of a hunt.
pub(crate) struct HuntFindings {
    /// Every incident, by the time of its first login, without those all of whose logins incidents of addresses hold.
    pub(crate) incidents: Vec<IncidentReport>,
    /// The files that were read.
    pub(crate) read: ReadFiles,
}

/// Finds the incidents in files and folders. Returns `None` if that is impossible, and logs the reason.
pub(crate) fn find(paths: &[PathBuf], rule: Rule, tuning: Tuning, log: &mut Log<impl Write>) -> Option<HuntFindings> {
    let pipeline = Pipeline {
        store: InMemoryStore::default(),
        notifier: InMemoryNotifier::default(),
        runtime: SystemRuntime,
        rule,
        tuning: TuningCache::fixed(tuning),
        limits: Limits::default(),
        // Nothing is published.
        activity: ActivityLog::off(),
        policy: ReportingPolicy { observation: Observation::On, ..ReportingPolicy::default() },
        deployment: Deployment::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.inspect_err(|error| log.say(error)).ok()?;
    let mut read = ReadFiles::default();
    runtime.block_on(read.record(&pipeline, files::below(paths), log));
    runtime.block_on(read.settle(&pipeline, log));
    read.report_missing_input(&pipeline.rule, log);

    let mut incidents = Vec::new();
    let is_held = |stored: &StoredIncident| !stored.held_by.is_empty() && stored.hidden_by.is_empty();
    for stored in pipeline.store.all_incidents().into_iter().filter(|stored| !is_held(stored)) {
        let report = runtime.block_on(pipeline.report(stored.incident));
        let report = report.inspect_err(|error| log.say(error)).ok()?;
        incidents.push(IncidentReport { hidden_by: stored.hidden_by, ..report });
    }
    incidents.sort_by_key(|report| (report.incident.start_time, report.incident.id));
    Some(HuntFindings { incidents, read })
}
