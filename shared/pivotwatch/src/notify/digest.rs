//! The digest: incidents that are reported together, because a message for each would be too many or too late.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::chat::{CustomNotification, DESCRIPTION, NOTHING_TO_DO, fitted_chat};
use super::escape::{ascii, code_span, exact, quoted};
use super::finding::{Finding, FindingSeverity, address_observable, attacks, endpoint};
use super::layout::Page;
use super::mail::query;
use super::message::{Message, SUBJECT_LENGTH, fitted_form, fitted_text};
use super::words::{
    NAME, TEST, account, age, and_more, name_of, numbered, runbook, span, table_console, write_runbook,
};
use super::{Deployment, TableLocation};
use crate::detection::reporting::Deferral;
use crate::detection::rule::{RULE_ID, RULE_NAME, RULE_VERSION};
use crate::detection::signal::{Severity, Signal};
use crate::detection::{Address, Incident, Rule};

/// Users and accounts that the mail lists for each address.
const IN_MAIL: usize = 5;

/// Addresses that the chat lists with their users. It names further ones as far as they fit.
const IN_CHAT: usize = 10;

/// Characters of a name in the chat.
const IN_CHAT_NAME: usize = 40;

/// Incidents, users and accounts that the finding lists for each address.
const IN_FINDING: usize = 64;

/// The largest number of addresses in a digest. All incidents of an address are in one digest.
pub const DIGEST_ADDRESSES: usize = 200;

/// Incidents that are reported together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The incidents of an address beside each other, addresses with an incident of severity High first.
    pub entries: Vec<DigestEntry>,
    /// The number of this digest among those of the same time, from 1 on.
    pub part: u32,
    /// The number of digests of the same time.
    pub parts: u32,
}

impl Digest {
    /// The id: the same if a digest is sent again because a sweep died, and another one for news of the same incidents.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let name = |DigestEntry { incident, severity, is_update, .. }: &DigestEntry| {
            format!("{} {} {} {is_update}\n", incident.id, severity.name(), incident.end_time.timestamp())
        };
        Uuid::new_v5(&Uuid::NAMESPACE_URL, self.entries.iter().map(name).collect::<String>().as_bytes())
    }
}

/// An incident in a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestEntry {
    /// The incident.
    pub incident: Incident,
    /// Its severity.
    pub severity: Severity,
    /// Its signals.
    pub signals: BTreeSet<Signal>,
    /// Why it has no message of its own.
    pub deferral: Deferral,
    /// Whether it was reported before.
    pub is_update: bool,
}

/// Divides incidents into digests. Every incident is in one of them.
#[must_use]
pub fn digests(entries: Vec<DigestEntry>) -> Vec<Digest> {
    let mut by_address = BTreeMap::<Address, Vec<DigestEntry>>::new();
    for entry in entries {
        by_address.entry(entry.incident.columns.source_ip_address).or_default().push(entry);
    }
    let mut addresses: Vec<_> = by_address.into_values().collect();
    for entries in &mut addresses {
        entries.sort_by_key(|entry| (entry.incident.start_time, entry.incident.id));
    }
    // The most severe first; the sort keeps the order of addresses otherwise.
    addresses.sort_by_key(|entries| Reverse(entries.iter().map(|entry| entry.severity).max()));
    let parts = u32::try_from(addresses.len().div_ceil(DIGEST_ADDRESSES)).unwrap_or(u32::MAX);
    let mut digests = Vec::new();
    let mut addresses = addresses.into_iter().peekable();
    for part in 1..=parts {
        let entries = addresses.by_ref().take(DIGEST_ADDRESSES).flatten().collect();
        digests.push(Digest { entries, part, parts });
    }
    digests
}

/// The message of a digest at the time `now`.
#[must_use]
pub fn digest_message(digest: &Digest, now: DateTime<Utc>, rule: &Rule, deployment: &Deployment) -> Message {
    let summary = DigestContent::of(digest, now);
    Message {
        subject: ascii(&format!("[pivotwatch] {}", summary.title), SUBJECT_LENGTH),
        text: fitted_text(IN_MAIL, |listed| text(&summary, now, rule, deployment, listed)),
        chat: fitted_chat(IN_MAIL, |listed| chat(&summary, now, deployment, listed)),
        finding: fitted_form(IN_FINDING, |listed| finding(&summary, now, deployment, listed)),
        https: deployment.https,
        attributes: [("kind", summary.kind().to_owned()), ("severity", summary.severity.name().to_owned())].into(),
        lists: BTreeMap::new(),
    }
}

