//! `tuning add`: a new entry, after a preview of what it would have hidden.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use clap::Args;
use pivotwatch::detection::incident::Columns;
use pivotwatch::detection::signal::Severity;
use pivotwatch::detection::{Incident, IncidentReport};
use pivotwatch::store::StoredIncident;
use pivotwatch::store::record_name::written;
use serde::Serialize;
use serde_json::Value;

use super::add_arguments::{Conditions, Lifetime};
use super::arguments::{CommonArguments, Connection};
use super::comparison::Compared;
use super::entries_fault::EntriesFault;
use super::listed_entry::{ListedEntry, tuning};
use super::new_entry::{Excluded, NewEntry};
use super::stored_entry::StoredEntry;
use super::{Outcome, TuningFault, show};
use crate::files::Format;
use crate::incident_name::IncidentName;
use crate::incident_output::{self, IncidentLine};
use crate::log::{Log, counted};
use crate::stored_evidence::UnknownIncident;
use crate::{ExitStatus, json};

/// Add an entry, with a condition by each option. Every condition must hold; an option that is repeated holds for one
/// of its values.
///
/// With --evidence-table, first shows which stored incidents the entry would have hidden. If one of them is of high
/// severity, and is not the one that --from names, --force is needed. So it is for a table without --evidence-table.
#[derive(Args)]
pub(super) struct Add {
    /// The entry's id: characters a-z, 0-9 and -; by default, with --from, the id of the incident.
    #[arg(long, required_unless_present = "from")]
    id: Option<String>,

    /// Exclude the failures, or the logins, that meet the conditions.
    #[arg(long, required_unless_present_any = ["threshold", "from"], conflicts_with = "threshold")]
    exclude: Option<Excluded>,

    /// Raise the threshold of the logins that meet the conditions, up to 255.
    #[arg(long, value_name = "N")]
    threshold: Option<u32>,

    /// Exclude logins like those of a stored incident: by their address and principal, for 24 hours by default. The
    /// incident is named by its id, or by its record in the mail, which also names its day.
    #[arg(long, value_name = "INCIDENT", requires = "evidence_table")]
    #[arg(conflicts_with_all = ["exclude", "threshold", "cidr", "principal"])]
    from: Option<IncidentName>,

    /// Why the entry is needed.
    #[arg(long)]
    reason: String,

    /// Who adds the entry; by default the login name.
    #[arg(long)]
    author: Option<String>,

    /// The first moment of the failures and logins to which the entry applies; by default it has no beginning.
    #[arg(long, value_name = "TIME")]
    starts_at: Option<DateTime<Utc>>,

    /// The first moment after them, such as 2027-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME", group = "end")]
    expires_at: Option<DateTime<Utc>>,

    /// How long the entry applies from its beginning, or from now: such as 24h, 90m or 30d.
    #[arg(long = "for", value_name = "DURATION", group = "end")]
    lifetime: Option<Lifetime>,

    /// The entry has no end.
    #[arg(long, group = "end")]
    permanent: bool,

    /// Add the entry although it applies to too much, or would have hidden an incident of high severity that --from
    /// does not name. Also needed for a table without --evidence-table.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    conditions: Conditions,

    #[command(flatten)]
    common: CommonArguments,
}

/// The addition in JSON.
#[derive(Serialize)]
struct Addition<'a> {
    entry: &'a Value,
    /// Whether the entry was written.
    added: bool,
    /// The stored incidents that the entry would have hidden; null if they are not known.
    hides: Option<Vec<IncidentLine<'a>>>,
    /// The incidents of IPv6 networks that would have been mailed in their place; null if they are not known.
    mailed_instead: Option<Vec<IncidentLine<'a>>>,
}

/// The effect of an entry on the stored incidents.
struct Preview {
    hides: Vec<IncidentReport>,
    /// Incidents of networks that hold logins of these.
    mailed_instead: Vec<IncidentReport>,
}

