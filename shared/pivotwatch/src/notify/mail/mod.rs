//! The text of a message: enough to act on at three in the morning, and a command for the rest.

mod context;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};

use serde_json::json;

use super::escape::{ascii, escape_for_display};
use super::message::{Message, SUBJECT_LENGTH};
use super::{Deployment, TableLocation};
use crate::detection::incident::{MatchedBy, SourceFailures};
use crate::detection::reporting::UpdateReason;
use crate::detection::rule::{Order, RULE_ID};
use crate::detection::{Incident, IncidentReport, Rule, Source, account};

/// Characters shown of a name, an ARN or a user agent.
const TEXT_LENGTH: usize = 200;

/// Users and codes that are shown for each source. The record has more.
const SHOWN: usize = 10;

/// The update of an incident that was reported before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The number of the message about the incident: 2 for the first update.
    pub number: u32,
    /// Why the incident is reported again.
    pub reasons: BTreeSet<UpdateReason>,
}

/// The message of an incident, or of an update of it, at the time `now`.
#[must_use]
pub fn incident_message(
    report: &IncidentReport,
    _update: Option<&Update>,
    _now: DateTime<Utc>,
    rule: &Rule,
    deployment: &Deployment,
) -> Message {
    let signals: Vec<_> = report.signals.iter().map(|signal| signal.name().to_owned()).collect();
    Message {
        subject: subject(report),
        text: text(report, rule, &deployment.table),
        chat: json!({}),
        finding: json!({}),
        https: deployment.https,
        attributes: attributes(report),
        lists: [("signals", signals)].into_iter().filter(|(_, signals)| !signals.is_empty()).collect(),
    }
}

fn subject(report: &IncidentReport) -> String {
    let (incident, severity) = (&report.incident, report.severity().name());
    let account = ascii(&incident.account_id, 12);
    let address = incident.columns.source_ip_address.to_string();
    let frame = format!("[pivotwatch] {severity}:  logged in to AWS {account} from {address}").len();
    let name = ascii(&full_name(incident), SUBJECT_LENGTH.saturating_sub(frame).max(8));
    ascii(&format!("[pivotwatch] {severity}: {name} logged in to AWS {account} from {address}"), SUBJECT_LENGTH)
}

fn attributes(report: &IncidentReport) -> BTreeMap<&'static str, String> {
    let incident = &report.incident;
    let mut attributes = BTreeMap::from([
        ("severity", report.severity().name().to_owned()),
        ("source_ip_address", incident.columns.source_ip_address.to_string()),
        ("incident_id", incident.id.to_string()),
        ("matched_by", incident.matched_by().name().to_owned()),
    ]);
    // SNS refuses an attribute without a value.
    if !incident.account_id.is_empty() {
        attributes.insert("recipient_account_id", ascii(&incident.account_id, 64));
    }
    attributes
}

fn text(report: &IncidentReport, rule: &Rule, table: &TableLocation) -> String {
    let incident = &report.incident;
    let columns = &incident.columns;
    let address = columns.source_ip_address;
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{label:<9} {value}");
    };
    line("Who", &format!("{} ({})", shown(&full_name(incident)), shown(&columns.user_identity_type)));
    if !incident.user_identity_arn.is_empty() {
        line("", &shown(&incident.user_identity_arn));
    }
    line("Where", &format!("AWS account {}, region {}", shown(&incident.account_id), shown(&columns.aws_region)));
    line("From", &if address.is_network() { format!("the network {address}") } else { address.to_string() });
    line("", &shown(&columns.user_agent));
    line("When", &when(incident));
    line("MFA", &mfa(incident));
    line("Severity", &context::severity(report));
    context::write_signals(&mut text, report);

    let window = hours(rule.window);
    let sides = match rule.order {
        Order::Any => "before or after",
        Order::FailuresFirst => "before",
    };
    let _ = writeln!(text, "\nFailed sign-ins to Entra ID from {address}, up to {window} {sides} the login:\n");
    for (source, failures) in &report.failures {
        write_failures(&mut text, *source, failures, rule);
    }
    context::write_context(&mut text, &report.context);

    let reach = rule.reach_in_days();
    let (from, to) = (incident.day.before(reach), incident.day.after(reach));
    let _ = write!(
        text,
        "
Everything known of the address around that day, with credentials for the AWS account {account}:

  aws dynamodb query --region {region} --table-name {name} \\
    --key-condition-expression 'ip = :ip AND #record BETWEEN :from AND :to' \\
    --expression-attribute-names '{{\"#record\":\"record\"}}' \\
    --expression-attribute-values '{{\":ip\":{{\"S\":\"{address}\"}},\":from\":{{\"S\":\"{from}#\"}},\":to\":{{\"S\":\"{to}#~\"}}}}'

This incident:  ip = {address}, record = {day}#incident#{id}
Rule:           {RULE_ID}, Failed AzureAD logons but success logon to AWS Console
",
        account = table.account,
        region = table.region,
        name = table.name,
        day = incident.day,
        id = incident.id,
    );
    let who = match incident.matched_by() {
        MatchedBy::Address => "An address",
        MatchedBy::Network => "An address of a network",
    };
    format!("{who} that failed to sign in to Entra ID has logged in to the AWS console.\n\n{text}")
}

