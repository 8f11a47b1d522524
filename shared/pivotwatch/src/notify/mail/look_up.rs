//! Where to look: the evidence, the consoles, the way to hide a benign cause, and the rule.

use super::super::Deployment;
use super::super::escape::{argument, percent_encoded, quoted, shown};
use super::super::identity::IdentityKind;
use super::super::layout::Page;
use super::super::words::{
    NAME, TEXT, account, aws_name, console, or_not_recorded, place, record_key, table_console, time, write_runbook,
};
use crate::detection::incident::Incident;
use crate::detection::rule::{RULE_ID, RULE_NAME, RULE_VERSION, TECHNIQUES};
use crate::detection::{Day, IncidentReport, Rule};

/// Entra's log of sign-ins, as its portal links it.
const ENTRA_SIGN_INS: &str = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/SignInLogsList.ReactView\
                              /timeRangeType/last24hours/showApplicationSignIns~/true";

pub(super) fn write(page: &mut Page, report: &IncidentReport, rule: &Rule, deployment: &Deployment, listed: usize) {
    write_query(page, &report.incident, rule, deployment);
    write_consoles(page, report, rule, deployment);
    write_references(page, report, listed);
    write_tuning(page, &report.incident, deployment);

    page.heading("About this message");
    page.field("Incident", &report.incident.id.to_string());
    write_runbook(page, deployment);
    page.field("Rule", &format!("{RULE_NAME}, version {RULE_VERSION}"));
    page.verbatim(RULE_ID);
    let techniques: Vec<_> =
        TECHNIQUES.iter().map(|technique| format!("{} {}", technique.id, technique.name)).collect();
    page.field("Techniques", &format!("{} (MITRE ATT&CK)", techniques.join(", ")));
}

/// The query for the failures and the incidents of the address, a line for each record.
fn write_query(page: &mut Page, incident: &Incident, rule: &Rule, deployment: &Deployment) {
    let table = &deployment.table;
    let (from, to) = days(incident, rule);
    page.heading(&format!("Failures and incidents of this {}, {from} to {to}", place(incident)));
    page.prose(&format!(
        "The first {LINES}. With credentials for {}, the account of pivotwatch:",
        account(&table.account, deployment)
    ));
    query(page, deployment, &incident.columns.source_ip_address.to_string(), &from.to_string(), &to.to_string());
    page.prose("The table in the console, and the key of this incident's record:");
    page.verbatim(&table_console(deployment));
    page.verbatim(&format!("ip = {}", incident.columns.source_ip_address));
    page.verbatim(&format!("record = {}", record_key(incident)));
}

/// The days whose failures and logins can belong to the incident.
fn days(incident: &Incident, rule: &Rule) -> (Day, Day) {
    let reach = rule.reach_in_days();
    (incident.day.before(reach), incident.day.after(reach))
}

/// The largest number of records that a query prints. Three days have at most 18 of failures.
const LINES: usize = 20;

/// The query for the failures and the incidents of an address from one day to another, [`LINES`] of them. Logins would
/// print a line each, however many there are. JSON is filtered as a whole, and escapes what a visitor chose. Text is
/// filtered page by page, and has a line `None` for the token with which `--max-items` ends.
pub(in super::super) fn query(page: &mut Page, deployment: &Deployment, address: &str, from: &str, to: &str) {
    let table = &deployment.table;
    for line in [
        format!("aws dynamodb query --region {} --output json \\", table.region),
        format!("  --table-name {} --max-items {LINES} \\", table.name),
        "  --key-condition-expression 'ip = :ip AND #r BETWEEN :a AND :z' \\".to_owned(),
        "  --filter-expression 'attribute_exists(failures) OR attribute_exists(severity)' \\".to_owned(),
        "  --projection-expression '#r,severity,failures,account_name' \\".to_owned(),
        "  --expression-attribute-names '{\"#r\":\"record\"}' \\".to_owned(),
        "  --expression-attribute-values \\".to_owned(),
        format!("  '{{\":ip\":{{\"S\":\"{address}\"}},\":a\":{{\"S\":\"{from}#\"}},\":z\":{{\"S\":\"{to}#~\"}}}}' \\"),
        "  --query \"Items[].join(' ',[record.S,severity.S,failures.N,account_name.S][?@])\"".to_owned(),
    ] {
        page.verbatim(&line);
    }
}

