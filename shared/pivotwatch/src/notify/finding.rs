//! The form for machines: an OCSF Detection Finding, class 2004 of version 1.5.0, with the profile `cloud`.
//!
//! The class has no room for the failures, the signals and their points, so these are under `unmapped`. Names are those
//! of the logs, escaped and cut, since a machine compares them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::Deployment;
use super::escape::exact;
use super::identity::IdentityKind;
use super::update::{Update, kind_of, preface};
use super::words::{NAME, SecondFactor, TEXT, account, name_of, partition, record_key, suspicion, what_happened};
use crate::detection::likely_cause::likely_cause;
use crate::detection::rule::{RULE_ID, RULE_NAME, RULE_VERSION, TECHNIQUES};
use crate::detection::signal::{Severity, points};
use crate::detection::{Address, IncidentReport};

/// How severe a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FindingSeverity {
    Informational,
    Of(Severity),
}

impl FindingSeverity {
    /// The severity of incidents. A test alarms nobody.
    pub(super) const fn of(severity: Severity, is_test: bool) -> Self {
        if is_test { Self::Informational } else { Self::Of(severity) }
    }

    /// OCSF's number and name.
    pub(super) const fn id_and_name(self) -> (u8, &'static str) {
        match self {
            Self::Informational => (1, "Informational"),
            Self::Of(Severity::Medium) => (3, "Medium"),
            Self::Of(Severity::High) => (4, "High"),
        }
    }
}

/// What all findings have.
pub(super) struct Finding<'a> {
    /// Equal in all findings about the same thing.
    pub(super) uid: String,
    /// Unlike that of any other finding, but equal in copies.
    pub(super) message_uid: String,
    pub(super) title: &'a str,
    pub(super) message: &'a str,
    pub(super) severity: FindingSeverity,
    pub(super) is_update: bool,
    /// Whether tuning entries keep it from people.
    pub(super) is_suppressed: bool,
    pub(super) is_test: bool,
    pub(super) now: DateTime<Utc>,
    /// The account and the region that it is about.
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    /// More of `finding_info`.
    pub(super) info: Value,
    /// More of the finding.
    pub(super) more: Value,
}

impl Finding<'_> {
    /// The finding in JSON.
    pub(super) fn into_json(self, deployment: &Deployment) -> Value {
        let (severity_id, severity) = self.severity.id_and_name();
        let (activity_id, activity) = if self.is_update { (2, "Update") } else { (1, "Create") };
        let (status_id, status) = if self.is_suppressed { (3, "Suppressed") } else { (1, "New") };
        let mut cloud = Map::from_iter([("provider".to_owned(), json!("AWS"))]);
        if !self.account.is_empty() {
            let mut account = json!({"uid": exact(self.account, NAME), "type_id": 10, "type": "AWS Account"});
            if let Some(name) = deployment.account_names.get(self.account) {
                account["name"] = json!(exact(name, NAME));
            }
            cloud.insert("account".to_owned(), account);
        }
        if !self.region.is_empty() {
            cloud.insert("region".to_owned(), json!(exact(self.region, NAME)));
        }
        let mut finding = json!({
            "activity_id": activity_id,
            "activity_name": activity,
            "category_uid": 2,
            "category_name": "Findings",
            "class_uid": 2004,
            "class_name": "Detection Finding",
            "type_uid": 200_400 + activity_id,
            "type_name": format!("Detection Finding: {activity}"),
            "severity_id": severity_id,
            "severity": severity,
            "status_id": status_id,
            "status": status,
            "is_alert": self.severity != FindingSeverity::Informational,
            "time": self.now.timestamp_millis(),
            "message": self.message,
            "cloud": cloud,
            "metadata": {
                "version": "1.5.0",
                "uid": self.message_uid,
                "profiles": ["cloud"],
                "product": {"name": "pivotwatch", "vendor_name": "pivotwatch", "version": env!("CARGO_PKG_VERSION")},
                "labels": if self.is_test { vec!["TEST"] } else { Vec::new() },
            },
            "finding_info": {"uid": self.uid, "title": self.title},
        });
        extend(&mut finding["finding_info"], self.info);
        extend(&mut finding, self.more);
        finding
    }
}

/// Adds the members of an object to another.
fn extend(object: &mut Value, more: Value) {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
}