/// What all forms of a digest say.
struct DigestContent<'a> {
    /// Each address with its incidents.
    addresses: Vec<(Address, Vec<&'a DigestEntry>)>,
    /// Equal in all forms and copies of the digest.
    id: Uuid,
    title: String,
    /// How many incidents, from how many addresses and networks.
    counted: String,
    /// What a sentence calls an address of the digest.
    place: &'static str,
    /// The incidents whose messages observe mode kept back.
    observed: usize,
    severity: Severity,
    incidents: usize,
    is_test: bool,
    /// Why the incidents have no messages of their own.
    reason: String,
}

impl<'a> DigestContent<'a> {
    fn of(digest: &'a Digest, now: DateTime<Utc>) -> Self {
        let Digest { entries, part, parts } = digest;
        let mut addresses = Vec::<(Address, Vec<&DigestEntry>)>::new();
        for entry in entries {
            let address = entry.incident.columns.source_ip_address;
            match addresses.iter_mut().find(|(known, _)| *known == address) {
                Some((_, of_address)) => of_address.push(entry),
                None => addresses.push((address, vec![entry])),
            }
        }
        let severity = severity(entries);
        let is_test = !entries.is_empty() && entries.iter().all(|entry| entry.incident.is_test());
        let part = if *parts > 1 { format!(" (part {part} of {parts})") } else { String::new() };
        let networks = addresses.iter().filter(|(address, _)| address.is_network()).count();
        let of_addresses = numbered(addresses.len() - networks, "IP address");
        let of_networks = numbered(networks, "network");
        let (places, place) = if networks == 0 {
            (of_addresses, "IP address")
        } else if networks == addresses.len() {
            (of_networks, "network")
        } else {
            (format!("{of_addresses} and {of_networks}"), "IP address or network")
        };
        let counted = format!("{} from {places}{part}", numbered(entries.len(), "incident"));
        let observed = entries.iter().filter(|entry| entry.deferral == Deferral::Observing).count();
        let what = if observed > 0 && observed == entries.len() { ", only observed" } else { " digest" };
        let test = if is_test { "TEST " } else { "" };
        let age = ages(entries, now).map_or_else(String::new, |ages| format!(", {ages} old"));
        Self {
            id: digest.id(),
            title: format!("{test}{}{what}{age}: {counted}", severity.name()),
            counted,
            place,
            observed,
            severity,
            incidents: entries.len(),
            is_test,
            reason: reasons(entries),
            addresses,
        }
    }
}

impl DigestContent<'_> {
    const fn kind(&self) -> &'static str {
        if self.is_test { "test" } else { "digest" }
    }

    /// Where to begin, if some incidents are more severe than others.
    fn first_step(&self) -> Option<String> {
        (self.severity == Severity::High).then(|| format!("Look at each High {} first.", self.place))
    }
}

/// How many days ago the last logins of the incidents were, if that is more than a day for each of them.
fn ages(entries: &[DigestEntry], now: DateTime<Utc>) -> Option<String> {
    let is_old = entries.iter().all(|entry| age(&entry.incident, now).is_some());
    let days = || entries.iter().map(|entry| (now - entry.incident.end_time).num_days());
    let (least, most) = (days().min()?, days().max()?);
    let since = if least < most { format!("{least} to ") } else { String::new() };
    is_old.then(|| format!("{since}{}", numbered(most, "day")))
}

fn severity<'a>(entries: impl IntoIterator<Item = &'a DigestEntry>) -> Severity {
    entries.into_iter().map(|entry| entry.severity).max().unwrap_or(Severity::Medium)
}

fn reasons<'a>(entries: impl IntoIterator<Item = &'a DigestEntry>) -> String {
    let deferrals: BTreeSet<_> = entries.into_iter().map(|entry| entry.deferral).collect();
    deferrals.into_iter().map(Deferral::explanation).collect::<Vec<_>>().join("; ")
}

/// The first values of a list, each of them once, and how many more there are.
fn some<'a>(values: impl Iterator<Item = &'a str>, listed: usize, shown: impl Fn(&str) -> String) -> String {
    let values: BTreeSet<_> = values.collect();
    if listed == 0 {
        return values.len().to_string();
    }
    let shown: Vec<_> = values.iter().take(listed).map(|value| shown(value)).collect();
    format!("{}{}", shown.join(", "), and_more(values.len() as u64, shown.len(), false))
}

