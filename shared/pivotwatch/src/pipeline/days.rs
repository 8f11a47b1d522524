//! Which addresses have new facts, and of which days.

use std::collections::{BTreeMap, BTreeSet};

use super::settle::Scope;
use crate::detection::{Address, Day};

/// The addresses that recorded facts are about, each with the days of its facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days(BTreeMap<Address, BTreeSet<Day>>);

impl Days {
    /// Adds the days of what has to be settled.
    pub(super) fn extend(&mut self, scopes: &[Scope<'_>]) {
        for Scope { address, failures, logins } in scopes {
            let days = self.0.entry(*address).or_default();
            days.extend(failures.iter().copied().chain(logins.iter().map(|login| login.day())));
        }
    }

    /// What has to be settled, with the logins of all days in reach of a fact.
    pub(super) fn into_scopes(self) -> Vec<Scope<'static>> {
        let scope = |(address, failures)| Scope { address, failures, logins: Vec::new() };
        self.0.into_iter().map(scope).collect()
    }
}
