//! The days with recorded facts that are not settled yet.

use std::collections::{BTreeMap, BTreeSet};

use super::settle::Scope;
use crate::detection::{Address, Day};

/// The days of recorded facts by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnsettledDays(BTreeMap<Address, BTreeSet<Day>>);

impl UnsettledDays {
    /// Adds the days of `scopes`.
    pub(super) fn extend(&mut self, scopes: &[Scope<'_>]) {
        for Scope { address, failures, logins } in scopes {
            let days = self.0.entry(*address).or_default();
            days.extend(failures.iter().copied().chain(logins.iter().map(|login| login.day())));
        }
    }

    /// The scopes to settle. They list no logins: the store has the logins of all days in reach of a fact.
    pub(super) fn into_scopes(self) -> Vec<Scope<'static>> {
        let scope = |(address, failures)| Scope { address, failures, logins: Vec::new() };
        self.0.into_iter().map(scope).collect()
    }
}
