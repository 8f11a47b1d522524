//! Generates sign-ins: user, time, address and result.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};

use crate::chance::{Chance, Zipf};

/// Addresses that sign in, and those of them that fail often.
const ADDRESSES: u32 = 40_000;
const FAILING_ADDRESSES: u32 = 60_000;
const USERS: u32 = 20_000;

/// Failures among a hundred sign-ins; the rest are successes.
const FAILURES: u64 = 12;

/// Result codes other than success, roughly by descending frequency. The rule does not count the last two.
const CODES: [&str; 14] = [
    "50126", "50126", "50126", "50126", "50053", "50074", "50076", "50158", "50055", "53003", "700016", "65001",
    "50125", "50140",
];

#[derive(Clone, Debug)]
pub struct SignIn {
    /// The time of the sign-in.
    pub time: DateTime<Utc>,
    /// The time of logging, minutes later. Exports have this order.
    pub logged: DateTime<Utc>,
    /// The address, in one spelling.
    pub address: String,
    /// The result code.
    pub code: &'static str,
    /// `true` if the sign-in was interactive.
    pub is_interactive: bool,
    /// The number of the user.
    pub(crate) user: u64,
    /// The seed of the other fields.
    pub(crate) chance: Chance,
}

/// The sign-ins of a day in the order of logging, which is roughly that of their times.
#[derive(Clone, Debug)]
pub struct SignIns {
    chance: Chance,
    addresses: Zipf,
    failing: Zipf,
    users: Zipf,
    begin: DateTime<Utc>,
    made: u32,
    all: u32,
}

impl SignIns {
    /// Generates `all` sign-ins from `seed`, spread over the day that starts at `begin`.
    #[must_use]
    pub fn new(seed: u64, begin: DateTime<Utc>, all: u32) -> Self {
        Self {
            chance: Chance::new(seed),
            addresses: Zipf::new(ADDRESSES),
            failing: Zipf::new(FAILING_ADDRESSES),
            users: Zipf::new(USERS),
            begin,
            made: 0,
            all,
        }
    }
}

impl Iterator for SignIns {
    type Item = SignIn;

    fn next(&mut self) -> Option<SignIn> {
        if self.made == self.all {
            return None;
        }
        let second = i64::from(self.made) * 86_400 / i64::from(self.all);
        self.made += 1;
        let chance = &mut self.chance;
        let failed = chance.happens(FAILURES);
        let late = TimeDelta::microseconds(i64::try_from(chance.below(210_000_000)).unwrap_or_default());
        let logged = self.begin + TimeDelta::seconds(second);
        Some(SignIn {
            time: (logged - late).max(self.begin),
            logged,
            address: address(if failed { 500 + self.failing.rank(chance) } else { self.addresses.rank(chance) }),
            code: if failed { chance.one_of(&CODES) } else { "0" },
            is_interactive: chance.happens(35),
            user: self.users.rank(chance),
            chance: Chance::new(chance.number()),
        })
    }
}

/// The address of a rank, every fourth an IPv6 address. The blocks are reserved for documentation and tests.
fn address(rank: u64) -> String {
    let mixed = Chance::new(rank).number().to_be_bytes();
    if rank % 4 == 3 {
        let group = |at: usize| u16::from_be_bytes([mixed[at], mixed[at + 1]]);
        Ipv6Addr::new(0x2001, 0xdb8, group(0), group(2), group(4) & 0xff, 0, group(6), 1).to_string()
    } else {
        Ipv4Addr::new(198, 18 + (mixed[0] & 1), mixed[1], mixed[2]).to_string()
    }
}