/// The finding of an incident.
pub(super) fn of_incident(
    report: &IncidentReport,
    update: Option<&Update>,
    now: DateTime<Utc>,
    deployment: &Deployment,
    listed: usize,
) -> Value {
    let incident = &report.incident;
    let columns = &incident.columns;
    let name = exact(&name_of(columns), NAME);
    let mut info = json!({
        "desc": "A console login to AWS from an IP address with failed sign-ins to Entra ID.",
        "first_seen_time": incident.start_time.timestamp_millis(),
        "last_seen_time": incident.end_time.timestamp_millis(),
        "data_sources": ["Microsoft Entra ID sign-in logs", "AWS CloudTrail"],
        "analytic": {"type_id": 1, "type": "Rule", "uid": RULE_ID, "name": RULE_NAME, "version": RULE_VERSION},
        "attacks": attacks(),
    });
    let changed = if update.is_some() { "modified_time" } else { "created_time" };
    info[changed] = json!(now.timestamp_millis());
    let address = columns.source_ip_address.to_string();
    let kind = kind_of(report, update, now);
    Finding {
        uid: incident.id.to_string(),
        message_uid: format!("{}-{}", incident.id, update.map_or(1, |update| update.number)),
        title: &format!("{kind}: {name} logged in to AWS {} from {address}", exact(&incident.account_id, NAME)),
        message: &[
            preface(report, update, |id| exact(id, NAME)),
            vec![what_happened(report, &name, now), suspicion(report, now)],
        ]
        .concat()
        .join(" "),
        severity: FindingSeverity::of(report.severity(), incident.is_test()),
        is_update: update.is_some(),
        is_suppressed: !report.hidden_by.is_empty(),
        is_test: incident.is_test(),
        now,
        account: &incident.account_id,
        region: &columns.aws_region,
        info,
        more: json!({
            "start_time": incident.start_time.timestamp_millis(),
            "end_time": incident.end_time.timestamp_millis(),
            "evidences": evidences(report, listed),
            "observables": observables(report, listed),
            "resources": [resource(report)],
            "unmapped": unmapped(report, update, deployment, listed),
        }),
    }
    .into_json(deployment)
}

pub(super) fn attacks() -> Vec<Value> {
    let of = |technique: &crate::detection::rule::Technique| {
        json!({
            "tactic": {"uid": technique.tactic_id, "name": technique.tactic},
            "technique": {"uid": technique.id, "name": technique.name},
        })
    };
    TECHNIQUES.iter().map(of).collect()
}

/// An endpoint: an address by its value, a network by its name.
pub(super) fn endpoint(address: Address) -> Value {
    if address.is_network() { json!({"name": address.to_string()}) } else { json!({"ip": address.to_string()}) }
}

/// The logins, and the failures that can be found again in Entra ID.
fn evidences(report: &IncidentReport, listed: usize) -> Vec<Value> {
    let incident = &report.incident;
    let columns = &incident.columns;
    let (endpoint, user) = (endpoint(columns.source_ip_address), aws_user(report));
    let logins = incident.logins.listed().iter().take(listed.max(1)).map(|login| {
        let mut evidence = json!({
            "api": {"operation": "ConsoleLogin", "service": {"name": "signin.amazonaws.com"}},
            "actor": {"user": user},
            "src_endpoint": self::endpoint(login.address.unwrap_or(columns.source_ip_address)),
            "uid": exact(&login.event_id, NAME),
            "data": {"time": login.time, "event_id": exact(&login.event_id, NAME)},
        });
        if !columns.user_agent.is_empty() {
            evidence["http_request"] = json!({"user_agent": exact(&columns.user_agent, TEXT)});
        }
        evidence
    });
    let failures = report.context.references.iter().take(listed).map(|failure| {
        let mut evidence = json!({
            "src_endpoint": endpoint,
            "data": {
                "time": failure.time,
                "code": exact(&failure.code, 12),
                "request_id": exact(&failure.request_id, NAME),
                "correlation_id": exact(&failure.correlation_id, NAME),
                "export": exact(&failure.export, TEXT),
            },
        });
        if !failure.user.is_empty() {
            evidence["user"] = json!({"name": exact(&failure.user, NAME)});
        }
        evidence
    });
    logins.chain(failures).collect()
}

fn aws_user(report: &IncidentReport) -> Value {
    let incident = &report.incident;
    let mut user = json!({
        "name": exact(&name_of(&incident.columns), NAME),
        "type": IdentityKind::of(incident).name(),
        "type_id": if incident.is_root() { 2 } else { 1 },
    });
    if !incident.user_identity_arn.is_empty() {
        user["uid"] = json!(exact(&incident.user_identity_arn, TEXT));
    }
    user
}