fn write_consoles(page: &mut Page, report: &IncidentReport, rule: &Rule, deployment: &Deployment) {
    let incident = &report.incident;
    let region = &incident.columns.aws_region;
    page.heading("Consoles");
    page.prose(&format!("CloudTrail and IAM, signed in to {}:", account(&incident.account_id, deployment)));
    let first = incident.logins.listed().first();
    let event = first.and_then(|login| uuid::Uuid::try_parse(&login.event_id).ok());
    let event = event.map_or_else(String::new, |id| format!("/{id}"));
    page.verbatim(&format!("{}#/events{event}", console(region, "cloudtrailv2/home")));
    let place = match (IdentityKind::of(incident), role(&incident.user_identity_arn)) {
        (IdentityKind::IamUser, _) => match aws_name(incident).filter(|name| argument(name).is_some()) {
            Some(user) => format!("users/details/{}", percent_encoded(user)),
            None => "users".to_owned(),
        },
        (IdentityKind::KeysSession, _) => "users".to_owned(),
        (IdentityKind::Root, _) => "home".to_owned(),
        (_, Some(name)) => format!("roles/details/{}", percent_encoded(name)),
        (_, None) => "roles".to_owned(),
    };
    page.verbatim(&format!("{}#/{place}", console(region, "iam/home")));
    let (from, to) = days(incident, rule);
    page.prose(&format!(
        "The sign-in log of Entra ID. Set the date to {from} to {to} (UTC), filter by IP address, and open the tab of \
         the source:"
    ));
    page.verbatim(ENTRA_SIGN_INS);
}

/// The name of the role in the ARN of its session.
fn role(arn: &str) -> Option<&str> {
    arn.split_once(":assumed-role/")?.1.split('/').next()
}

/// Failures to find again in Entra ID.
fn write_references(page: &mut Page, report: &IncidentReport, listed: usize) {
    let context = &report.context;
    if context.references.is_empty() {
        return;
    }
    page.prose("Failures to look up there, those with a right password first:");
    for tenant in context.tenants.iter().take(listed) {
        page.verbatim(&format!("tenant {}", or_not_recorded(tenant)));
    }
    for failure in context.references.iter().take(listed.min(4)) {
        page.item("-", &format!("{} {} {}", time(failure.time), shown(&failure.code, 12), quoted(&failure.user, NAME)));
        for (label, id) in [("request", &failure.request_id), ("correlation", &failure.correlation_id)] {
            if !id.is_empty() {
                page.verbatim(&format!("{label} {}", shown(id, NAME)));
            }
        }
        page.verbatim(&format!("export {}", quoted(&failure.export, TEXT)));
    }
}

/// The command that hides incidents like this one.
fn write_tuning(page: &mut Page, incident: &Incident, deployment: &Deployment) {
    let Some(tuning_table) = &deployment.tuning_table else { return };
    page.heading("Not malicious?");
    page.prose(&format!(
        "This hides logins of this user from this {} for 24 hours. They are still stored. It needs the command \
         pivotwatch, and credentials for {}, the account of pivotwatch:",
        place(incident),
        account(&deployment.table.account, deployment)
    ));
    page.verbatim("pivotwatch tuning add \\");
    page.verbatim(&format!("  --from '{}' \\", record_key(incident)));
    let table = &deployment.table;
    page.verbatim(&format!("  --region {} --table {tuning_table} \\", table.region));
    page.verbatim(&format!("  --evidence-table {} \\", table.name));
    page.verbatim("  --reason 'WHY IT IS BENIGN'");
}
