//! The first five minutes: what a responder does first, by the kind of identity.

use super::super::Deployment;
use super::super::escape::{argument, shorthand_value};
use super::super::identity::IdentityKind;
use super::super::layout::Page;
use super::super::words::{account, aws_name, partition, regions};
use crate::detection::signal::Signal;
use crate::detection::{Incident, IncidentReport};

/// The text in a command in place of a name that AWS cannot have given.
const NO_NAME: &str = "NAME_IN_THE_RECORD";

pub(super) fn write(page: &mut Page, report: &IncidentReport, deployment: &Deployment) {
    let incident = &report.incident;
    page.heading("The first five minutes");
    if incident.is_test() {
        page.prose("In a real incident, do this:");
    }
    let mut number = 0;
    let mut step = |page: &mut Page, text: &str| {
        number += 1;
        page.item(&format!("{number}."), text);
    };
    let kind = IdentityKind::of(incident);
    let account = account(&incident.account_id, deployment);
    step(page, &kind.call());
    step(page, "If nobody confirms it, treat it as an attack.");
    page.item("  ", &kind.containment(&account));
    if kind == IdentityKind::IamUser {
        let name = aws_name(incident).and_then(argument).unwrap_or_else(|| NO_NAME.to_owned());
        let partition = partition(&incident.columns.aws_region);
        page.verbatim(&format!("aws iam attach-user-policy --user-name {name} \\"));
        page.verbatim(&format!("  --policy-arn arn:{partition}:iam::aws:policy/AWSDenyAll"));
    }
    if report.signals.contains(&Signal::PasswordRight) {
        step(page, "In Entra ID, revoke the sessions and reset the password of each user whose password was right.");
    }
    step(
        page,
        &format!(
            "See what the session did, with credentials for {account}. Look for new users, keys, roles and policies, \
             and for StopLogging:"
        ),
    );
    look_up_events(page, incident);
}

/// The command that lists what the user did, where IAM and STS record it too.
fn look_up_events(page: &mut Page, incident: &Incident) {
    let recorded = aws_name(incident).filter(|name| argument(name).is_some());
    let Some(name) = recorded.map_or_else(|| Some(NO_NAME.to_owned()), shorthand_value) else {
        page.item("  ", "In the event history of CloudTrail's console: its command cannot take this user's name.");
        return;
    };
    page.verbatim(&format!("for region in {}; do", regions(&incident.columns.aws_region).join(" ")));
    page.verbatim("  aws cloudtrail lookup-events --region $region \\");
    page.verbatim(&format!("    --start-time {} \\", incident.start_time.format("%Y-%m-%dT%H:%M:%SZ")));
    page.verbatim(&format!("    --lookup-attributes AttributeKey=Username,AttributeValue={name} \\"));
    page.verbatim("    --query 'Events[].[EventTime,EventName,EventSource]' --output text");
    page.verbatim("done");
    page.item("  ", "Other regions: the runbook's loop. Events appear after some minutes.");
}