fn text(
    summary: &DigestContent<'_>,
    now: DateTime<Utc>,
    rule: &Rule,
    deployment: &Deployment,
    listed: usize,
) -> String {
    let mut page = Page::default();
    if summary.is_test {
        page.paragraph(TEST);
    }
    let DigestContent { counted, place, .. } = summary;
    page.paragraph(&format!(
        "{counted}, reported together. An incident is a login to the AWS console and many failed Entra ID sign-ins \
         from one {place}."
    ));
    if summary.observed > 0 {
        let is_part = summary.observed < summary.incidents;
        let of_all = if is_part { format!("{} of ", summary.observed) } else { String::new() };
        page.paragraph(&format!("Observe mode kept back the mails of {of_all}these incidents."));
    }
    let first_step = summary.first_step().map_or_else(String::new, |step| format!("{step} "));
    page.paragraph(&format!(
        "{first_step}The incidents of one {place} usually have one cause. Call the users (by phone, not by mail): did \
         they log in, and from this {place}? If nobody confirms it, treat it as an attack. The command pivotwatch \
         publish sends the mail of one incident, with the steps that stop its user."
    ));
    let (mut first, mut last) = (None, None);
    for (address, entries) in &summary.addresses {
        let days = || entries.iter().map(|entry| entry.incident.day);
        first = days().chain(first).min();
        last = days().chain(last).max();
        write_address(&mut page, *address, entries, now, deployment, listed);
    }
    if let (Some(first), Some(last)) = (first, last) {
        let reach = rule.reach_in_days();
        page.heading(&format!("What is stored of each {place}"));
        page.prose(&format!(
            "With credentials for {}, the account of pivotwatch. Replace ADDRESS with the {place} as written above:",
            account(&deployment.table.account, deployment)
        ));
        query(&mut page, deployment, "ADDRESS", &first.before(reach).to_string(), &last.after(reach).to_string());
        page.prose("The table in the console:");
        page.verbatim(&table_console(deployment));
    }
    page.heading("About this message");
    page.field("Digest", &summary.id.to_string());
    page.field("Rule", &format!("{RULE_NAME}, version {RULE_VERSION}"));
    write_runbook(&mut page, deployment);
    page.into_text()
}

fn write_address(
    page: &mut Page,
    address: Address,
    entries: &[&DigestEntry],
    now: DateTime<Utc>,
    deployment: &Deployment,
    listed: usize,
) {
    page.heading(&format!("{}: {address}", severity(entries.iter().copied()).name()));
    let incidents = || entries.iter().map(|entry| &entry.incident);
    let updates = entries.iter().filter(|entry| entry.is_update).count();
    let again = if updates > 0 { format!(" ({updates} reported before)") } else { String::new() };
    let last = incidents().map(|incident| incident.end_time).max();
    let last = last.map_or_else(String::new, |last| format!("; last login {} ago", span(now - last)));
    page.field("Incidents", &format!("{}{again}{last}", entries.len()));
    let accounts = incidents().map(|incident| &*incident.account_id);
    page.field("Accounts", &some(accounts, listed, |id| account(id, deployment)));
    let names: Vec<_> = incidents().map(|incident| name_of(&incident.columns)).collect();
    page.field("Users", &some(names.iter().map(String::as_str), listed, |name| quoted(name, NAME)));
    let signals = entries.iter().flat_map(|entry| entry.signals.iter().map(|signal| signal.name()));
    let signals = some(signals, Signal::ALL.len(), str::to_owned);
    if !signals.is_empty() {
        page.field("Signals", &signals);
    }
    page.field("Why here", &reasons(entries.iter().copied()));
}

fn chat(summary: &DigestContent<'_>, now: DateTime<Utc>, deployment: &Deployment, listed: usize) -> CustomNotification {
    let mut description = format!("{}, reported together: {}.", summary.counted, summary.reason);
    let mut addresses = summary.addresses.iter();
    for (address, entries) in addresses.by_ref().take(IN_CHAT) {
        let names: Vec<_> = entries.iter().map(|entry| name_of(&entry.incident.columns)).collect();
        let users = some(names.iter().map(String::as_str), listed.min(3), |name| code_span(name, IN_CHAT_NAME));
        let (severity, incidents) = (severity(entries.iter().copied()).name(), numbered(entries.len(), "incident"));
        // Writing to a string cannot fail.
        let _ = write!(description, "\n*{severity}:* {address}, {incidents}, users: {users}");
    }
    let others = addresses.as_slice();
    let rest = addresses_command(summary.id, deployment);
    // Users give way to addresses: only the form without users leaves addresses out.
    let room =
        if listed > 0 { usize::MAX } else { DESCRIPTION.saturating_sub(rest.len() + "\nand 100 more: ``".len()) };
    let named = name_others(others, room, &mut description);
    if named < others.len() {
        let _ = write!(description, "\nand {} more: `{rest}`", others.len() - named);
    }
    let evidence = format!("Read the evidence of each {}: {}", summary.place, table_console(deployment));
    let runbook = format!("Follow {}", runbook(deployment));
    CustomNotification {
        id: format!("{}-{}", summary.id, now.timestamp()),
        thread: summary.id.to_string(),
        title: summary.title.clone(),
        description,
        next_steps: if summary.is_test {
            vec![NOTHING_TO_DO.to_owned()]
        } else {
            summary.first_step().into_iter().chain([evidence, runbook]).collect()
        },
        keywords: vec!["pivotwatch".to_owned(), "digest".to_owned(), summary.severity.name().to_owned()],
        kind: summary.kind(),
        context: json!({"severity": summary.severity.name()}),
    }
}

