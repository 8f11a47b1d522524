//! The state of each stored entry.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use pivotwatch::detection::tuning::{Entry, EntryFault, InvalidEntry};
use pivotwatch::detection::{Rule, Tuning};
use serde::Serialize;
use serde_json::Value;

use super::entries::StoredEntry;

/// A stored entry and its state.
pub(super) struct ListedEntry {
    pub(super) id: Option<String>,
    pub(super) value: Value,
    pub(super) state: EntryState,
    /// Why it is invalid.
    pub(super) faults: Vec<EntryFault>,
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
                Self { id, value, state: EntryState::of(&entry, now), faults: Vec::new() }
            }
            Ok(_) => Self { id, value, state: EntryState::Invalid, faults: vec![EntryFault::Duplicate] },
            Err(InvalidEntry { faults, .. }) => Self { id, value, state: EntryState::Invalid, faults },
        };
        entries.into_iter().map(listed).collect()
    }

    /// The faults in one sentence.
    pub(super) fn explanation(&self) -> String {
        self.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }
}

/// The tuning of some entries.
pub(super) fn tuning<'a>(entries: impl IntoIterator<Item = &'a StoredEntry>, rule: &Rule) -> Tuning {
    Tuning::parse(entries.into_iter().map(|entry| entry.value.clone()), rule)
}
