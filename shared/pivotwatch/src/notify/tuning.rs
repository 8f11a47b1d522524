//! The message about a tuning entry: who added it, what it hides, until when, and how wide it is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::chat::CustomNotification;
use super::escape::{ascii, code_span, exact, plain_title, quoted};
use super::finding::{Finding, FindingSeverity};
use super::layout::Page;
use super::message::{Message, SUBJECT_LENGTH, fitted_form, fitted_text};
use super::words::{TEXT, and_more, write_runbook};
use super::{Deployment, escape};
use crate::detection::tuning::{News, NewsKind};

/// More values than an entry of 16 KiB has in a condition. All are shown if they fit, since the widest could be the
/// last.
const ALL: usize = 16_384;

/// What to do about an entry that ended.
const ADD_AGAIN: &str = "If nobody meant this, add the entry again.";

/// The message of a piece of news at the time `now`.
#[must_use]
pub fn tuning_message(news: &News, now: DateTime<Utc>, deployment: &Deployment) -> Message {
    let Words { happened, .. } = words(news.kind);
    let title = format!("tuning entry {} {happened}", shown_text(&news.id));
    Message {
        subject: ascii(&format!("[pivotwatch] {title}"), SUBJECT_LENGTH),
        text: fitted_text(ALL, |listed| text(news, deployment, listed)),
        chat: chat(news, &title, now).to_json(),
        finding: fitted_form(1, |listed| finding(news, &title, now, deployment, listed > 0)),
        https: deployment.https,
        attributes: BTreeMap::from([
            ("kind", "tuning".to_owned()),
            ("tuning_entry", news.id.clone()),
            ("tuning_news", happened.to_owned()),
        ]),
        lists: BTreeMap::new(),
    }
}

/// The texts about a kind of news.
struct Words {
    /// What happened, in one word.
    happened: &'static str,
    /// The same after "has".
    has: &'static str,
    /// What follows for the incidents.
    consequence: &'static str,
}

const fn words(kind: NewsKind) -> Words {
    match kind {
        NewsKind::Added => Words {
            happened: "added",
            has: "been added",
            consequence: "Incidents that it hides are stored, and not mailed.",
        },
        NewsKind::Changed => Words {
            happened: "changed",
            has: "been changed",
            consequence: "It now reads as below. Incidents that it hides are stored, and not mailed. What it no longer \
                          hides of the last 24 hours is mailed now.",
        },
        NewsKind::Expired => {
            Words { happened: "expired", has: "expired", consequence: "It hides nothing that happens from now on." }
        }
        NewsKind::Removed => Words {
            happened: "removed",
            has: "been removed",
            consequence: "It hides nothing any more. What it hid in the last 24 hours is mailed now.",
        },
        NewsKind::Vanished => Words {
            happened: "vanished",
            has: "vanished",
            consequence: "Nobody set its removed_at: its item was deleted, became invalid, or left the deployment's \
                          variables. It hides nothing any more. What it hid in the last 24 hours is mailed now. Ask who did \
                          that.",
        },
    }
}

fn text(news: &News, deployment: &Deployment, listed: usize) -> String {
    let written = &news.announced.written;
    let Words { has, consequence, .. } = words(news.kind);
    let mut page = Page::default();
    page.paragraph(&format!("The tuning entry {} has {has}. {consequence}", quoted(&news.id, TEXT)));
    page.heading("The entry");
    page.field("Effect", &effect(written));
    for (name, values) in written["when"].as_object().into_iter().flatten() {
        page.field("", &format!("{} is {}", shown_text(name), one_of(values, listed)));
    }
    page.field("From", &value_shown(&written["starts_at"], "the beginning"));
    page.field("Until", &value_shown(&written["expires_at"], "no end"));
    let author = match &written["author"] {
        Value::Null => "(not recorded)".to_owned(),
        author => format!("{} (the writer of the entry chose this)", value_shown(author, "")),
    };
    page.field("Author", &author);
    page.field("Written", &value_shown(&written["created_at"], "(not recorded)"));
    page.field("Reason", &value_shown(&written["reason"], "(not recorded)"));
    if written["force"] == Value::Bool(true) {
        page.field("Width", "unchecked: `force` skipped the limit");
    }
    page.heading("If you do not know of it");
    page.prose(match news.kind {
        NewsKind::Added | NewsKind::Changed => {
            "Ask the author. An attacker who can write to the table can hide incidents with an entry. The runbook says \
             how to remove it."
        }
        NewsKind::Expired | NewsKind::Removed | NewsKind::Vanished => ADD_AGAIN,
    });
    write_runbook(&mut page, deployment);
    page.into_text()
}

fn effect(written: &Value) -> String {
    match (written["exclude"].as_str(), &written["threshold"]) {
        (Some("logins"), _) => "excludes console logins of which all of this holds:".to_owned(),
        (Some(_), _) => "excludes failed sign-ins of which all of this holds:".to_owned(),
        (None, threshold) => {
            format!("raises the threshold: an incident needs more than {threshold} failures if all of this holds:")
        }
    }
}

/// The values of a condition.
fn one_of(values: &Value, listed: usize) -> String {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<_> = values.iter().take(listed).map(|value| value_shown(value, "")).collect();
    format!("{}{}", shown.join(" or "), and_more(values.len() as u64, shown.len(), false))
}