impl Preview {
    fn of(changes: Vec<Compared>) -> Self {
        let (hides, others): (Vec<_>, Vec<_>) = changes.into_iter().partition(Compared::is_newly_hidden);
        let reports = |all: Vec<Compared>| all.into_iter().map(|one| one.report).collect();
        let released = others.into_iter().filter(Compared::is_released).collect();
        Self { hides: reports(hides), mailed_instead: reports(released) }
    }
}

impl Add {
    pub(super) async fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Result<Outcome, TuningFault> {
        if self.common.is_unseen() && !self.force {
            let message = "--evidence-table is missing, by which the preview shows what the entry would have hidden; \
                           --force adds the entry without it";
            return Err(TuningFault::Arguments(message.to_owned()));
        }
        let connection = self.common.connect().await?;
        let (format, days, force) = (self.common.format, self.common.days(), self.force);
        let named = self.from.map(|name| name.id);
        let mut entry = self.entry(&connection, log).await?;
        let Connection { entries, deployed, evidence, rule, now } = connection;
        let value = entry.validate(&rule, force).map_err(|fault| TuningFault::Arguments(fault.to_string()))?;
        let mut stored = [deployed, entries.load_or_none().await?].concat();
        if stored.iter().any(|other| other.id.as_ref() == Some(&entry.id)) {
            return Err(EntriesFault::Exists(entry.id).into());
        }

        let mut status = ExitStatus::Clean;
        let before = tuning(&stored, &rule);
        stored.push(StoredEntry::of(value.clone()));
        let after = tuning(&stored, &rule);
        let preview = match &evidence {
            None => None,
            Some(evidence) => Some(Preview::of(evidence.logged_changes(&before, &after, &mut status, log).await?)),
        };
        let hides = preview.iter().flat_map(|preview| &preview.hides);
        let high = hides.filter(|report| report.severity() == Severity::High);
        let high: Vec<_> = high.collect();
        for report in &high {
            log.say(format_args!("it would have hidden {}", high_incident(report)));
        }
        // Whoever names an incident knows of it.
        let is_refused = !force && high.iter().any(|report| Some(report.incident.id) != named);
        if is_refused {
            let other = if named.is_some() { "other incidents" } else { "incidents" };
            log.say(format_args!(
                "the entry was not added: it would have hidden {other} of high severity; --force adds it"
            ));
            status = ExitStatus::Trouble;
        } else {
            entries.add(&entry).await?;
        }

        let printed = match format {
            Format::Json => {
                let hides = preview.as_ref().map(|preview| lines(&preview.hides));
                let mailed_instead = preview.as_ref().map(|preview| lines(&preview.mailed_instead));
                json::write_line(out, &Addition { entry: &value, added: !is_refused, hides, mailed_instead })
            }
            Format::Table => {
                let listed = ListedEntry::all(vec![StoredEntry::of(value)], &rule, now);
                let added = if is_refused { String::new() } else { format!("{} was added.\n", entry.id) };
                let shown = listed.iter().try_for_each(|listed| show::text(listed, out));
                shown.and_then(|()| write_preview(preview, days, out)).and_then(|()| write!(out, "{added}"))
            }
        };
        Ok((status, printed))
    }

