//! The weekly message that the deployment works: its absence is the alarm.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Deployment;
use super::chat::{CustomNotification, fitted_chat};
use super::escape::{ascii, code_span, exact, markdown, quoted};
use super::finding::{Finding, FindingSeverity};
use super::layout::Page;
use super::message::{Message, SUBJECT_LENGTH, fitted_form, fitted_text};
use super::words::{NAME, account, and_more, numbered, or_not_recorded, span, time, write_runbook};
use crate::detection::signal::Severity;

/// Regions, accounts and entries that are listed.
const LISTED: usize = 64;

/// A name and its time.
type Dated = (String, DateTime<Utc>);

/// What the deployment did in a period. Numbers are lower bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alive {
    /// The beginning of the period.
    pub since: DateTime<Utc>,
    /// The end of the period.
    pub until: DateTime<Utc>,
    /// Exports that were read.
    pub exports: u64,
    /// Sign-ins in these exports.
    pub sign_ins: u64,
    /// Console logins that were recorded.
    pub logins: u64,
    /// The regions that recorded the logins.
    pub regions: BTreeSet<String>,
    /// The accounts of the logins.
    pub accounts: BTreeSet<String>,
    /// The regions and accounts that were heard before the period and not in it, each with its last login; the longest
    /// silence first.
    pub silent: Vec<(String, DateTime<Utc>)>,
    /// The time of the last export; `None` if none is known.
    pub last_export: Option<DateTime<Utc>>,
    /// The time of the last login; `None` if none is known.
    pub last_login: Option<DateTime<Utc>>,
    /// Incidents that were found; `None` if they were not counted.
    pub incidents: Option<u64>,
    /// Confirmed subscribers; `None` if they are unknown.
    pub subscribers: Option<u64>,
    /// Tuning entries that end soon, with their ends.
    pub ending: Vec<(String, DateTime<Utc>)>,
}

/// The message that the deployment works, at the time `now`.
#[must_use]
pub fn alive_message(alive: &Alive, now: DateTime<Utc>, deployment: &Deployment) -> Message {
    let title = title(alive);
    Message {
        subject: ascii(&format!("[pivotwatch] {title}"), SUBJECT_LENGTH),
        text: fitted_text(LISTED, |listed| text(alive, now, deployment, listed)),
        chat: fitted_chat(LISTED, |listed| chat(alive, &title, now, deployment, listed)),
        finding: fitted_form(LISTED, |listed| finding(alive, &title, now, deployment, listed)),
        https: deployment.https,
        attributes: if warnings(alive).is_empty() {
            [("kind", "alive".to_owned())].into()
        } else {
            [("kind", "alive".to_owned()), ("severity", Severity::High.name().to_owned())].into()
        },
        lists: BTreeMap::new(),
    }
}

fn title(alive: &Alive) -> String {
    let period = span(alive.until - alive.since);
    let (exports, logins) = (numbered(alive.exports, "export"), numbered(alive.logins, "login"));
    match (alive.exports, alive.logins) {
        (0, 0) => format!("Alive, but without any export or login for {period}"),
        (0, _) => format!("Alive, but without any export for {period}; at least {logins}"),
        (_, 0) => format!("Alive, but without any login for {period}; at least {exports}"),
        _ => format!("Alive: at least {exports} and {logins} in {period}"),
    }
}

/// What keeps the deployment from finding or reporting incidents.
fn warnings(alive: &Alive) -> Vec<&'static str> {
    [
        (
            alive.exports == 0,
            "NO EXPORT was read, so no incident can be found. Check the export of the Entra ID sign-in logs.",
        ),
        (
            alive.logins == 0,
            "NO LOGIN was recorded. If people log in to AWS, check the forwarding of their console logins.",
        ),
        (alive.subscribers == Some(0), "NOBODY is subscribed and confirmed, so nobody receives the incidents."),
    ]
    .into_iter()
    .filter_map(|(holds, warning)| holds.then_some(warning))
    .collect()
}

fn text(alive: &Alive, now: DateTime<Utc>, deployment: &Deployment, listed: usize) -> String {
    let mut page = Page::default();
    page.paragraph(&format!(
        "pivotwatch is running. This is what it received from {} to {}.",
        time(alive.since),
        time(alive.until)
    ));
    page.paragraph(
        "If the numbers are as usual, there is nothing to do. If people log in to an account or a region that is \
         missing here, it is not watched. If this weekly mail stops coming, pivotwatch or its topic is broken.",
    );
    for warning in warnings(alive) {
        page.paragraph(warning);
    }
    page.heading("Received");
    for (label, value) in numbers(alive, now, deployment, listed) {
        page.field(label, &value);
    }
    for (heading, dated) in lists(alive) {
        if !dated.is_empty() {
            page.heading(heading);
            for one in shown(dated, listed, quoted) {
                page.item("-", &one);
            }
        }
    }
    page.heading("About this message");
    write_runbook(&mut page, deployment);
    page.into_text()
}

