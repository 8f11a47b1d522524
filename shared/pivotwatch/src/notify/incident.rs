//! The message of an incident, or of an update of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::chat::fitted_chat;
use super::escape::{ascii, shown};
use super::message::{Message, SUBJECT_LENGTH, fitted_form, fitted_text};
use super::update::{Update, kind_of};
use super::words::{NAME, SecondFactor, account_number, name_of};
use super::{Deployment, chat, finding, mail};
use crate::detection::{IncidentReport, Rule};

/// Users, codes and the like that each list of the mail shows. The finding has more.
const IN_MAIL: usize = 10;

/// The same for the chat.
const IN_CHAT: usize = 4;

/// The same for the finding.
const IN_FINDING: usize = 64;

/// The message of an incident, or of an update of it, at the time `now`.
#[must_use]
pub fn incident_message(
    report: &IncidentReport,
    update: Option<&Update>,
    now: DateTime<Utc>,
    rule: &Rule,
    deployment: &Deployment,
) -> Message {
    let signals: Vec<_> = report.signals.iter().map(|signal| signal.name().to_owned()).collect();
    Message {
        subject: subject(report, update, now),
        text: fitted_text(IN_MAIL, |listed| mail::text(report, update, now, rule, deployment, listed)),
        chat: fitted_chat(IN_CHAT, |listed| chat::of_incident(report, update, now, deployment, listed)),
        finding: fitted_form(IN_FINDING, |listed| finding::of_incident(report, update, now, deployment, listed)),
        https: deployment.https,
        attributes: attributes(report, update),
        lists: [("signals", signals)].into_iter().filter(|(_, signals)| !signals.is_empty()).collect(),
    }
}

fn subject(report: &IncidentReport, update: Option<&Update>, now: DateTime<Utc>) -> String {
    let incident = &report.incident;
    let account = ascii(&shown(&incident.account_id, NAME), 12);
    let address = incident.columns.source_ip_address.to_string();
    let frame = |name: &str| {
        let kind = kind_of(report, update, now);
        format!("[pivotwatch] {kind}: {name} logged in to AWS {account} from {address}")
    };
    let room = SUBJECT_LENGTH.saturating_sub(frame("").len());
    let name = ascii(&shown(&name_of(&incident.columns), NAME), room.max(8));
    ascii(&frame(&name), SUBJECT_LENGTH)
}

fn attributes(report: &IncidentReport, update: Option<&Update>) -> BTreeMap<&'static str, String> {
    let incident = &report.incident;
    let mut attributes = BTreeMap::from([
        ("kind", if incident.is_test() { "test" } else { "incident" }.to_owned()),
        ("severity", report.severity().name().to_owned()),
        ("address", incident.columns.source_ip_address.to_string()),
        ("mfa", SecondFactor::of(incident).name().to_owned()),
        ("incident_id", incident.id.to_string()),
        ("update", update.map_or(1, |update| update.number).to_string()),
        ("matched_by", incident.matched_by().name().to_owned()),
    ]);
    // The text of a log is no id, and SNS refuses an attribute without a value.
    if let Some(id) = account_number(incident) {
        attributes.insert("account", id.to_owned());
    }
    attributes
}