    /// The entry of the arguments. Logs the network of an IPv6 address, which the entry of an incident does not name.
    async fn entry(self, connection: &Connection, log: &mut Log<impl Write>) -> Result<NewEntry, TuningFault> {
        let mut when = self.conditions.named();
        let (mut exclude, mut id, mut lifetime) = (self.exclude, self.id, self.lifetime);
        if let Some(name) = self.from {
            let evidence = connection.evidence.as_ref();
            let evidence =
                evidence.ok_or_else(|| TuningFault::Arguments("--from needs --evidence-table".to_owned()))?;
            let stored = evidence.incident(name).await?;
            let StoredIncident { incident, .. } = stored.ok_or(UnknownIncident(name.id))?;
            exclude = Some(Excluded::Logins);
            id = id.or_else(|| Some(format!("incident-{}", incident.id)));
            if self.expires_at.is_none() && !self.permanent {
                lifetime = lifetime.or(Some(Lifetime::OF_AN_INCIDENT));
            }
            let address = incident.columns.source_ip_address;
            // The address alone: an entry that hides too little is safer than one that hides too much.
            if let Some(network) = connection.rule.ipv6_network.of(address).filter(|_| !address.is_network()) {
                log.say(format_args!(
                    "an incident of the network {network} with the same logins is then mailed; to hide it too, name \
                     --exclude logins, --principal and --cidr {network} instead of --from"
                ));
            }
            when.insert("cidr", vec![address.to_string()]);
            when.insert("principal", vec![principal(&incident)?]);
        }
        let nobody = || TuningFault::Arguments("the login name is not known; name the author by --author".to_owned());
        let author = self.author.or_else(login_name).ok_or_else(nobody)?;
        let out_of_range =
            || TuningFault::Arguments("the entry would end after the last year of the calendar".to_owned());
        let end =
            |lifetime: Lifetime| lifetime.after(self.starts_at.unwrap_or(connection.now)).ok_or_else(out_of_range);
        let expires_at = lifetime.map(end).transpose()?.or(self.expires_at);
        Ok(NewEntry {
            id: id.unwrap_or_default(),
            exclude,
            threshold: self.threshold,
            when,
            reason: Some(self.reason),
            author: Some(author),
            created_at: Some(connection.now),
            starts_at: self.starts_at,
            expires_at,
            permanent: self.permanent,
            ..NewEntry::default()
        })
    }
}

/// The name under which this process's user is logged in.
fn login_name() -> Option<String> {
    let mut names = ["LOGNAME", "USER"].into_iter().filter_map(|name| std::env::var(name).ok());
    names.find(|name| !name.trim().is_empty())
}

/// The principal of an incident, as a condition that no other principal meets.
fn principal(incident: &Incident) -> Result<String, TuningFault> {
    let Columns { account_name, account_upn_suffix, .. } = &incident.columns;
    let principal = match (&*incident.user_identity_arn, &**account_upn_suffix) {
        ("", "") => account_name.clone(),
        ("", suffix) => format!("{account_name}@{suffix}"),
        (arn, _) => arn.to_owned(),
    };
    if principal.is_empty() || principal.contains('*') {
        let message = "the incident's principal is empty or has a *, so it would match others; name the conditions";
        return Err(TuningFault::Arguments(message.to_owned()));
    }
    Ok(principal)
}

fn high_incident(report: &IncidentReport) -> String {
    let Incident { id, columns, start_time, .. } = &report.incident;
    let (user, address) = (&columns.account_name, columns.source_ip_address);
    format!("an incident of high severity: {user} from {address} at {}, {id}", written(*start_time))
}

fn lines(reports: &[IncidentReport]) -> Vec<IncidentLine<'_>> {
    reports.iter().map(IncidentLine::of).collect()
}

/// Prints the incidents that the entry would have hidden, and those that would have been mailed in their place.
fn write_preview(preview: Option<Preview>, days: u64, out: &mut impl Write) -> io::Result<()> {
    let Some(Preview { hides, mailed_instead }) = preview else {
        return writeln!(out, "\nWithout --evidence-table, it is not known what it would have hidden.");
    };
    let (incidents, days) = (counted(hides.len() as u64, "stored incident"), counted(days, "day"));
    writeln!(out, "\nIt would have hidden {incidents} of the last {days}.")?;
    incident_output::table(&hides, false, out)?;
    if !mailed_instead.is_empty() {
        let incidents = counted(mailed_instead.len() as u64, "incident");
        writeln!(out, "\n{incidents} of IPv6 networks, with logins of these, would have been mailed instead:")?;
        incident_output::table(&mailed_instead, false, out)?;
    }
    Ok(())
}
