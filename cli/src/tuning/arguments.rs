//! The options that all subcommands on stored entries have, and what they refer to.

use std::path::PathBuf;

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, Utc};
use clap::Args;
use pivotwatch::detection::Rule;

use super::TuningFault;
use super::entries::Entries;
use super::entries_fault::EntriesFault;
use super::entry_file::EntryFile;
use super::entry_table::EntryTable;
use super::stored_entry::StoredEntry;
use crate::aws::AwsArguments;
use crate::files::Format;
use crate::rule_arguments::RuleArguments;
use crate::stored_evidence::StoredEvidence;

/// Where the entries and the evidence are, and how to print.
#[derive(Args)]
#[command(next_help_heading = "Entries and evidence")]
pub(super) struct CommonArguments {
    /// The file of the entries: a JSON array, or an object on each line.
    #[arg(long, value_name = "FILE", conflicts_with = "table", required_unless_present = "table")]
    file: Option<PathBuf>,

    /// The DynamoDB table of the entries.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// The DynamoDB table of the evidence: with it, the stored incidents of the last days are compared with the
    /// entries.
    #[arg(long, value_name = "NAME")]
    evidence_table: Option<String>,

    /// A file of the entries in the deployment's parameter, which the comparison then includes. They come first.
    #[arg(long, value_name = "FILE", requires = "evidence_table")]
    deployed_entries: Option<PathBuf>,

    /// The number of UTC days whose stored incidents are compared, today's included.
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u64).range(1..=400))]
    days: u64,

    /// How to print: text for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    pub(super) format: Format,

    #[command(flatten)]
    aws: AwsArguments,

    #[command(flatten)]
    rule: RuleArguments,
}

/// What the arguments refer to.
pub(super) struct Connection {
    pub(super) entries: Entries,
    /// The entries in the deployment's parameter, as far as they are named.
    pub(super) deployed: Vec<StoredEntry>,
    /// `None` if no table of evidence is named.
    pub(super) evidence: Option<StoredEvidence>,
    pub(super) rule: Rule,
    pub(super) now: DateTime<Utc>,
}

impl CommonArguments {
    /// Opens the tables, without a request to them.
    pub(super) async fn connect(&self) -> Result<Connection, TuningFault> {
        let (rule, now) = (self.rule.rule(), Utc::now());
        let client = match (&self.table, &self.evidence_table) {
            (None, None) => None,
            _ => Some(Client::new(&self.aws.configuration().await?)),
        };
        let of_table = self.table.clone().zip(client.clone()).map(|(name, client)| EntryTable { client, name });
        let of_file = || self.file.clone().map(|path| EntryFile { path });
        let entries = of_table.map(Entries::Table).or_else(|| of_file().map(Entries::File));
        let entries = entries.ok_or_else(|| TuningFault::Arguments("name --file or --table".to_owned()))?;
        let evidence = self.evidence_table.clone().zip(client);
        let evidence = evidence.map(|(table, client)| StoredEvidence::of(client, table, rule.clone(), self.days, now));
        let deployed = self.deployed_entries.clone().map(|path| EntryFile { path }.load());
        let deployed = deployed.transpose().map_err(EntriesFault::from)?.unwrap_or_default();
        Ok(Connection { entries, deployed, evidence, rule, now })
    }

    /// Whether the stored incidents are known.
    pub(super) const fn has_evidence(&self) -> bool {
        self.evidence_table.is_some()
    }

    /// Whether the entries are in a table, and the incidents that they hide are not known.
    pub(super) const fn is_unseen(&self) -> bool {
        self.table.is_some() && self.evidence_table.is_none()
    }

    /// The number of compared days.
    pub(super) const fn days(&self) -> u64 {
        self.days
    }
}
