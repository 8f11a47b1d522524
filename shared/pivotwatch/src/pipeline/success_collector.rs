//! Collects the successful sign-ins of an object, until it is known which addresses failed.
//!
//! Nine of ten sign-ins succeed, and most of their addresses have no failure. An object's successes can precede its
//! failures, so the texts of all are kept until its chunk is sent. Then only those of addresses with failures are
//! parsed.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::Timelike;

use crate::detection::successes::{Successes, UNKNOWN, user_hash};
use crate::detection::tally::{TallyKey, TallyKind};
use crate::detection::{Address, Day, Rule, Source, Tally};
use crate::entra::{SuccessTexts, SuccessfulSignIn};

/// Bytes of kept texts from which on they are compared with the failures so far: some 300,000 successes. Those of an
/// address that fails only later are then dropped, so the number of users stays a lower bound.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The users who succeeded, by address, source and day. The day is none where an export leaves the time open.
type Joined = HashMap<(Address, Source, Option<Day>), Successes>;

/// The successes since the last chunk.
#[derive(Debug, Default)]
pub struct SuccessCollector {
    /// The texts of the successes, one after the other.
    texts: String,
    /// For each success its source, and the end of each of its texts.
    successes: Vec<(Source, [u32; 4])>,
}

impl SuccessCollector {
    /// Adds a success.
    pub fn add(&mut self, success: &SuccessTexts<'_>) {
        let SuccessTexts { source, addresses: [first, second], user, time } = *success;
        let ends = [first, second, user, time].map(|text| {
            self.texts.push_str(text);
            // Never reached, by `MOST_BYTES` and the limit on a record.
            u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
        });
        self.successes.push((source, ends));
    }

    /// Whether the successes must be joined with the tallies, to bound memory.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.texts.len() >= MOST_BYTES
    }

    /// Adds the successes to the tallies of their address, or its network, source and day, and drops all others. A
    /// success whose time is open is added for each day.
    pub fn join(&mut self, tallies: &mut BTreeMap<TallyKey, Box<Tally>>, rule: &Rule) {
        let failing: HashSet<Address> = tallies.keys().map(|key| key.address).collect();
        let joined = if failing.is_empty() { Joined::new() } else { self.of_addresses(&failing, rule) };
        for (key, tally) in tallies {
            let TallyKind::SignIns(source) = key.kind else { continue };
            for day in [Some(key.day), None] {
                if let Some(successes) = joined.get(&(key.address, source, day)) {
                    tally.add_successes(successes);
                }
            }
        }
        self.texts.clear();
        self.successes.clear();
    }

    fn of_addresses(&self, failing: &HashSet<Address>, rule: &Rule) -> Joined {
        let mut joined = Joined::new();
        // By text: an object has the same addresses and users again and again.
        let mut addresses = HashMap::<[&str; 2], Vec<Address>>::new();
        let mut users = HashMap::<&str, u64>::new();
        for success in self.texts() {
            let of_success = || {
                let counting = success.address().into_iter().flat_map(|address| rule.counted_by(address));
                counting.filter(|address| failing.contains(address)).collect()
            };
            for address in addresses.entry(success.addresses).or_insert_with(of_success) {
                let Some(SuccessfulSignIn { user, time, .. }) = success.from(*address) else { continue };
                let user = *users.entry(user).or_insert_with(|| user_hash(&user.to_lowercase()));
                let (day, second) = (time.map(Day::of), time.map_or(UNKNOWN, |time| time.num_seconds_from_midnight()));
                joined.entry((*address, success.source, day)).or_default().add(user, second);
            }
        }
        joined
    }

    fn texts(&self) -> impl Iterator<Item = SuccessTexts<'_>> {
        let mut start = 0;
        self.successes.iter().map(move |(source, ends)| {
            let [first, second, user, time] = ends.map(|end| {
                let text = usize::try_from(end).ok().and_then(|end| {
                    let text = self.texts.get(start..end);
                    start = end;
                    text
                });
                text.unwrap_or_default()
            });
            SuccessTexts { source: *source, addresses: [first, second], user, time }
        })
    }
}