fn value_shown(value: &Value, absent: &str) -> String {
    match value {
        Value::Null => absent.to_owned(),
        Value::String(text) if is_address(text) => format!("\"{text}\""),
        Value::String(text) => quoted(text, TEXT),
        other => quoted(&other.to_string(), TEXT),
    }
}

/// Whether a text is an address or a network. It has no letters that could make a link, and IPv6 its colons.
fn is_address(text: &str) -> bool {
    let (ip, prefix) = text.split_once('/').map_or((text, None), |(ip, prefix)| (ip, Some(prefix)));
    ip.parse::<IpAddr>().is_ok() && prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok())
}

fn shown_text(text: &str) -> String {
    escape::shown(text, TEXT)
}

fn chat(news: &News, title: &str, now: DateTime<Utc>) -> CustomNotification {
    let written = &news.announced.written;
    let Words { has, consequence, .. } = words(news.kind);
    let of = |name: &str| written[name].as_str().map_or("(not recorded)".to_owned(), |text| code_span(text, TEXT));
    CustomNotification {
        id: format!("tuning-{}-{}", news.id, now.timestamp()),
        thread: format!("tuning-{}", news.id),
        title: plain_title(title),
        description: format!(
            "The tuning entry {} has {has}. {consequence}\n*Author:* {}\n*Reason:* {}",
            code_span(&news.id, TEXT),
            of("author"),
            of("reason"),
        ),
        next_steps: vec![match news.kind {
            NewsKind::Added | NewsKind::Changed => {
                "If you do not know of it, ask the author, and remove it.".to_owned()
            }
            NewsKind::Expired | NewsKind::Removed | NewsKind::Vanished => ADD_AGAIN.to_owned(),
        }],
        keywords: vec!["pivotwatch".to_owned(), "tuning".to_owned()],
        kind: "tuning",
        context: json!({"tuning_entry": news.id}),
    }
}

fn finding(news: &News, title: &str, now: DateTime<Utc>, deployment: &Deployment, has_entry: bool) -> Value {
    let Words { happened, has, consequence } = words(news.kind);
    let entry = if has_entry { written_exactly(&news.announced.written) } else { Value::Null };
    Finding {
        uid: format!("tuning-{}", news.id),
        message_uid: format!("tuning-{}-{}", news.id, now.timestamp()),
        title,
        message: &format!("The tuning entry {} has {has}. {consequence}", exact(&news.id, TEXT)),
        severity: FindingSeverity::Informational,
        is_update: news.kind != NewsKind::Added,
        is_suppressed: false,
        is_test: false,
        now,
        account: &deployment.table.account,
        region: &deployment.table.region,
        info: json!({}),
        more: json!({"unmapped": {"kind": "tuning", "news": happened, "entry": entry}}),
    }
    .into_json(deployment)
}

/// The entry with its texts escaped.
fn written_exactly(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(exact(text, TEXT)),
        Value::Array(values) => values.iter().map(written_exactly).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (exact(name, TEXT), written_exactly(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::tuning::{Announced, EntryState};

    fn message(kind: NewsKind, written: Value) -> Message {
        let announced = Announced { written, state: EntryState::Open };
        let news = News { kind, id: "office-oslo".to_owned(), announced };
        tuning_message(&news, DateTime::UNIX_EPOCH, &Deployment::default())
    }

    fn printed(message: &Message) -> String {
        format!("{}\n{:?}\n\n{}", message.subject, message.attributes, message.text)
    }

    #[test]
    fn a_message_says_who_what_until_when_and_how_wide() {
        let network = json!({
            "id": "office-oslo", "threshold": 50, "when": {"cidr": ["192.0.2.0/24", "2001:db8:7::/48"], "source": ["interactive"]},
            "reason": "300 people", "author": "ann", "created_at": "2026-03-02T09:00:00Z", "permanent": true,
        });
        let pentest = json!({
            "id": "office-oslo", "exclude": "logins", "when": {"principal": ["arn:aws:iam::111122223333:user/pentest-*"]},
            "reason": "the test of March", "author": "bob", "starts_at": "2026-03-02T00:00:00Z",
            "expires_at": "2026-03-09T00:00:00Z", "force": true,
        });
        let all = [
            message(NewsKind::Added, network.clone()),
            message(NewsKind::Changed, pentest.clone()),
            message(NewsKind::Expired, pentest),
            message(NewsKind::Removed, network.clone()),
            message(NewsKind::Vanished, network),
        ];
        insta::assert_snapshot!(all.map(|message| printed(&message)).join("\n----\n"));
    }

    #[test]
    fn the_texts_of_an_entry_cannot_forge_a_line() {
        let forged = "x\nUntil     tomorrow\u{202e}\u{1b}[1m";
        let values: Vec<_> = (0..30).map(|number| format!("{number}{forged}")).collect();
        let written = json!({
            "exclude": "failures", "when": {"app": values}, "reason": forged, "author": "y".repeat(5000), "created_at": forged,
        });
        let message = message(NewsKind::Added, written);
        assert_eq!(message.text.lines().filter(|line| line.starts_with("  Until")).count(), 1, "{}", message.text);
        assert!(message.text.chars().all(|c| c == '\n' || !c.is_control()) && message.text.len() < 10_000);
        assert!(message.text.contains("29x"), "every value is shown");
    }
}
