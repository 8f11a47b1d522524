//! The phrases that all forms of a message share.

use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};

use super::Deployment;
use super::escape::{percent_encoded, quoted, shown};
use super::identity::IdentityKind;
use super::layout::Page;
use crate::detection::account::full_name;
use crate::detection::incident::Columns;
use crate::detection::{Incident, IncidentReport};

/// The version of this program, and of its runbook.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Characters shown of a name or an ARN.
pub(super) const NAME: usize = 160;

/// Characters shown of a user agent.
pub(super) const TEXT: usize = 240;

/// The user's name with its suffix, as the log has it. The root user's name is `root`, instead of its ARN.
pub(super) fn name_of(columns: &Columns) -> String {
    match (columns.account_name.as_str(), columns.account_upn_suffix.as_str()) {
        ("", _) => "(no name)".to_owned(),
        (arn, "") if columns.user_identity_type.eq_ignore_ascii_case("Root") && arn.starts_with("arn:") => {
            "root".to_owned()
        }
        (name, suffix) => full_name(name, suffix),
    }
}

/// The name by which AWS's own commands and consoles know the user: the last part of the ARN, which AWS writes. The
/// rule's name can lack a part of it, and so name somebody else.
pub(super) fn aws_name(incident: &Incident) -> Option<&str> {
    if incident.is_root() {
        return Some("root");
    }
    incident.user_identity_arn.rsplit_once('/').map(|(_, name)| name)
}

/// An account's name, if the deployment has it, and its id.
pub(super) fn account(id: &str, deployment: &Deployment) -> String {
    let id_shown = or_not_recorded(id);
    match deployment.account_names.get(id) {
        Some(name) => format!("{} ({id_shown})", shown(name, NAME)),
        None => id_shown,
    }
}

/// The id of the incident's account, if it is one: a text of a log can be anything.
pub(super) fn account_number(incident: &Incident) -> Option<&str> {
    Some(&*incident.account_id).filter(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An id that AWS or Microsoft chose: as it is if it has the characters of one, and in quotes otherwise.
pub(super) fn or_not_recorded(id: &str) -> String {
    if id.is_empty() {
        "(not recorded)".to_owned()
    } else if id.len() <= NAME && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        id.to_owned()
    } else {
        quoted(id, NAME)
    }
}

/// Whether the login had a second factor. Another system checks that of a federated user, and CloudTrail's "No" has no
/// meaning there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecondFactor {
    Yes,
    No,
    /// CloudTrail's text is missing, is neither yes nor no, or has no meaning for this kind of identity.
    NotRecorded,
    Federated,
}

impl SecondFactor {
    pub(super) fn of(incident: &Incident) -> Self {
        if incident.is_federated() || IdentityKind::of(incident) == IdentityKind::IdentityCenter {
            Self::Federated
        } else if incident.columns.mfa_used.eq_ignore_ascii_case("yes") {
            Self::Yes
        } else if incident.lacks_mfa() {
            Self::No
        } else {
            Self::NotRecorded
        }
    }

    /// The value of the message attribute `mfa`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotRecorded | Self::Federated => "not_recorded",
        }
    }

    /// The words in the mail.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotRecorded => "not recorded",
            Self::Federated => "not recorded (federated)",
        }
    }

    /// The part of a sentence after "logged in to the AWS console".
    pub(super) const fn phrase(self) -> &'static str {
        match self {
            Self::Yes => " with MFA",
            Self::No => " WITHOUT MFA",
            Self::NotRecorded => " (MFA not recorded)",
            Self::Federated => " (MFA not recorded: federated)",
        }
    }
}

/// Returns how old the last login of an incident is, if that is more than a day.
pub(super) fn age(incident: &Incident, now: DateTime<Utc>) -> Option<String> {
    let age = now - incident.end_time;
    (age > TimeDelta::days(1)).then(|| span(age))
}

/// The first paragraph of every form of a test.
pub(super) const TEST: &str = "TEST: this is a self-test of pivotwatch. Nothing happened, and no action is needed.";

/// What happened, in one sentence. `name` is the user's name in its form for the reader.
pub(super) fn what_happened(report: &IncidentReport, name: &str, now: DateTime<Utc>) -> String {
    let incident = &report.incident;
    let who = if incident.columns.account_name.is_empty() && !incident.is_root() {
        "A user without a recorded name".to_owned()
    } else {
        IdentityKind::of(incident).subject(name)
    };
    let mfa = SecondFactor::of(incident).phrase();
    let total = incident.logins.total();
    let number =
        if total > 1 { format!(" {}{total} times", about(incident.logins.is_estimated())) } else { String::new() };
    // Of several logins, the failures are set in relation to the first.
    let (last, first) = if total > 1 { ("the last time ", ", the first time") } else { ("", ",") };
    let ago = age(incident, now).map_or_else(String::new, |age| format!(", {last}{age} ago"));
    format!("{who} logged in to the AWS console{number}{mfa}{ago}{first} {}.", timing(report))
}

/// What an incident's address is called.
pub(super) const fn place(incident: &Incident) -> &'static str {
    incident.matched_by().place()
}

/// The sort key of an incident's record.
pub(super) fn record_key(incident: &Incident) -> String {
    format!("{}#incident#{}", incident.day, incident.id)
}

