//! The message about a tuning entry: who added it, what it hides, until when, and how wide it is.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Deployment;
use super::escape::{ascii, escape_for_display};
use super::message::{Message, SUBJECT_LENGTH};
use crate::detection::tuning::{News, NewsKind};

/// Characters shown of a text of an entry.
const TEXT_LENGTH: usize = 200;

/// The message of a piece of news.
#[must_use]
pub fn tuning_message(news: &News, _now: DateTime<Utc>, deployment: &Deployment) -> Message {
    let Words { happened, .. } = words(news.kind);
    let subject = format!("[pivotwatch] tuning entry {} {happened}", news.id);
    let attributes = BTreeMap::from([("tuning_entry", news.id.clone()), ("tuning_news", happened.to_owned())]);
    Message {
        subject: ascii(&subject, SUBJECT_LENGTH),
        text: text(news),
        chat: json!({}),
        finding: json!({}),
        https: deployment.https,
        attributes,
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
            consequence: "It now reads as below. Incidents that it hides are stored, and not mailed.\nWhat it no longer \
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
                          variables.\nIt hides nothing any more. What it hid in the last 24 hours is mailed now.\nAsk who did \
                          that.",
        },
    }
}

fn text(news: &News) -> String {
    let written = &news.announced.written;
    let Words { has, consequence, .. } = words(news.kind);
    let mut text = format!("The tuning entry {} has {has}.\n{consequence}\n\n", news.id);
    let mut line = |label: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:<9} {value}");
    };
    line("Effect", &effect(written));
    for (name, values) in written["when"].as_object().into_iter().flatten() {
        line("", &format!("{name} is {}", one_of(values)));
    }
    line("From", &shown(&written["starts_at"], "the beginning"));
    line("Until", &shown(&written["expires_at"], "for ever"));
    line("Author", &shown(&written["author"], "(not recorded)"));
    line("Written", &shown(&written["created_at"], "(not recorded)"));
    line("Reason", &shown(&written["reason"], "(not recorded)"));
    if written["force"] == Value::Bool(true) {
        line("Width", "it was forced, so it can apply to very much");
    }
    text
}

fn effect(written: &Value) -> String {
    match (written["exclude"].as_str(), &written["threshold"]) {
        (Some("logins"), _) => "excludes console logins of which all of this holds:".to_owned(),
        (Some(_), _) => "excludes failed sign-ins of which all of this holds:".to_owned(),
        (None, threshold) => format!("needs more than {threshold} failures, where all of this holds:"),
    }
}

/// The values of a condition.
fn one_of(values: &Value) -> String {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    // All of them: the widest could be the last. An entry has at most 16 KiB.
    values.iter().map(|value| shown(value, "")).collect::<Vec<_>>().join(" or ")
}

fn shown(value: &Value, absent: &str) -> String {
    match value {
        Value::Null => absent.to_owned(),
        Value::String(text) => escape_for_display(text, TEXT_LENGTH),
        other => escape_for_display(&other.to_string(), TEXT_LENGTH),
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
        assert_eq!(message.text.lines().filter(|line| line.starts_with("Until")).count(), 1, "{}", message.text);
        assert!(message.text.chars().all(|c| c == '\n' || !c.is_control()) && message.text.len() < 10_000);
        assert!(message.text.contains("29x"), "every value is shown");
    }
}
