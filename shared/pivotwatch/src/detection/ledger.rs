//! The ledger: how many messages were sent lately, and whether anybody could receive them.
//!
//! SNS suspends a mailbox that gets more than ten messages a second
//! (<https://docs.aws.amazon.com/general/latest/gr/sns.html>), and nobody reads the five hundredth mail of a night.
//! Every message therefore takes a slot of the ledger first. What gets none goes into a digest.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::reporting::{Deferral, ReportingPolicy};
use super::{Address, Day};

/// The largest number of messages in a second.
const A_SECOND: u32 = 5;

/// How long a silence counts after a sweep saw it.
const CONFIRMED_WITHIN: TimeDelta = TimeDelta::hours(1);

/// How far ahead a second is reserved. A message that waits longer goes into a digest.
const AHEAD: TimeDelta = TimeDelta::seconds(5);

/// The slots taken, and the state of the sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The messages in the current second, or in a second reserved ahead.
    #[serde(flatten)]
    second: Slots,
    /// The hour in which `in_hour` messages about incidents were sent.
    hour: DateTime<Utc>,
    in_hour: u32,
    /// The day in which the messages `by_address` were sent.
    day: Option<Day>,
    by_address: BTreeMap<Address, u32>,
    /// The last time that the topic had a confirmed subscriber.
    pub heard_at: Option<DateTime<Utc>>,
    /// Since when messages may have had no receiver; `None` while there is a confirmed subscriber.
    pub silent_since: Option<DateTime<Utc>>,
    /// When a sweep last saw that there is no confirmed subscriber.
    pub silent_seen_at: Option<DateTime<Utc>>,
    /// Until when a sweep is running.
    pub sweep_until: Option<DateTime<Utc>>,
    /// The day of the last digest of a deployment that observes.
    pub observed_on: Option<Day>,
}

/// The messages in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Slots {
    second: DateTime<Utc>,
    in_second: u32,
}

impl Ledger {
    /// Whether nobody listens. A silence that no sweep confirmed lately counts no more: without sweeps there would be
    /// neither messages nor digests.
    #[must_use]
    pub fn is_silent(&self, now: DateTime<Utc>) -> bool {
        self.silent_since.is_some() && self.silent_seen_at.is_some_and(|seen_at| now - seen_at < CONFIRMED_WITHIN)
    }