/// What the order of logins and failures makes likely, and what looks the same.
pub(super) fn suspicion(report: &IncidentReport, now: DateTime<Utc>) -> String {
    let (place, is_old) = (place(&report.incident), age(&report.incident, now).is_some());
    let is_login_first = report.failures.values().map(|one| one.first).min() > Some(report.incident.start_time);
    let suspected = match (is_login_first, is_old) {
        (false, false) => format!("Somebody who tried Entra ID passwords from this {place} may now be in AWS."),
        (false, true) => format!("Somebody who tried Entra ID passwords from this {place} may have got into AWS then."),
        (true, false) => format!("Somebody who is in AWS may also be trying Entra ID passwords from this {place}."),
        (true, true) => format!("Somebody who was in AWS may also have tried Entra ID passwords from this {place}."),
    };
    format!("{suspected} An office or a VPN looks the same.")
}

/// When the first login was, in relation to the failures.
fn timing(report: &IncidentReport) -> String {
    let login = report.incident.start_time;
    let from = if report.incident.columns.source_ip_address.is_network() {
        "from the same IPv6 network"
    } else {
        "from the same IP address"
    };
    let failures = || report.failures.values();
    let (Some(first), Some(last)) = (failures().map(|one| one.first).min(), failures().map(|one| one.last).max())
    else {
        return format!("after failed Entra ID sign-ins {from}");
    };
    let about = about(failures().any(|one| one.count_estimated));
    let count: u64 = failures().map(|one| one.count).sum();
    let failed = format!("{about}{} {from}", numbered(count, "failed Entra ID sign-in"));
    if last <= login {
        format!("{} the last of {failed}", distance(login - last, "after"))
    } else if first >= login {
        format!("{} the first of {failed}", distance(first - login, "before"))
    } else {
        let (since, until) = (span(login - first), span(last - login));
        format!("{since} after the first and {until} before the last of {failed}")
    }
}

fn distance(delta: TimeDelta, side: &str) -> String {
    if delta.is_zero() { "in the same second as".to_owned() } else { format!("{} {side}", span(delta)) }
}

/// A length of time in its largest unit, and below ten of days or hours also in the next smaller one.
pub(super) fn span(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    let both = |large, unit, small, smaller| {
        let rest = if large < 10 && small > 0 { format!(" {}", numbered(small, smaller)) } else { String::new() };
        format!("{}{rest}", numbered(large, unit))
    };
    if days > 0 {
        both(days, "day", hours % 24, "hour")
    } else if hours > 0 {
        both(hours, "hour", minutes % 60, "minute")
    } else if minutes > 0 {
        numbered(minutes, "minute")
    } else {
        numbered(seconds, "second")
    }
}

/// A number and its noun.
pub(super) fn numbered(number: impl Display, noun: &str) -> String {
    let number = number.to_string();
    let plural = if noun.ends_with('s') { "es" } else { "s" };
    format!("{number} {noun}{}", if number == "1" { "" } else { plural })
}

/// The prefix of a number that may be an estimate.
pub(super) const fn about(is_estimated: bool) -> &'static str {
    if is_estimated { "about " } else { "" }
}

/// The end of a list that is cut: how many more there are.
pub(super) fn and_more(total: u64, listed: usize, is_estimated: bool) -> String {
    match total.saturating_sub(listed as u64) {
        0 => String::new(),
        more => format!(" and {}{more} more", about(is_estimated)),
    }
}

/// A time in whole seconds.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A sentence's beginning as a capital letter.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Whether a text can be the name of a region, and so is safe in a link or a command.
pub(super) fn is_region(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 32 && text.contains('-') && !text.starts_with('-') && text.bytes().all(is_allowed)
}

/// AWS's console of a region. A text that is no region gives the console without one.
pub(super) fn console(region: &str, path: &str) -> String {
    let host = if region.starts_with("cn-") {
        "console.amazonaws.cn"
    } else if region.starts_with("us-gov-") {
        "console.amazonaws-us-gov.com"
    } else {
        "console.aws.amazon.com"
    };
    if is_region(region) {
        format!("https://{region}.{host}/{path}?region={region}")
    } else {
        format!("https://{host}/{path}")
    }
}

/// AWS's name of the region's partition.
pub(super) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The regions in which to look up a session that began in the region `recorded`. They are that region, and the one in
/// which the partition records its global services, IAM and STS. CloudTrail records some logins in `global`.
pub(super) fn regions(recorded: &str) -> Vec<&str> {
    let global = match partition(recorded) {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    let recorded = Some(recorded).filter(|region| is_region(region) && *region != global);
    recorded.into_iter().chain([global]).collect()
}

/// The link to the table's items.
pub(super) fn table_console(deployment: &Deployment) -> String {
    let table = &deployment.table;
    format!("{}#item-explorer?table={}", console(&table.region, "dynamodbv2/home"), percent_encoded(&table.name))
}

/// The address of the runbook: the one that the deployment names, or the project's of this version, if there is one.
fn runbook_address(deployment: &Deployment) -> Option<String> {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let of_project = || format!("{repository}/blob/v{VERSION}/docs/RUNBOOK.md");
    deployment.runbook.clone().or_else(|| (!repository.is_empty()).then(of_project))
}

/// The words for the runbook within a sentence. Without an address there is no file name either, because mail clients
/// turn `RUNBOOK.md` into a link.
pub(super) fn runbook(deployment: &Deployment) -> String {
    let address = runbook_address(deployment).map_or_else(String::new, |address| format!(": {address}"));
    format!("the runbook of pivotwatch {VERSION}{address}")
}

/// The runbook, at the end of a mail.
pub(super) fn write_runbook(page: &mut Page, deployment: &Deployment) {
    match runbook_address(deployment) {
        Some(address) => {
            page.field("Runbook", &format!("of pivotwatch {VERSION}:"));
            page.verbatim(&address);
        }
        None => page.field("Runbook", &format!("of pivotwatch {VERSION}")),
    }
}
