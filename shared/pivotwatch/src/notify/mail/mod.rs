//! The text of an incident for people: enough to act on at three in the morning, in the order in which it is needed.
//!
//! | module | section |
//! |---|---|
//! | this one | what happened, who, from where |
//! | [`failures`] | the failed sign-ins, and what they look like |
//! | [`signals`] | how sure it is |
//! | [`first_minutes`] | what to do first |
//! | [`look_up`] | where to look: query, consoles, the way to hide it, the rule |

mod failures;
mod first_minutes;
mod look_up;
mod signals;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
pub(super) use look_up::query;

use super::Deployment;
use super::escape::{quoted, shown};
use super::identity::IdentityKind;
use super::layout::Page;
use super::update::{Update, preface};
use super::words::{
    NAME, SecondFactor, TEXT, about, account, and_more, capitalised, name_of, or_not_recorded, place, suspicion, time,
    what_happened,
};
use crate::detection::context::FailedLogins;
use crate::detection::{IncidentReport, Rule};

/// The text, with at most `listed` users, codes or the like in each list.
pub(super) fn text(
    report: &IncidentReport,
    update: Option<&Update>,
    now: DateTime<Utc>,
    rule: &Rule,
    deployment: &Deployment,
    listed: usize,
) -> String {
    let mut page = Page::default();
    for paragraph in preface(report, update, |id| quoted(id, NAME)) {
        page.paragraph(&paragraph);
    }
    page.paragraph(&what_happened(report, &quoted(&name_of(&report.incident.columns), NAME), now));
    page.paragraph(&suspicion(report, now));
    write_who(&mut page, report, deployment);
    write_from(&mut page, report, listed);
    failures::write(&mut page, report, rule, listed);
    signals::write(&mut page, report, listed);
    first_minutes::write(&mut page, report, deployment);
    look_up::write(&mut page, report, rule, deployment, listed);
    page.into_text()
}

fn write_who(page: &mut Page, report: &IncidentReport, deployment: &Deployment) {
    let incident = &report.incident;
    let columns = &incident.columns;
    page.heading("Who logged in");
    page.field("Account", &account(&incident.account_id, deployment));
    let kind = IdentityKind::of(incident);
    let recorded = match kind {
        IdentityKind::Unknown => format!("{}: {}", kind.name(), quoted(&columns.user_identity_type, NAME)),
        _ => kind.name().to_owned(),
    };
    page.field("User", &format!("{}, {recorded}", quoted(&name_of(columns), NAME)));
    if !incident.user_identity_arn.is_empty() {
        page.verbatim(&shown(&incident.user_identity_arn, TEXT));
    }
    page.field("MFA", SecondFactor::of(incident).words());
    let logins = incident.logins.total();
    if logins > 1 {
        let about = about(incident.logins.is_estimated());
        page.field("Logins", &format!("{about}{logins}, from {}", time(incident.start_time)));
        page.field("", &format!("to {}", time(incident.end_time)));
    } else {
        page.field("Login", &time(incident.start_time));
    }
    let region = or_not_recorded(&columns.aws_region);
    page.field("Recorded in", &format!("{region} (does not say where the person is)"));
}

fn write_from(page: &mut Page, report: &IncidentReport, listed: usize) {
    let columns = &report.incident.columns;
    let address = columns.source_ip_address;
    page.heading("From where");
    page.field(&capitalised(place(&report.incident)), &address.to_string());
    let logins = report.incident.logins.listed().iter();
    let members: BTreeSet<_> = logins.filter_map(|login| login.address).collect();
    if !members.is_empty() {
        let shown: Vec<_> = members.iter().take(listed).map(ToString::to_string).collect();
        let more = and_more(members.len() as u64, shown.len(), false);
        page.field("IP address", &format!("{}{more}", shown.join(", ")));
    }
    let browser = if columns.user_agent.is_empty() {
        "(not recorded)".to_owned()
    } else {
        format!("{} (the visitor chooses this text)", quoted(&columns.user_agent, TEXT))
    };
    page.field("Browser", &browser);
    let succeeded = report.context.users_succeeded;
    if succeeded > 0 {
        let about = about(report.context.users_succeeded_estimated);
        let users = if succeeded == 1 { "user" } else { "users" };
        page.field("Successes", &format!("at least {about}{succeeded} {users} signed in to Entra ID from there"));
    }
    if let Some(FailedLogins { count, count_estimated, first, last, users }) = &report.context.failed_logins {
        let (about, logins) = (about(*count_estimated), if *count == 1 { "login" } else { "logins" });
        let users: Vec<_> = users.iter().take(listed).map(|user| quoted(user, NAME)).collect();
        let whose = if users.is_empty() { String::new() } else { format!(", as {}", users.join(", ")) };
        page.field("AWS failed", &format!("{about}{count} AWS console {logins} failed from there before{whose}"));
        page.field("", &format!("from {} to {}", time(*first), time(*last)));
    }
}

#[cfg(test)]
mod tests;
