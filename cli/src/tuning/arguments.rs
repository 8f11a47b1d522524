//! The options that all subcommands on stored entries have, and what they refer to.

use std::collections::BTreeSet;
use std::path::PathBuf;

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, Utc};
use clap::Args;
use pivotwatch::detection::parameters::{Ipv6Network, Threshold, Window};
use pivotwatch::detection::rule::Order;
use pivotwatch::detection::{Day, Rule, Source};
use pivotwatch::settings;

use super::TuningFault;
use super::entries::{Entries, EntriesFault, StoredEntry};
use super::entry_file::EntryFile;
use super::entry_table::EntryTable;
use super::stored_evidence::StoredEvidence;
use crate::aws::AwsArguments;
use crate::files::Format;

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

/// The parameters of the deployment's rule.
#[derive(Args)]
#[command(next_help_heading = "Rule of the deployment")]
#[expect(clippy::struct_field_names, reason = "they are the names of the options")]
pub(super) struct RuleArguments {
    /// The deployment's threshold.
    #[arg(long, value_name = "N", default_value = "5")]
    rule_threshold: Threshold,

    /// The deployment's window.
    #[arg(long, value_name = "WINDOW", default_value = "24h")]
    rule_window: Window,

    /// The deployment's order: `any` or `failures_first`.
    #[arg(long, value_name = "ORDER", default_value = "any")]
    rule_order: Order,

    /// The deployment's sources, separated by commas.
    #[arg(long, value_name = "SOURCES", default_value = "interactive,non_interactive", value_parser = settings::sources)]
    rule_sources: BTreeSet<Source>,

    /// The deployment's bits of IPv6 networks, or none.
    #[arg(long, value_name = "BITS", default_value_t)]
    rule_ipv6_network: Ipv6Network,
}

impl RuleArguments {
    pub(super) fn rule(&self) -> Rule {
        Rule {
            threshold: self.rule_threshold.get(),
            window: self.rule_window.length(),
            order: self.rule_order,
            sources: self.rule_sources.clone(),
            ipv6_network: self.rule_ipv6_network,
        }
    }
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
        let days = (0..self.days).rev().map(|earlier| Day::of(now).before(earlier)).collect();
        let evidence = self.evidence_table.clone().zip(client);
        let evidence = evidence.map(|(table, client)| StoredEvidence::of(client, table, rule.clone(), days));
        let deployed = self.deployed_entries.clone().map(|path| EntryFile { path }.load());
        let deployed = deployed.transpose().map_err(EntriesFault::from)?.unwrap_or_default();
        Ok(Connection { entries, deployed, evidence, rule, now })
    }

    /// Whether the stored incidents are known.
    pub(super) const fn has_evidence(&self) -> bool {
        self.evidence_table.is_some()
    }

    /// The number of compared days.
    pub(super) const fn days(&self) -> u64 {
        self.days
    }
}
