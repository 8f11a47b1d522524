//! Collects the successful sign-ins of an object, until it is known which addresses failed.
//!
//! Nine of ten sign-ins succeed, and most of their addresses have no failure. An object's successes can precede its
//! failures, so the texts of all are kept until the object ends. Then only those of addresses with failures are parsed.

use std::collections::BTreeSet;

use chrono::Timelike;
use foldhash::HashMap;
use litemap::LiteMap;

use crate::detection::successes::{Successes, UNKNOWN, user_hash, without_times};
use crate::detection::tally::{TallyKey, TallyKind};
use crate::detection::{Address, Day, Rule};
use crate::entra::{SUCCESS_TEXTS, SuccessTexts, SuccessfulSignIn};

/// Bytes of kept texts from which on they are compared with the failures so far: some 400,000 successes. Those of an
/// address that fails only later are then dropped, so the number of users stays a lower bound.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Successes from which on the same is done, since texts can be empty. Usable ones reach `MOST_BYTES` before.
const MOST_SUCCESSES: usize = 1_200_000;

/// Tallies of an object beside which its successes are counted: less than 32 MiB of keys.
const MOST_TALLIES: usize = 500_000;

/// The users who succeeded, by day. The day is none where an export leaves the time open.
type ByDay = LiteMap<Option<Day>, Successes>;

/// The successes of an object, and the tallies of its failures.
#[derive(Debug, Default)]
pub struct SuccessCollector {
    /// The texts of the successes, one after the other.
    texts: Vec<u8>,
    /// The ends of the texts of each success.
    ends: Vec<[u32; SUCCESS_TEXTS]>,
    tallies: BTreeSet<TallyKey>,
}

impl SuccessCollector {
    /// Adds a success.
    pub fn add(&mut self, success: &SuccessTexts<'_>) {
        let mut success = *success;
        if success.addresses[0] == success.addresses[1] {
            // As nearly all records have it.
            success.addresses[1] = b"";
        }
        let ends = success.texts().map(|text| {
            self.texts.extend_from_slice(text);
            // Never reached, by `MOST_BYTES` and the limit on a record.
            u32::try_from(self.texts.len()).unwrap_or(u32::MAX)
        });
        self.ends.push(ends);
    }

    /// Adds a tally of the object that has failed sign-ins.
    pub fn add_tally(&mut self, key: TallyKey) {
        if matches!(key.kind, TallyKind::SignIns(_)) && self.tallies.len() < MOST_TALLIES {
            self.tallies.insert(key);
        }
    }

    /// Whether the successes must be taken, to bound memory.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.texts.len() >= MOST_BYTES || self.ends.len() >= MOST_SUCCESSES
    }

    /// Takes the successes of each added tally: those from its address or network, of any source and day. Drops all
    /// others. On the day of the tally a user has the time of the first success.
    pub fn take<'s>(&'s mut self, rule: &Rule) -> impl Iterator<Item = (TallyKey, Successes)> + use<'s> {
        let by_address = self.by_address(rule);
        self.texts.clear();
        self.ends.clear();
        let of_tally = move |key: &TallyKey| {
            let mut all = Successes::default();
            for (day, successes) in by_address.get(&key.address)?.iter() {
                if *day == Some(key.day) {
                    all.merge(successes);
                } else {
                    all.merge(&without_times(successes));
                }
            }
            Some((*key, all))
        };
        self.tallies.iter().filter_map(of_tally)
    }

    fn by_address(&self, rule: &Rule) -> HashMap<Address, ByDay> {
        let mut of_failing: HashMap<_, _> = self.tallies.iter().map(|key| (key.address, ByDay::new())).collect();
        // By text: an object has the same addresses and users again and again.
        let mut addresses = HashMap::<[&[u8]; 2], Vec<Address>>::default();
        let mut users = HashMap::<&str, u64>::default();
        for success in self.successes() {
            let failing = addresses.entry(success.addresses).or_insert_with(|| {
                let counting = success.address().into_iter().flat_map(|address| rule.counted_by(address));
                counting.filter(|address| of_failing.contains_key(address)).collect()
            });
            for address in failing {
                let Some(SuccessfulSignIn { user, time, .. }) = success.from(*address) else { continue };
                let user = *users.entry(user).or_insert_with(|| user_hash(&user.to_lowercase()));
                let (day, second) = (time.map(Day::of), time.map_or(UNKNOWN, |time| time.num_seconds_from_midnight()));
                of_failing.entry(*address).or_default().entry(day).or_insert_with(Successes::default).add(user, second);
            }
        }
        of_failing.retain(|_, by_day| !by_day.is_empty());
        of_failing
    }

    fn successes(&self) -> impl Iterator<Item = SuccessTexts<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |ends| {
            SuccessTexts::of(ends.map(|end| {
                let end = usize::try_from(end).unwrap_or(usize::MAX);
                self.texts.get(std::mem::replace(&mut start, end)..end).unwrap_or_default()
            }))
        })
    }
}