    /// Takes the slot of a message about `address`, and returns the second in which to send it.
    ///
    /// # Errors
    /// The reason why there is no slot. The ledger is unchanged then.
    pub fn take(
        &mut self,
        address: Address,
        now: DateTime<Utc>,
        policy: &ReportingPolicy,
    ) -> Result<DateTime<Utc>, Deferral> {
        if self.is_silent(now) {
            return Err(Deferral::NoSubscriber);
        }
        // Clocks differ: a clock that is late takes the slots of the later hour and day.
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now).max(self.hour);
        let in_hour = if hour == self.hour { self.in_hour } else { 0 };
        let day = Some(Day::of(now)).max(self.day);
        let of_address = if day == self.day { self.by_address.get(&address).copied().unwrap_or(0) } else { 0 };
        if of_address >= policy.address_limit {
            return Err(Deferral::AddressLimit);
        }
        if in_hour >= policy.hour_limit {
            return Err(Deferral::HourLimit);
        }
        let second = self.take_second(now).ok_or(Deferral::TooManyAtOnce)?;
        (self.hour, self.in_hour) = (hour, in_hour + 1);
        if day != self.day {
            self.by_address.clear();
        }
        self.day = day;
        self.by_address.insert(address, of_address + 1);
        Ok(second)
    }

    /// Takes a slot of the current second, or of the next that has one. Returns the second in which to send the
    /// message, `None` if there is no slot soon. Messages that are not about incidents need no other slot.
    pub fn take_second(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let this = now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now);
        let last = self.second;
        let next = if last.second < this {
            Slots { second: this, in_second: 1 }
        } else if last.in_second < A_SECOND {
            Slots { in_second: last.in_second + 1, ..last }
        } else {
            Slots { second: last.second + TimeDelta::seconds(1), in_second: 1 }
        };
        (next.second - this <= AHEAD).then(|| {
            self.second = next;
            next.second
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detection::fixtures::{address, noon};

    fn policy(address_limit: u32, hour_limit: u32) -> ReportingPolicy {
        ReportingPolicy { address_limit, hour_limit, ..ReportingPolicy::default() }
    }

    fn other(number: u8) -> Address {
        format!("198.51.100.{number}").parse().unwrap()
    }

    #[test]
    fn an_address_has_its_messages_of_a_day_and_a_deployment_those_of_an_hour() {
        let (mut ledger, policy) = (Ledger::default(), policy(2, 3));
        let mut take = |of, now| ledger.take(of, now, &policy).map(|_| ());
        assert_eq!(take(address(), noon()), Ok(()));
        assert_eq!(take(address(), noon()), Ok(()));
        assert_eq!(take(address(), noon()), Err(Deferral::AddressLimit));
        assert_eq!(take(other(1), noon()), Ok(()));
        assert_eq!(take(other(2), noon()), Err(Deferral::HourLimit));
        assert_eq!(take(other(2), noon() + TimeDelta::hours(1)), Ok(()));
        assert_eq!(take(address(), noon() + TimeDelta::hours(1)), Err(Deferral::AddressLimit));
        assert_eq!(take(address(), noon() + TimeDelta::days(1)), Ok(()));
    }

    #[test]
    fn beyond_the_slots_of_the_next_seconds_there_are_too_many_at_once() {
        let (mut ledger, policy) = (Ledger::default(), policy(1, 250));
        let taken: Vec<_> = (0..=30).map(|number| ledger.take(other(number), noon(), &policy)).collect();
        assert!(taken[..30].iter().all(Result::is_ok), "{taken:?}");
        assert_eq!(taken[30], Err(Deferral::TooManyAtOnce));
        assert!(ledger.take(other(30), noon() + TimeDelta::seconds(1), &policy).is_ok());
    }

    #[test]
    fn a_clock_that_is_behind_takes_the_slots_of_the_later_hour() {
        let (mut ledger, policy) = (Ledger::default(), policy(9, 1));
        assert!(ledger.take(address(), noon(), &policy).is_ok());
        assert_eq!(ledger.take(address(), noon() - TimeDelta::seconds(1), &policy), Err(Deferral::HourLimit));
    }

    #[test]
    fn without_a_subscriber_there_is_no_slot() {
        let seen = Some(noon());
        let mut ledger = Ledger { silent_since: seen, silent_seen_at: seen, ..Ledger::default() };
        assert_eq!(ledger.take(address(), noon(), &ReportingPolicy::default()), Err(Deferral::NoSubscriber));
        let later = noon() + TimeDelta::hours(1);
        assert!(ledger.take(address(), later, &ReportingPolicy::default()).is_ok(), "no sweep confirms it any more");
    }

    proptest! {
        #[test]
        fn no_second_has_more_than_five_messages(steps in proptest::collection::vec(0..1500_i64, 1..200)) {
            let (mut ledger, mut now, mut sent) = (Ledger::default(), noon(), BTreeMap::<_, u32>::new());
            for step in steps {
                now += TimeDelta::milliseconds(step / 10);
                if let Some(second) = ledger.take_second(now) {
                    prop_assert!(second + TimeDelta::seconds(1) > now && second - now <= AHEAD);
                    *sent.entry(second).or_default() += 1;
                }
            }
            prop_assert!(sent.values().all(|number| *number <= A_SECOND), "{:?}", sent);
        }

        #[test]
        fn no_order_of_messages_exceeds_a_limit(
            messages in proptest::collection::vec((0..4_u8, 0..4000_i64), 1..300),
            address_limit in 1..4_u32,
            hour_limit in 1..20_u32,
        ) {
            let (mut ledger, mut now, policy) = (Ledger::default(), noon(), policy(address_limit, hour_limit));
            let (mut by_hour, mut by_address) = (BTreeMap::<_, u32>::new(), BTreeMap::<_, u32>::new());
            for (of, seconds) in messages {
                now += TimeDelta::seconds(seconds);
                let was_heard = by_address.contains_key(&(Day::of(now), of));
                match ledger.take(other(of), now, &policy) {
                    Ok(_) => {
                        *by_hour.entry(now.duration_trunc(TimeDelta::hours(1)).unwrap()).or_default() += 1;
                        *by_address.entry((Day::of(now), of)).or_default() += 1;
                    }
                    Err(Deferral::AddressLimit) => prop_assert!(was_heard, "an address's first message"),
                    Err(_) => {}
                }
            }
            prop_assert!(by_hour.values().all(|number| *number <= hour_limit), "{:?}", by_hour);
            prop_assert!(by_address.values().all(|number| *number <= address_limit), "{:?}", by_address);
        }
    }
}
