//! Tuning: which incidents are mailed. What is known never changes.
//!
//! The rule's incidents are always found and stored. A tuning entry excludes failures or logins, or raises the
//! threshold for a network. A login matches *under the tuned rule* if no entry excludes it, and the failures that no
//! entry excludes exceed its threshold in a window. An incident without such a login is hidden: stored and listed, and
//! not mailed.
//!
//! Entries are applied when a decision is made, to the facts that are stored then. So an added entry applies to all
//! stored facts, and a removed entry hides nothing any more. The order of facts and entries has no effect. An entry
//! applies by the time of the event, so its end changes nothing for what happened before.
//!
//! | module | holds |
//! |---|---|
//! | `entry` | an entry, and its effect and its period |
//! | `parse` | parses an entry from JSON, and reports all its faults |
//! | `conditions`, `network`, `pattern` | when an entry applies to a failure or a login |
//! | `lost_threshold` | what holds in place of a threshold whose entry is invalid |
//! | `index` | decides whether a login matches under the tuned rule |
//! | `news` | which entries were added, changed, expired, removed, or vanished |
//!
//! A bad entry never makes a function fail: it is reported, and ignored. It never hides more than a valid one would.

mod conditions;
mod entry;
mod index;
mod lost_threshold;
mod network;
mod news;
mod parse;
mod pattern;

use std::collections::BTreeMap;

use serde_json::Value;

use super::address::Address;
use super::rule::Rule;
pub use conditions::{FailureConditions, LoginConditions, ThresholdConditions};
pub use entry::{Effect, Entry, Period};
pub(in crate::detection) use index::Judgement;
pub use index::TunedIndex;
pub use lost_threshold::LostThreshold;
pub use network::Networks;
pub use news::{Announced, EntryState, News, NewsKind, news};
pub use parse::{EntryFault, InvalidEntry};
pub use pattern::Patterns;

/// All entries: the valid ones by id, and the invalid ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuning {
    entries: BTreeMap<String, Entry>,
    invalid: Vec<InvalidEntry>,
}

impl Tuning {
    /// Parses entries for `rule`. Of several entries with one id, the first is valid.
    #[must_use]
    pub fn parse(entries: impl IntoIterator<Item = Value>, rule: &Rule) -> Self {
        let mut tuning = Self::default();
        for value in entries {
            match Entry::parse(&value, rule) {
                Ok(entry) if tuning.entries.contains_key(&entry.id) => {
                    tuning.invalid.push(InvalidEntry::duplicate(entry.id));
                }
                Ok(entry) => {
                    tuning.entries.insert(entry.id.clone(), entry);
                }
                Err(invalid) => tuning.invalid.push(invalid),
            }
        }
        tuning
    }

    /// The valid entries, by id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The valid entry with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The entries that are ignored, with their faults.
    #[must_use]
    pub fn invalid(&self) -> &[InvalidEntry] {
        &self.invalid
    }

    /// The entries that can apply to facts of `address`, by id. Removed entries apply to nothing.
    #[must_use]
    pub fn of_address(&self, address: Address) -> Vec<&Entry> {
        self.entries().filter(|entry| !entry.is_removed() && entry.networks().contain(address)).collect()
    }

    /// The longest prefix of an address in an entry that may have been a threshold.
    fn lost_prefix(&self, address: Address) -> Option<u8> {
        self.invalid.iter().filter_map(|invalid| invalid.lost_threshold.as_ref()?.longest_prefix(address)).max()
    }
}

#[cfg(test)]
mod tests;
