//! The state of each stored entry.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use pivotwatch::detection::tuning::{Entry, InvalidEntry};
use pivotwatch::detection::{Rule, Tuning};
use serde::Serialize;
use serde_json::Value;

use super::stored_entry::StoredEntry;

/// A stored entry and its state.
pub(super) struct ListedEntry {
    pub(super) id: Option<String>,
    pub(super) value: Value,
    pub(super) state: EntryState,
    /// Why it is invalid, `None` if it is valid.
    pub(super) invalid: Option<InvalidEntry>,
}

/// Whether an entry applies now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EntryState {
    Active,
    NotBegun,
    Expired,
    Removed,
    Invalid,
}

impl EntryState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NotBegun => "not begun",
            Self::Expired => "expired",
            Self::Removed => "removed",
            Self::Invalid => "invalid",
        }
    }

    fn of(entry: &Entry, now: DateTime<Utc>) -> Self {
        if entry.is_removed() {
            Self::Removed
        } else if entry.period.starts_at.is_some_and(|start| now < start) {
            Self::NotBegun
        } else if entry.period.expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

impl ListedEntry {
    /// Entries with their states. Of several valid entries with one id, the first is valid, as for the functions.
    pub(super) fn all(entries: Vec<StoredEntry>, rule: &Rule, now: DateTime<Utc>) -> Vec<Self> {
        let mut ids = BTreeSet::new();
        let listed = |StoredEntry { id, value }| match Entry::parse(&value, rule) {
            Ok(entry) if ids.insert(entry.id.clone()) => {
                Self { id, value, state: EntryState::of(&entry, now), invalid: None }
            }
            Ok(entry) => {
                let invalid = InvalidEntry::duplicate(entry.id);
                Self { id, value, state: EntryState::Invalid, invalid: Some(invalid) }
            }
            Err(invalid) => Self { id, value, state: EntryState::Invalid, invalid: Some(invalid) },
        };
        entries.into_iter().map(listed).collect()
    }

    /// The faults, each in one sentence.
    pub(super) fn faults(&self) -> Vec<String> {
        self.invalid.iter().flat_map(|invalid| &invalid.faults).map(ToString::to_string).collect()
    }

    /// Why it is invalid and what holds meanwhile, in one sentence.
    pub(super) fn explanation(&self) -> Option<String> {
        self.invalid.as_ref().map(InvalidEntry::explanation_with_consequence)
    }
}

/// The tuning of some entries.
pub(super) fn tuning<'a>(entries: impl IntoIterator<Item = &'a StoredEntry>, rule: &Rule) -> Tuning {
    Tuning::parse(entries.into_iter().map(|entry| entry.value.clone()), rule)
}
