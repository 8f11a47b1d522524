//! `publish`: the message of a stored incident, published by hand.

use std::collections::BTreeMap;
use std::io::Write;

use aws_sdk_dynamodb::Client;
use chrono::{TimeDelta, Utc};
use clap::Args;
use pivotwatch::clients;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch::input::Limits;
use pivotwatch::notify::{HttpsForm, Message};
use pivotwatch::settings::{self, Settings, Topic};
use pivotwatch::store::record_name;
use serde::Serialize;

use super::{EvidenceArguments, ReportingFault, end};
use crate::aws::block_on;
use crate::files::Format;
use crate::incident_name::IncidentName;
use crate::log::Log;
use crate::rule_arguments::RuleArguments;
use crate::stored_evidence::{StoredEvidence, UnknownIncident};
use crate::{ExitStatus, Outcome, json};

/// Publish the message of a stored incident, and mark the incident as reported. Neither the limits nor a tuning entry
/// holds the message back; an old incident says its age.
///
/// Publishes the message that the incident needs next: its first one, or its next update. If it needs none, publishes
/// the last one again.
///
/// Exit status: 0 published, 1 trouble, 2 wrong arguments. Trouble: the incident is unknown, or the table or the topic
/// could not be used.
#[derive(Args)]
pub(crate) struct Publish {
    /// The incident, by its id, or by its record in the mail, which also names its day.
    #[arg(value_name = "INCIDENT")]
    incident: IncidentName,

    /// The topic of the incidents.
    #[arg(long, value_name = "ARN")]
    topic_arn: Topic,

    /// The number of UTC days in which an id is looked for, today's included.
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u64).range(1..=400))]
    days: u64,

    #[command(flatten)]
    common: EvidenceArguments,

    #[command(flatten)]
    deployment: DeploymentArguments,

    #[command(flatten)]
    rule: RuleArguments,
}

/// The deployment's parameters that the message, or the record, depends on.
#[derive(Args)]
#[command(next_help_heading = "Messages of the deployment")]
struct DeploymentArguments {
    /// The DynamoDB table of the tuning entries, which the message names.
    #[arg(long, value_name = "NAME")]
    tuning_table: Option<String>,

    /// The names of AWS accounts: a JSON object by account id.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = settings::account_names)]
    account_names: BTreeMap<String, String>,

    /// What subscriptions by HTTPS receive: `chat` or `finding`.
    #[arg(long, value_name = "FORM", default_value = "chat")]
    https_form: HttpsForm,

    /// Where responders read the runbook.
    #[arg(long, value_name = "URL", value_parser = settings::runbook_url)]
    runbook_url: Option<String>,

    /// The days that the table keeps the record.
    #[arg(long, value_name = "DAYS", default_value = "90", value_parser = settings::retention)]
    retention_days: TimeDelta,
}

/// A published message in JSON.
#[derive(Serialize)]
struct PublishedLine<'a> {
    id: String,
    record: &'a str,
    topic_arn: &'a str,
    subject: &'a str,
}

impl Publish {
    /// Publishes, prints the subject to `out` and all messages to `log`. Returns the exit status, and whether the
    /// subject could be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Outcome {
        let outcome = block_on(self.publish(out));
        end(outcome, out, log)
    }

    async fn publish(self, out: &mut impl Write) -> Result<Outcome, ReportingFault> {
        let Self { incident, topic_arn: topic, days, common, deployment, rule } = self;
        let EvidenceArguments { table, format, aws } = common;
        let rule = rule.rule();
        let configuration = aws.configuration().await?;
        let evidence = StoredEvidence::of(Client::new(&configuration), table.clone(), rule.clone(), days, Utc::now());
        let unknown = || UnknownIncident(incident.id);
        let key = evidence.key(incident).await?.ok_or_else(unknown)?;
        let settings = Settings {
            table,
            topic: topic.clone(),
            rule,
            tuning_table: deployment.tuning_table,
            tuning_entries: Vec::new(),
            retention: deployment.retention_days,
            limits: Limits::default(),
            reporting: ReportingPolicy::default(),
            account_names: deployment.account_names,
            https: deployment.https_form,
            runbook: deployment.runbook_url,
        };
        let published = clients::pipeline(settings, &configuration).republish(&key).await?;
        let Message { subject, .. } = published.ok_or_else(unknown)?;
        let record = record_name::incident(&key);
        let printed = match format {
            Format::Json => {
                let id = key.id.to_string();
                json::write_line(out, &PublishedLine { id, record: &record, topic_arn: &topic.arn, subject: &subject })
            }
            Format::Table => writeln!(out, "{record} was published to {}:\n{subject}", topic.arn),
        };
        Ok((ExitStatus::Clean, printed))
    }
}
