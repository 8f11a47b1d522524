//! The first five minutes: what a stranger does first, by the kind of identity.

use super::super::Deployment;
use super::super::escape::argument;
use super::super::identity::IdentityKind;
use super::super::layout::Page;
use super::super::words::{account, name_of, partition};
use crate::detection::IncidentReport;
use crate::detection::signal::Signal;

pub(super) fn write(page: &mut Page, report: &IncidentReport, deployment: &Deployment) {
    let incident = &report.incident;
    page.heading("The first five minutes");
    if incident.is_test() {
        page.prose("In earnest, you would now do this:");
    }
    let mut number = 0;
    let mut step = |page: &mut Page, text: &str| {
        number += 1;
        page.item(&format!("{number}."), text);
    };
    let kind = IdentityKind::of(incident);
    let person = match kind {
        IdentityKind::Root => "the owner of the account's root user",
        IdentityKind::Role | IdentityKind::Unknown => "the person or team to whom this identity belongs",
        IdentityKind::IamUser | IdentityKind::IdentityCenter | IdentityKind::Federated => "the user",
    };
    step(page, &format!("Call {person} (by phone, not by mail): did you log in, and from this IP address?"));
    step(page, "If nobody confirms it, treat it as an attack.");
    contain(page, report, deployment);
    if report.signals.contains(&Signal::PasswordRight) {
        step(page, "In Entra ID, revoke the sessions and reset the password of each user whose password was right.");
    }
    step(
        page,
        &format!(
            "See what the session did, with credentials for {}. Look for new users, keys, roles and policies, and for \
             StopLogging:",
            account(&incident.account_id, deployment)
        ),
    );
    page.verbatim(&format!("aws cloudtrail lookup-events --region {} \\", region(&incident.columns.aws_region)));
    page.verbatim(&format!("  --start-time {} \\", incident.start_time.format("%Y-%m-%dT%H:%M:%SZ")));
    let name = argument(&name_of(&incident.columns)).unwrap_or_else(|| "NAME_IN_THE_RECORD".to_owned());
    page.verbatim(&format!("  --lookup-attributes AttributeKey=Username,AttributeValue={name} \\"));
    page.verbatim("  --query 'Events[].[EventTime,EventName,EventSource]' --output text");
}

/// The commands that stop the identity, in the account of the login.
fn contain(page: &mut Page, report: &IncidentReport, deployment: &Deployment) {
    let incident = &report.incident;
    let columns = &incident.columns;
    let account = account(&incident.account_id, deployment);
    let partition = partition(&columns.aws_region);
    let mut say = |text: &str| page.item("  ", text);
    match IdentityKind::of(incident) {
        IdentityKind::IamUser => {
            say(&format!("With credentials for {account}, deny everything to the user:"));
            let name = argument(&name_of(columns)).unwrap_or_else(|| "NAME_IN_THE_RECORD".to_owned());
            page.verbatim(&format!("aws iam attach-user-policy --user-name {name} \\"));
            page.verbatim(&format!("  --policy-arn arn:{partition}:iam::aws:policy/AWSDenyAll"));
        }
        IdentityKind::Root => {
            say(&format!(
                "As root of {account}, change the password and the second factor, and delete the access keys. From \
                 the organisation's management account, deny everything to root by a service control policy: \
                 the runbook has it."
            ));
        }
        IdentityKind::IdentityCenter => {
            say("In the console of Identity Center, in the organisation's management account, disable the user's \
                 access and delete the active sessions. Disable the user in Entra ID too. The runbook has a policy \
                 that denies everything at once.");
        }
        IdentityKind::Role => {
            say(&format!(
                "In the IAM console of {account}, open the role, and choose Revoke sessions. Then disable the user in \
                 the system that signed them in. The runbook has the command."
            ));
        }
        IdentityKind::Federated | IdentityKind::Unknown => {
            say(&format!(
                "Disable the user in the system that signed them in, and revoke the sessions in {account}: the \
                 runbook has the commands for each kind of identity."
            ));
        }
    }
}

/// A region as an argument. CloudTrail records some logins in `global`, which is us-east-1.
fn region(recorded: &str) -> &str {
    let is_region = recorded.contains('-') && recorded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_region && !recorded.starts_with('-') { recorded } else { "us-east-1" }
}
