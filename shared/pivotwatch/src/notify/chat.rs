//! The form for chats: the custom notification that Amazon Q Developer in chat applications accepts, and posts to Slack
//! and Microsoft Teams.
//!
//! Its texts are Markdown. What a log says stands in code spans, where chats apply neither formatting nor mentions.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Deployment;
use super::escape::{code_span, markdown, plain_title, shown};
use super::identity::IdentityKind;
use super::message::{fitted, form_fits};
use super::update::{Update, kind_of, preface};
use super::words::{
    NAME, account, capitalised, console, name_of, place, record_key, regions, runbook, suspicion, table_console,
    what_happened,
};
use crate::detection::IncidentReport;
use crate::detection::likely_cause::likely_cause;
use crate::detection::result_code::CodeClass;

/// Characters of a description: Slack cuts a section there.
pub(super) const DESCRIPTION: usize = 3_000;

/// Characters of a title.
pub(super) const TITLE: usize = 250;

/// The next step of a test.
pub(super) const NOTHING_TO_DO: &str = "Nothing to do: a self-test.";

/// A custom notification.
pub(super) struct CustomNotification {
    /// Unlike that of any other notification.
    pub(super) id: String,
    /// Equal in all notifications that join one thread.
    pub(super) thread: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) next_steps: Vec<String>,
    pub(super) keywords: Vec<String>,
    pub(super) kind: &'static str,
    /// What custom actions select notifications by.
    pub(super) context: Value,
}

impl CustomNotification {
    /// The notification in JSON.
    pub(super) fn to_json(&self) -> Value {
        let Self { id, thread, title, description, next_steps, keywords, kind, context } = self;
        let (title, description) = (cut(title, TITLE), cut(description, DESCRIPTION));
        json!({
            "version": "1.0",
            "source": "custom",
            "id": id,
            "content": {
                "textType": "client-markdown",
                "title": title,
                "description": description,
                "nextSteps": next_steps,
                "keywords": keywords,
            },
            "metadata": {
                "threadId": thread,
                "summary": title,
                "eventType": kind,
                "additionalContext": context,
            },
        })
    }
}

/// At most `most` characters of a text, the mark of the cut included.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    const MARK: &str = "… (cut)";
    if text.chars().count() <= most {
        return Cow::Borrowed(text);
    }
    text.chars().take(most.saturating_sub(MARK.chars().count())).chain(MARK.chars()).collect()
}

/// The notification that lists as much as fits, at most `most` of each kind. Its description is not cut if a shorter
/// list suffices.
pub(super) fn fitted_chat(most: usize, form: impl Fn(usize) -> CustomNotification) -> Value {
    let fits = |notification: &CustomNotification| {
        notification.description.chars().count() <= DESCRIPTION && form_fits(&notification.to_json())
    };
    fitted(most, form, fits).to_json()
}

/// The notification of an incident.
pub(super) fn of_incident(
    report: &IncidentReport,
    update: Option<&Update>,
    now: DateTime<Utc>,
    deployment: &Deployment,
    listed: usize,
) -> CustomNotification {
    let incident = &report.incident;
    let columns = &incident.columns;
    let severity = report.severity().name();
    let number = update.map_or(1, |update| update.number);
    let address = columns.source_ip_address.to_string();
    let name = name_of(columns);
    let account_shown = account(&incident.account_id, deployment);
    let account = markdown(&account_shown);
    let happened = format!("{} {}", what_happened(report, &code_span(&name, NAME), now), suspicion(report, now));
    let preface = preface(report, update, |id| code_span(id, NAME));
    let mut description = [preface, vec![happened]].concat().join("\n\n");
    let cause = likely_cause(report);
    let place = place(incident);
    let _ = write!(
        description,
        "\n\n*AWS account:* {account}\n*{}:* {address}\n*What this looks like:* {} Reason: {}.",
        capitalised(place),
        cause.sentence(),
        cause.reason,
    );
    let right = report.context.users_by_class.get(&CodeClass::PasswordRight);
    let right: Vec<_> = right.into_iter().flatten().take(listed).map(|user| code_span(user, NAME)).collect();
    if !right.is_empty() {
        let _ = write!(description, "\n*Entra users whose password was right:* {}", right.join(", "));
    }
    for signal in &report.signals {
        let _ = write!(description, "\n{:+} {}", signal.points(), signal.explanation(incident.matched_by()));
    }
    let kind = IdentityKind::of(incident);
    let events = regions(&columns.aws_region).into_iter().map(|region| console(region, "cloudtrailv2/home"));
    let events: Vec<_> = events.map(|console| format!("{console}#/events")).collect();
    CustomNotification {
        id: format!("{}-{number}", incident.id),
        thread: incident.id.to_string(),
        title: format!(
            "{}: {} logged in to AWS {} from {address}",
            kind_of(report, update, now),
            plain_title(&shown(&name, NAME)),
            plain_title(&account_shown),
        ),
        description,
        next_steps: if incident.is_test() {
            vec![NOTHING_TO_DO.to_owned()]
        } else {
            vec![
                kind.call(place),
                format!("If nobody confirms the login, treat it as an attack. {}", kind.containment(&account)),
                format!("See what the session did in CloudTrail: {}", events.join(" ")),
                format!("Read the evidence, record {}: {}", record_key(incident), table_console(deployment)),
                format!("Follow {}", runbook(deployment)),
            ]
        },
        keywords: vec!["pivotwatch".to_owned(), severity.to_owned(), address.clone()],
        kind: if incident.is_test() { "test" } else { "incident" },
        context: json!({"severity": severity, "address": address, "incident_id": incident.id.to_string()}),
    }
}