fn observables(report: &IncidentReport, listed: usize) -> Vec<Value> {
    let incident = &report.incident;
    let columns = &incident.columns;
    let of = |name: &str, type_id: u8, kind: &str, value: &str, most: usize| {
        let value = exact(value, most);
        json!({"name": name, "type_id": type_id, "type": kind, "value": value})
    };
    let agent = "evidences.http_request.user_agent";
    let texts = [
        of("evidences.actor.user.name", 4, "User Name", &name_of(columns), NAME),
        of("resources.uid", 10, "Resource UID", &incident.user_identity_arn, TEXT),
        of(agent, 16, "HTTP User-Agent", &columns.user_agent, TEXT),
    ];
    let failed: BTreeSet<_> = report.context.references.iter().take(listed).map(|failure| &*failure.user).collect();
    let failed = failed.into_iter().map(|user| of("evidences.user.name", 4, "User Name", user, NAME));
    let texts = texts.into_iter().chain(failed).filter(|observable| observable["value"] != "");
    std::iter::once(address_observable("evidences.src_endpoint", columns.source_ip_address)).chain(texts).collect()
}

/// The observable of an address or a network, which `endpoint` has.
pub(super) fn address_observable(endpoint: &str, address: Address) -> Value {
    let (member, type_id, kind) = if address.is_network() { ("name", 12, "Subnet") } else { ("ip", 2, "IP Address") };
    json!({"name": format!("{endpoint}.{member}"), "type_id": type_id, "type": kind, "value": address.to_string()})
}

/// The AWS identity, or without an ARN its account.
fn resource(report: &IncidentReport) -> Value {
    let incident = &report.incident;
    let mut resource = json!({
        "name": exact(&name_of(&incident.columns), NAME),
        "type": "AWS identity",
        "region": exact(&incident.columns.aws_region, NAME),
        "cloud_partition": partition(&incident.columns.aws_region),
    });
    if !incident.user_identity_arn.is_empty() {
        resource["uid"] = json!(exact(&incident.user_identity_arn, TEXT));
    }
    resource
}

fn unmapped(report: &IncidentReport, update: Option<&Update>, deployment: &Deployment, listed: usize) -> Value {
    let incident = &report.incident;
    let context = &report.context;
    let signals = report.signals.iter().map(|signal| signal.details(incident.matched_by()));
    let names =
        |users: &mut dyn Iterator<Item = &String>| users.take(listed).map(|user| exact(user, NAME)).collect::<Vec<_>>();
    let failures: BTreeMap<_, _> = report
        .failures
        .iter()
        .map(|(source, failures)| {
            let codes: BTreeMap<_, _> =
                failures.error_codes.iter().take(listed).map(|(code, number)| (exact(code, 12), number)).collect();
            let hours: BTreeMap<_, _> =
                failures.by_hour.iter().take(listed).map(|(hour, number)| (hour.to_rfc3339(), number)).collect();
            let of_source = json!({
                "count": failures.count,
                "count_estimated": failures.count_estimated,
                "exceeded": failures.exceeded,
                "first": failures.first,
                "last": failures.last,
                "by_hour": hours,
                "error_codes": codes,
                "error_codes_total": failures.error_codes.len(),
                "apps": names(&mut failures.apps.iter()),
                "users": names(&mut failures.users.iter()),
                "users_total": failures.users_total,
            });
            (source.name(), of_source)
        })
        .collect();
    let by_class: BTreeMap<_, _> =
        context.users_by_class.iter().map(|(class, users)| (class.name(), names(&mut users.iter()))).collect();
    let cause = likely_cause(report);
    json!({
        "kind": if incident.is_test() { "test" } else { "incident" },
        "update": update.map_or(1, |update| update.number),
        "update_reasons": update.map(|update| update.reasons.iter().map(|one| one.name()).collect::<Vec<_>>()),
        "mfa": SecondFactor::of(incident).name(),
        "is_federated": incident.is_federated(),
        "identity_type": exact(&incident.columns.user_identity_type, NAME),
        "account": account(&incident.account_id, deployment),
        "matched_by": incident.matched_by().name(),
        "logins_total": incident.logins.total(),
        "logins_estimated": incident.logins.is_estimated(),
        "points": points(&report.signals),
        "signals": signals.collect::<Vec<_>>(),
        "likely_cause": {
            "cause": cause.cause.name(), "likelihood": cause.likelihood.name(), "reason": cause.reason,
        },
        "failures": failures,
        "users_by_class": by_class,
        "users_succeeded": context.users_succeeded,
        "tenants": names(&mut context.tenants.iter()),
        "failed_aws_logins": context.failed_logins.as_ref().map(|failed| json!({
            "count": failed.count, "first": failed.first, "last": failed.last,
            "users": names(&mut failed.users.iter()),
        })),
        "hidden_by": names(&mut report.hidden_by.iter()),
        "record": {
            "table": deployment.table.name,
            "region": deployment.table.region,
            "account": deployment.table.account,
            "ip": incident.columns.source_ip_address.to_string(),
            "record": record_key(incident),
        },
        "listed_at_most": listed,
    })
}