/// What was received, and by whom messages are: a label and a value each.
fn numbers(
    alive: &Alive,
    now: DateTime<Utc>,
    deployment: &Deployment,
    listed: usize,
) -> impl Iterator<Item = (&'static str, String)> {
    let counted = |number: u64, last: Option<DateTime<Utc>>| match last {
        Some(last) => format!("at least {number}, the last {} ago", span(now - last)),
        None => format!("at least {number}"),
    };
    let subscribers = alive.subscribers.map_or_else(|| "unknown".to_owned(), |number| format!("{number} confirmed"));
    [
        ("Exports", Some(counted(alive.exports, alive.last_export))),
        ("Sign-ins", Some(counted(alive.sign_ins, None))),
        ("Logins", Some(counted(alive.logins, alive.last_login))),
        ("Regions", Some(list(&alive.regions, listed, or_not_recorded))),
        ("Accounts", Some(list(&alive.accounts, listed, |id| account(id, deployment)))),
        ("Incidents", alive.incidents.map(|incidents| counted(incidents, None))),
        ("Subscribers", Some(subscribers)),
    ]
    .into_iter()
    .filter_map(|(label, value)| Some((label, value?)))
}

/// Names with a time, each list with its heading.
fn lists(alive: &Alive) -> [(&'static str, &[Dated]); 2] {
    [("Silent since", &alive.silent), ("Tuning entries that end soon", &alive.ending)]
}

/// The first names of a list with their times, and how many more there are.
fn shown(dated: &[Dated], listed: usize, name: impl Fn(&str, usize) -> String) -> Vec<String> {
    let named = dated.iter().take(listed).map(|(one, at)| format!("{}, {}", name(one, NAME), time(*at)));
    let more = dated.len().saturating_sub(listed);
    named.chain((more > 0).then(|| format!("and {more} more"))).collect()
}

fn list(values: &BTreeSet<String>, listed: usize, shown: impl Fn(&str) -> String) -> String {
    let shown: Vec<_> = values.iter().take(listed).map(|value| shown(value)).collect();
    match values.len() {
        0 => "none".to_owned(),
        total => format!("{}{}", shown.join(", "), and_more(total as u64, shown.len(), false)),
    }
}

/// The id of the period.
fn id(alive: &Alive) -> String {
    format!("alive-{}", alive.until.timestamp())
}

fn chat(alive: &Alive, title: &str, now: DateTime<Utc>, deployment: &Deployment, listed: usize) -> CustomNotification {
    let numbers = numbers(alive, now, deployment, listed);
    let numbers = numbers.map(|(label, value)| format!("*{label}:* {}", markdown(&value)));
    let dated = lists(alive).into_iter().filter(|(_, dated)| !dated.is_empty());
    let dated = dated.map(|(heading, dated)| format!("*{heading}:* {}", shown(dated, listed, code_span).join("; ")));
    let lines = numbers.chain(dated).collect::<Vec<_>>().join("\n");
    let warnings = warnings(alive).into_iter().map(str::to_owned);
    CustomNotification {
        id: id(alive),
        thread: id(alive),
        title: title.to_owned(),
        description: warnings.chain([lines]).collect::<Vec<_>>().join("\n\n"),
        next_steps: vec![
            "Compare the numbers with last week's. If this message does not come, see the runbook.".to_owned(),
        ],
        keywords: vec!["pivotwatch".to_owned(), "alive".to_owned()],
        kind: "alive",
        context: json!({}),
    }
}

fn finding(alive: &Alive, title: &str, now: DateTime<Utc>, deployment: &Deployment, listed: usize) -> Value {
    let some =
        |values: &BTreeSet<String>| values.iter().take(listed).map(|value| exact(value, NAME)).collect::<Vec<_>>();
    let silent = alive.silent.iter().take(listed).map(|(name, last)| json!({"name": exact(name, NAME), "last": last}));
    let ending = alive.ending.iter().take(listed).map(|(id, end)| json!({"id": exact(id, NAME), "ends": end}));
    let warnings = warnings(alive);
    Finding {
        uid: id(alive),
        message_uid: id(alive),
        title,
        message: &if warnings.is_empty() { title.to_owned() } else { format!("{title}. {}", warnings.join(" ")) },
        severity: if warnings.is_empty() {
            FindingSeverity::Informational
        } else {
            FindingSeverity::Of(Severity::High)
        },
        is_update: false,
        is_suppressed: false,
        is_test: false,
        now,
        account: &deployment.table.account,
        region: &deployment.table.region,
        info: json!({}),
        more: json!({
            "start_time": alive.since.timestamp_millis(),
            "end_time": alive.until.timestamp_millis(),
            "unmapped": {
                "kind": "alive",
                "exports": alive.exports,
                "sign_ins": alive.sign_ins,
                "logins": alive.logins,
                "incidents": alive.incidents,
                "subscribers": alive.subscribers,
                "last_export": alive.last_export,
                "last_login": alive.last_login,
                "silent": silent.collect::<Vec<_>>(),
                "silent_total": alive.silent.len(),
                "regions": some(&alive.regions),
                "regions_total": alive.regions.len(),
                "accounts": some(&alive.accounts),
                "accounts_total": alive.accounts.len(),
                "tuning_entries_ending": ending.collect::<Vec<_>>(),
                "tuning_entries_ending_total": alive.ending.len(),
                "listed_at_most": listed,
            },
        }),
    }
    .into_json(deployment)
}
