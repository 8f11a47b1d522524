//! Collects the successful sign-ins of an object, until it is known which addresses failed.
//!
//! Nine of ten sign-ins succeed, and most of their addresses have no failure. Such successes are dropped. An object's
//! successes can precede its failures, so all are kept until its chunk is sent, in bounded space.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::Timelike;

use crate::detection::successes::{Successes, UNKNOWN, user_hash};
use crate::detection::tally::{TallyKey, TallyKind};
use crate::detection::{Address, Day, Rule, Source, Tally};
use crate::entra::SuccessfulSignIn;

/// Users by address, source and day from which on a chunk is sent: at most 30 MB. Successes before it are then not
/// compared with failures after it, so their number stays a lower bound.
const MOST_USERS: usize = 250_000;

/// The successes since the last chunk.
#[derive(Debug, Default)]
pub struct SuccessCollector {
    /// The hashes of users by name as written: an object names the same users again and again.
    hashes: HashMap<Box<str>, u64>,
    /// Without a day if the export leaves the time open.
    successes: HashMap<(Address, Source, Option<Day>), Successes>,
    /// Users in `successes`, approximately.
    users: usize,
}

impl SuccessCollector {
    /// Adds a success, for each of the addresses that count it.
    pub fn add(&mut self, success: &SuccessfulSignIn<'_>, rule: &Rule) {
        let SuccessfulSignIn { address, source, user, time } = *success;
        if user.is_empty() {
            return;
        }
        let user = match self.hashes.get(user) {
            Some(known) => *known,
            None => *self.hashes.entry(user.into()).or_insert_with(|| user_hash(&user.to_lowercase())),
        };
        let (day, second) = (time.map(Day::of), time.map_or(UNKNOWN, |time| time.num_seconds_from_midnight()));
        for address in rule.counted_by(address) {
            let successes = match self.successes.entry((address, source, day)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(none) => {
                    self.users += 1;
                    none.insert(Successes::default())
                }
            };
            self.users += usize::from(successes.add(user, second));
        }
    }

    /// Whether the chunk must be sent.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.users >= MOST_USERS || self.hashes.len() >= MOST_USERS
    }

    /// Adds the successes to the tallies of their address, source and day, and drops all others.
    pub fn join(&mut self, tallies: &mut BTreeMap<TallyKey, Box<Tally>>) {
        let successes = std::mem::take(&mut self.successes);
        for (key, tally) in tallies {
            let TallyKind::SignIns(source) = key.kind else { continue };
            for day in [Some(key.day), None] {
                if let Some(successes) = successes.get(&(key.address, source, day)) {
                    tally.add_successes(successes);
                }
            }
        }
        self.users = 0;
        if self.hashes.len() >= MOST_USERS {
            self.hashes.clear();
        }
    }
}
