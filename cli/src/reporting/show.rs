//! `show unreported`: the incidents that no message and no digest reported yet.

use std::cmp::Reverse;
use std::io::{self, Write};

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use pivotwatch::detection::account::full_name;
use pivotwatch::detection::reporting::Deferral;
use pivotwatch::detection::{Day, Rule};
use pivotwatch::notify::escape_for_display;
use pivotwatch::store::{IncidentKey, StoredIncident, record_name};
use serde::Serialize;

use super::{EvidenceArguments, ReportingFault, end};
use crate::aws::block_on;
use crate::files::{self, Format};
use crate::log::{Log, counted};
use crate::stored_evidence::{StoredEvidence, report_unreadable};
use crate::{ExitStatus, Outcome, json};

/// Characters of a name that the table shows.
const SHOWN: usize = 60;

/// Show what the deployment has still to do.
///
/// Exit status: 0 done, 1 trouble, 2 wrong arguments. Trouble: the table, or a record of it, could not be read.
#[derive(Args)]
pub(crate) struct ShowUnreported {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// The incidents that no message and no digest reported yet, and the updates. The next sweep reports them.
    Unreported(EvidenceArguments),
}

impl ShowUnreported {
    /// Prints the incidents to `out` and all messages to `log`. Returns the exit status, and whether the incidents
    /// could be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Outcome {
        let Subject::Unreported(arguments) = self.subject;
        let outcome = block_on(unreported(arguments, out, log));
        end(outcome, out, log)
    }
}

/// An unreported incident in JSON.
#[derive(Serialize)]
struct UnreportedLine<'a> {
    id: String,
    day: Day,
    record: String,
    severity: &'static str,
    account_name: &'a str,
    account_upn_suffix: &'a str,
    user_identity_arn: &'a str,
    recipient_account_id: &'a str,
    source_ip_address: String,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    /// When the incident itself was reported, if only an update is still to be.
    published_at: Option<DateTime<Utc>>,
    deferral: Option<Deferral>,
    /// Until when an invocation may publish it.
    leased_until: Option<DateTime<Utc>>,
}

impl<'a> UnreportedLine<'a> {
    fn of(stored: &'a StoredIncident) -> Self {
        let incident = &stored.incident;
        Self {
            id: incident.id.to_string(),
            day: incident.day,
            record: record_name::incident(&IncidentKey::of(incident)),
            severity: stored.severity().name(),
            account_name: &incident.columns.account_name,
            account_upn_suffix: &incident.columns.account_upn_suffix,
            user_identity_arn: &incident.user_identity_arn,
            recipient_account_id: &incident.account_id,
            source_ip_address: incident.columns.source_ip_address.to_string(),
            start_time: incident.start_time,
            end_time: incident.end_time,
            published_at: stored.published_at,
            deferral: stored.deferral,
            leased_until: stored.lease.as_ref().map(|lease| lease.until),
        }
    }
}

async fn unreported(
    arguments: EvidenceArguments,
    out: &mut impl Write,
    log: &mut Log<impl Write>,
) -> Result<Outcome, ReportingFault> {
    let EvidenceArguments { table: name, format, aws } = arguments;
    let (client, now) = (Client::new(&aws.configuration().await?), Utc::now());
    let mut stored = StoredEvidence::of(client, name, Rule::default(), 1, now).unreported().await?;
    let mut status = ExitStatus::Clean;
    report_unreadable(&stored.unreadable, &mut status, log);
    stored.records.sort_by_key(|one| (Reverse(one.severity()), one.incident.start_time, one.incident.id));
    let printed = match format {
        Format::Json => stored.records.iter().try_for_each(|one| json::write_line(out, &UnreportedLine::of(one))),
        Format::Table => table(&stored.records, now, out),
    };
    Ok((status, printed))
}

fn table(stored: &[StoredIncident], now: DateTime<Utc>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} still to be reported", counted(stored.len() as u64, "incident"))?;
    if stored.is_empty() {
        return Ok(());
    }
    let mut table =
        files::table(&["Severity", "Why", "First login", "Last login", "User", "Account", "Address", "Record"]);
    for one in stored {
        let incident = &one.incident;
        let columns = &incident.columns;
        let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
        table.add_row([
            one.severity().name().to_owned(),
            why(one, now),
            time(incident.start_time),
            time(incident.end_time),
            escape_for_display(&full_name(&columns.account_name, &columns.account_upn_suffix), SHOWN),
            escape_for_display(&incident.account_id, SHOWN),
            columns.source_ip_address.to_string(),
            record_name::incident(&IncidentKey::of(incident)),
        ]);
    }
    writeln!(out, "{table}")
}

/// Why an incident is not reported yet.
fn why(stored: &StoredIncident, now: DateTime<Utc>) -> String {
    let what = if stored.published_at.is_some() { "update: " } else { "" };
    // As for the sweep: an expired lease is that of an invocation that died.
    let is_leased = stored.lease.as_ref().is_some_and(|lease| lease.until > now);
    let why = match stored.deferral {
        _ if is_leased => "being published",
        Some(deferral) => deferral.name(),
        None => Deferral::Interrupted.name(),
    };
    format!("{what}{why}")
}