/// Adds addresses to the chat's description, as many as fit into `room` bytes of it. Returns their number.
fn name_others(addresses: &[(Address, Vec<&DigestEntry>)], room: usize, description: &mut String) -> usize {
    let mut before = None;
    for (number, (address, entries)) in addresses.iter().enumerate() {
        let severity = severity(entries.iter().copied());
        let label =
            if before.replace(severity) == Some(severity) { ", " } else { &format!("\n*{}:* ", severity.name()) };
        let named = format!("{label}{address}");
        if description.len() + named.len() > room {
            return number;
        }
        description.push_str(&named);
    }
    addresses.len()
}

/// The command that lists the addresses of a digest.
fn addresses_command(digest: Uuid, deployment: &Deployment) -> String {
    let TableLocation { name, region, .. } = &deployment.table;
    format!(
        "aws dynamodb scan --region {region} --table-name {name} --filter-expression 'digest = :d' \
         --expression-attribute-values '{{\":d\":{{\"S\":\"{digest}\"}}}}' --projection-expression ip \
         --output json --query 'Items[].ip.S'"
    )
}

fn finding(summary: &DigestContent<'_>, now: DateTime<Utc>, deployment: &Deployment, listed: usize) -> Value {
    let addresses = summary.addresses.iter().map(|(address, entries)| {
        let ids = entries.iter().take(listed.max(1)).map(|entry| entry.incident.id);
        let mut of_address = json!({
            "address": address.to_string(),
            "matched_by": entries.first().map(|entry| entry.incident.matched_by()),
            "severity": severity(entries.iter().copied()).name(),
            "incidents": entries.len(),
            "ids": ids.collect::<Vec<_>>(),
        });
        if listed > 0 {
            let incidents = || entries.iter().map(|entry| &entry.incident);
            let accounts: BTreeSet<_> = incidents().map(|incident| exact(&incident.account_id, NAME)).collect();
            let users: BTreeSet<_> = incidents().map(|incident| exact(&name_of(&incident.columns), NAME)).collect();
            of_address["accounts"] = json!(accounts.into_iter().take(listed).collect::<Vec<_>>());
            of_address["users"] = json!(users.into_iter().take(listed).collect::<Vec<_>>());
        }
        of_address
    });
    let incidents = || summary.addresses.iter().flat_map(|(_, entries)| entries).map(|entry| &entry.incident);
    let evidence = |(address, _): &(Address, _)| json!({"src_endpoint": endpoint(*address)});
    let observable = |(address, _): &(Address, _)| address_observable("evidences.src_endpoint", *address);
    let deferrals: BTreeSet<_> =
        summary.addresses.iter().flat_map(|(_, entries)| entries.iter().map(|entry| entry.deferral.name())).collect();
    Finding {
        uid: summary.id.to_string(),
        message_uid: format!("{}-{}", summary.id, now.timestamp()),
        title: &summary.title,
        message: &format!("{}, reported together: {}", summary.counted, summary.reason),
        severity: FindingSeverity::of(summary.severity, summary.is_test),
        is_update: false,
        is_suppressed: false,
        is_test: summary.is_test,
        now,
        account: &deployment.table.account,
        region: &deployment.table.region,
        info: json!({
            "related_events_count": summary.incidents,
            "attacks": attacks(),
            "analytic": {"type_id": 1, "type": "Rule", "uid": RULE_ID, "name": RULE_NAME, "version": RULE_VERSION},
        }),
        more: json!({
            "start_time": incidents().map(|incident| incident.start_time.timestamp_millis()).min(),
            "end_time": incidents().map(|incident| incident.end_time.timestamp_millis()).max(),
            "evidences": summary.addresses.iter().take(listed.max(1)).map(evidence).collect::<Vec<_>>(),
            "observables": summary.addresses.iter().take(listed.max(1)).map(observable).collect::<Vec<_>>(),
            "unmapped": {
                "kind": summary.kind(),
                "deferrals": deferrals,
                "addresses": addresses.collect::<Vec<_>>(),
                "listed_at_most": listed,
            },
        }),
    }
    .into_json(deployment)
}
