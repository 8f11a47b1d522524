//! News about tuning entries: which were added, changed, expired, removed, or vanished.
//!
//! An entry is a quiet way to blind the detector, and DynamoDB's writes are not in CloudTrail by default. So whoever
//! receives the incidents also learns about each entry. That includes an entry that was removed before anybody learned
//! about it, since an invocation may have applied it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Tuning;
use super::entry::Entry;

/// The state of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// It applies to events of its period, which has not ended.
    Open,
    /// Its period has ended. It still applies to events of its period.
    Expired,
    /// It has the member `removed_at`, and applies to nothing.
    Removed,
    /// It is no longer there.
    Vanished,
}

/// What was announced of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The entry, as it was written.
    pub written: Value,
    /// Its state.
    pub state: EntryState,
}

/// The kind of a piece of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewsKind {
    /// The entry is new.
    Added,
    /// The entry has another text.
    Changed,
    /// The entry's period has ended.
    Expired,
    /// The entry was removed.
    Removed,
    /// The entry is no longer there or invalid, and was not removed before.
    Vanished,
}

/// A piece of news about an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What happened.
    pub kind: NewsKind,
    /// The id of the entry.
    pub id: String,
    /// What is announced.
    pub announced: Announced,
}

/// The news at `now`, by id, given what was announced before.
#[must_use]
pub fn news(tuning: &Tuning, before: &BTreeMap<String, Announced>, now: DateTime<Utc>) -> Vec<News> {
    let of_entries = tuning.entries().filter_map(|entry| {
        let announced = Announced { written: entry.written.clone(), state: state(entry, now) };
        let kind = kind(before.get(&entry.id), &announced)?;
        Some(News { kind, id: entry.id.clone(), announced })
    });
    // One that expired still hid what happened in its period.
    let applied = |known: &Announced| matches!(known.state, EntryState::Open | EntryState::Expired);
    let vanished = before.iter().filter(|(id, known)| applied(known) && tuning.get(id).is_none());
    let of_vanished = vanished.map(|(id, known)| News {
        kind: NewsKind::Vanished,
        id: id.clone(),
        announced: Announced { state: EntryState::Vanished, ..known.clone() },
    });
    of_entries.chain(of_vanished).collect()
}

fn state(entry: &Entry, now: DateTime<Utc>) -> EntryState {
    if entry.is_removed() {
        EntryState::Removed
    } else if entry.period.expires_at.is_some_and(|end| end <= now) {
        EntryState::Expired
    } else {
        EntryState::Open
    }
}

fn kind(before: Option<&Announced>, now: &Announced) -> Option<NewsKind> {
    if now.state == EntryState::Removed {
        let is_known = before.is_some_and(|before| before.state == EntryState::Removed);
        return (!is_known).then_some(NewsKind::Removed);
    }
    let Some(before) = before.filter(|before| !matches!(before.state, EntryState::Vanished | EntryState::Removed))
    else {
        // An entry that comes back is as good as new.
        return Some(NewsKind::Added);
    };
    match now.state {
        _ if before.written != now.written => Some(NewsKind::Changed),
        EntryState::Expired if before.state == EntryState::Open => Some(NewsKind::Expired),
        EntryState::Expired | EntryState::Open | EntryState::Removed | EntryState::Vanished => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::detection::Rule;

    fn entry(changes: &Value) -> Value {
        let mut entry = json!({
            "id": "office", "threshold": 50, "when": {"cidr": ["192.0.2.0/24"]}, "reason": "many users", "author": "ann",
            "expires_at": "2026-03-03T00:00:00Z",
        });
        for (name, value) in changes.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// What is announced step by step: at each time with these entries.
    fn announced(steps: &[(&str, Vec<Value>)]) -> Vec<Vec<NewsKind>> {
        let mut known = BTreeMap::new();
        let mut step = |(time, entries): &(&str, Vec<Value>)| {
            let tuning = Tuning::parse(entries.clone(), &Rule::default());
            let news = news(&tuning, &known, at(time));
            known.extend(news.iter().map(|news| (news.id.clone(), news.announced.clone())));
            news.into_iter().map(|news| news.kind).collect()
        };
        steps.iter().map(&mut step).collect()
    }

    const EARLY: &str = "2026-03-02T12:00:00Z";
    const LATE: &str = "2026-03-03T00:00:00Z";

    #[test]
    fn each_change_of_an_entry_is_news_once() {
        let same = || vec![entry(&json!({}))];
        let removed = || vec![entry(&json!({"removed_at": EARLY}))];
        let changed = || vec![entry(&json!({"threshold": 60}))];
        for (steps, expected) in [
            (vec![(EARLY, same()), (EARLY, same())], vec![vec![NewsKind::Added], vec![]]),
            (
                vec![(EARLY, same()), (LATE, same()), (LATE, same())],
                vec![vec![NewsKind::Added], vec![NewsKind::Expired], vec![]],
            ),
            (
                vec![(EARLY, same()), (EARLY, changed()), (EARLY, changed())],
                vec![vec![NewsKind::Added], vec![NewsKind::Changed], vec![]],
            ),
            (
                vec![(EARLY, same()), (EARLY, removed()), (LATE, removed())],
                vec![vec![NewsKind::Added], vec![NewsKind::Removed], vec![]],
            ),
            (
                vec![(EARLY, same()), (EARLY, vec![]), (EARLY, vec![])],
                vec![vec![NewsKind::Added], vec![NewsKind::Vanished], vec![]],
            ),
            (
                vec![(EARLY, same()), (EARLY, vec![]), (EARLY, same())],
                vec![vec![NewsKind::Added], vec![NewsKind::Vanished], vec![NewsKind::Added]],
            ),
            (
                vec![(EARLY, same()), (EARLY, removed()), (EARLY, same())],
                vec![vec![NewsKind::Added], vec![NewsKind::Removed], vec![NewsKind::Added]],
            ),
            // It hides what happened in its period, whenever it was written, and as long as it is there.
            (
                vec![(LATE, same()), (LATE, vec![]), (LATE, vec![])],
                vec![vec![NewsKind::Added], vec![NewsKind::Vanished], vec![]],
            ),
            (
                vec![(EARLY, same()), (LATE, same()), (LATE, vec![]), (LATE, same())],
                vec![vec![NewsKind::Added], vec![NewsKind::Expired], vec![NewsKind::Vanished], vec![NewsKind::Added]],
            ),
            (vec![(EARLY, removed()), (EARLY, removed())], vec![vec![NewsKind::Removed], vec![]]),
            (vec![(EARLY, removed()), (EARLY, vec![])], vec![vec![NewsKind::Removed], vec![]]),
            (
                vec![(EARLY, same()), (LATE, same()), (LATE, removed())],
                vec![vec![NewsKind::Added], vec![NewsKind::Expired], vec![NewsKind::Removed]],
            ),
        ] {
            assert_eq!(announced(&steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn an_entry_that_becomes_invalid_has_vanished() {
        let invalid = vec![entry(&json!({"threshold": 1}))];
        for time in [EARLY, LATE] {
            let steps = [(time, vec![entry(&json!({}))]), (time, invalid.clone())];
            assert_eq!(announced(&steps), [vec![NewsKind::Added], vec![NewsKind::Vanished]], "{time}");
        }
    }
}
