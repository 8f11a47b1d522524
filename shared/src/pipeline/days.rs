//! Which addresses have new facts, and of which days.

use std::collections::BTreeMap;

use crate::detection::{Address, Day};

/// The addresses that recorded facts are about, each with the first and the last day of its facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days(BTreeMap<Address, (Day, Day)>);

impl Days {
    /// Extends the days of the addresses in `more`.
    pub(super) fn extend(&mut self, more: impl IntoIterator<Item = (Address, (Day, Day))>) {
        for (address, (first, last)) in more {
            let days = self.0.entry(address).or_insert((first, last));
            *days = (days.0.min(first), days.1.max(last));
        }
    }

    /// Adds the days of another object.
    pub fn add(&mut self, other: Self) {
        self.extend(other.0);
    }

    pub(super) fn into_inner(self) -> BTreeMap<Address, (Day, Day)> {
        self.0
    }
}
