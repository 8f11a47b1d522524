//! The first five minutes: what a responder does first, by the kind of identity.

use super::super::Deployment;
use super::super::escape::{argument, shorthand_value};
use super::super::identity::IdentityKind;
use super::super::layout::Page;
use super::super::words::{account, account_number, aws_name, partition, place, regions};
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
    step(page, &kind.call(place(incident)));
    step(page, "If nobody confirms it, treat it as an attack.");
    page.item("  ", &kind.containment(&account));
    contain(page, kind, incident);
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

/// The commands of the first step that stops the identity, if it has any.
fn contain(page: &mut Page, kind: IdentityKind, incident: &Incident) {
    let partition = partition(&incident.columns.aws_region);
    match kind {
        IdentityKind::IamUser => {
            let name = aws_name(incident).and_then(argument).unwrap_or_else(|| NO_NAME.to_owned());
            deny_iam_user(page, &name, partition);
        }
        IdentityKind::KeysSession => {
            page.verbatim(&format!("for region in {}; do", regions(&incident.columns.aws_region).join(" ")));
            page.verbatim("  aws cloudtrail lookup-events --region $region --output text \\");
            page.verbatim("    --lookup-attributes AttributeKey=EventName,AttributeValue=GetFederationToken \\");
            page.verbatim("    --query 'Events[].[EventTime,Username]'");
            page.verbatim("done");
            deny_iam_user(page, "USERNAME", partition);
        }
        IdentityKind::Root => {
            let condition = format!(r#"{{"ArnLike":{{"aws:PrincipalArn":"arn:{partition}:iam::*:root"}}}}"#);
            deny_by_organisation(page, &condition, incident);
        }
        IdentityKind::IdentityCenter => {
            page.item("  ", "The user's page in Identity Center has the USER_ID.");
            deny_by_organisation(page, r#"{"StringEquals":{"identitystore:UserId":"USER_ID"}}"#, incident);
        }
        IdentityKind::Role | IdentityKind::Federated | IdentityKind::Unknown => {}
    }
}

fn deny_iam_user(page: &mut Page, name: &str, partition: &str) {
    page.verbatim(&format!("aws iam attach-user-policy --user-name {name} \\"));
    page.verbatim(&format!("  --policy-arn arn:{partition}:iam::aws:policy/AWSDenyAll"));
}

/// The command that denies everything in the incident's account where the condition holds.
fn deny_by_organisation(page: &mut Page, condition: &str, incident: &Incident) {
    let account = account_number(incident).unwrap_or("ACCOUNT_ID");
    for line in [
        "policy=$(aws organizations create-policy --type SERVICE_CONTROL_POLICY \\",
        &format!("  --name pivotwatch-{} --description 'Contains a user' \\", incident.id),
        "  --query Policy.PolicySummary.Id --output text --content \\",
        "  '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",",
        &format!("  \"Condition\":{condition}}}]}}') &&"),
        &format!("  aws organizations attach-policy --policy-id $policy --target-id {account}"),
    ] {
        page.verbatim(line);
    }
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