fn write_failures(text: &mut String, source: Source, failures: &SourceFailures, rule: &Rule) {
    let verdict = if failures.exceeded {
        format!("more than the {} allowed", rule.threshold)
    } else {
        format!("not more than the {} allowed in one window", rule.threshold)
    };
    let about = about(failures.count_estimated);
    let _ = writeln!(text, "  {source}: {about}{}, {verdict}", failures.count);
    let _ = writeln!(text, "    first {}, last {}", time(failures.first), time(failures.last));

    let mut codes: Vec<_> = failures.error_codes.iter().collect();
    codes.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let shown_codes: Vec<_> =
        codes.iter().take(SHOWN).map(|(code, number)| format!("{code} ({about}{number})")).collect();
    let more = and_more(codes.len() as u64, shown_codes.len(), false);
    let _ = writeln!(text, "    codes {}{more}", shown_codes.join(", "));

    if !failures.users.is_empty() {
        let users: Vec<_> = failures.users.iter().take(SHOWN).map(|user| shown(user)).collect();
        let more = and_more(failures.users_total, users.len(), failures.users_estimated);
        let _ = writeln!(text, "    users {}{more}", users.join(", "));
    }
}

/// The prefix of a number that may be an estimate.
const fn about(is_estimated: bool) -> &'static str {
    if is_estimated { "about " } else { "" }
}

fn and_more(total: u64, listed: usize, is_estimated: bool) -> String {
    match total.saturating_sub(listed as u64) {
        0 => String::new(),
        more => format!(" and {}{more} more", about(is_estimated)),
    }
}

/// The user's name with its suffix.
fn full_name(incident: &Incident) -> String {
    let columns = &incident.columns;
    match (columns.account_name.as_str(), columns.account_upn_suffix.as_str()) {
        ("", _) => "unnamed user".to_owned(),
        (arn, "") if columns.user_identity_type.eq_ignore_ascii_case("Root") && arn.starts_with("arn:") => {
            "root".to_owned()
        }
        (name, suffix) => account::full_name(name, suffix),
    }
}

fn when(incident: &Incident) -> String {
    let first = time(incident.start_time);
    let (logins, last) = (incident.logins.total(), time(incident.end_time));
    match logins {
        0 | 1 => first,
        _ => format!("{first}, the first of {}{logins} logins until {last}", about(incident.logins.is_estimated())),
    }
}

/// The use of MFA. For a federated login, the other system handles MFA, and CloudTrail's `MFAUsed` has no meaning. Its
/// "No" would mislead responders.
fn mfa(incident: &Incident) -> String {
    if incident.is_federated() {
        "not recorded (federated)".to_owned()
    } else if incident.columns.mfa_used.is_empty() {
        "not recorded".to_owned()
    } else {
        shown(&incident.columns.mfa_used)
    }
}

fn shown(text: &str) -> String {
    if text.is_empty() { "(not recorded)".to_owned() } else { escape_for_display(text, TEXT_LENGTH) }
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn hours(window: TimeDelta) -> String {
    match (window.num_minutes() / 60, window.num_minutes() % 60) {
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests;
