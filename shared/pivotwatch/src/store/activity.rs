//! What a deployment received, for its weekly message.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Regions, and accounts, that are remembered, so that the item stays small.
const REMEMBERED: usize = 256;

/// How long a region or an account is remembered after its last login.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(30);

/// What a deployment, or an invocation, received. Numbers are lower bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Since when; `None` before the first.
    pub since: Option<DateTime<Utc>>,
    /// Exports with a usable sign-in.
    pub exports: u64,
    /// Sign-ins in exports.
    pub sign_ins: u64,
    /// Successful console logins.
    pub logins: u64,
    /// Incidents that were found.
    pub incidents: u64,
    /// When the last export was read.
    pub last_export: Option<DateTime<Utc>>,
    /// The time of the last login.
    pub last_login: Option<DateTime<Utc>>,
    /// The regions that recorded logins, each with the time of its last.
    pub regions: BTreeMap<String, DateTime<Utc>>,
    /// The accounts of the logins, each with the time of its last.
    pub accounts: BTreeMap<String, DateTime<Utc>>,
}

impl Activity {
    /// Adds what was received meanwhile.
    pub fn add(&mut self, other: &Self) {
        self.since = [self.since, other.since].into_iter().flatten().min();
        self.exports += other.exports;
        self.sign_ins += other.sign_ins;
        self.logins += other.logins;
        self.incidents += other.incidents;
        self.last_export = self.last_export.max(other.last_export);
        self.last_login = self.last_login.max(other.last_login);
        hear(&mut self.regions, &other.regions);
        hear(&mut self.accounts, &other.accounts);
    }

    /// Begins a new period.
    pub fn begin(&mut self, now: DateTime<Utc>) {
        let Self { last_export, last_login, regions, accounts, .. } = std::mem::take(self);
        let remembered = |heard: BTreeMap<String, DateTime<Utc>>| {
            heard.into_iter().filter(|(_, last)| now - *last < FORGOTTEN_AFTER).collect()
        };
        *self = Self {
            since: Some(now),
            last_export,
            last_login,
            regions: remembered(regions),
            accounts: remembered(accounts),
            ..Self::default()
        };
    }
}

/// Adds names with the times when they were heard. Of too many, those that are silent for the longest time are dropped.
pub fn hear(heard: &mut BTreeMap<String, DateTime<Utc>>, others: &BTreeMap<String, DateTime<Utc>>) {
    for (name, time) in others {
        let last = heard.entry(name.clone()).or_insert(*time);
        *last = (*last).max(*time);
    }
    while heard.len() > REMEMBERED {
        let Some(silent) = heard.iter().min_by_key(|(_, last)| **last).map(|(name, _)| name.clone()) else { return };
        heard.remove(&silent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::fixtures::noon;

    #[test]
    fn a_new_period_keeps_what_went_silent_lately() {
        let heard = |days| noon() - TimeDelta::days(days);
        let regions = [("eu-north-1", 1), ("us-east-1", 29), ("us-west-2", 30)];
        let mut activity = Activity {
            exports: 3,
            last_export: Some(noon()),
            regions: regions.map(|(name, days)| (name.to_owned(), heard(days))).into(),
            ..Activity::default()
        };
        activity.begin(noon());
        assert_eq!((activity.exports, activity.since, activity.last_export), (0, Some(noon()), Some(noon())));
        assert_eq!(activity.regions.into_keys().collect::<Vec<_>>(), ["eu-north-1", "us-east-1"]);
    }

    #[test]
    fn the_numbers_of_two_environments_add_up() {
        let one = Activity {
            since: Some(noon()),
            exports: 2,
            logins: 1,
            accounts: [("111122223333".to_owned(), noon())].into(),
            ..Activity::default()
        };
        let mut sum = Activity { since: Some(noon() - TimeDelta::days(1)), ..one.clone() };
        sum.add(&one);
        assert_eq!((sum.exports, sum.logins, sum.since), (4, 2, Some(noon() - TimeDelta::days(1))));
        assert_eq!(sum.accounts.len(), 1);
    }
}
