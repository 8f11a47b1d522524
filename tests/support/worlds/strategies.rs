//! Generates worlds.
//!
//! Every number is small or near a limit, and the ids are assigned last, in order. Worlds therefore shrink to few rows
//! with simple numbers.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use pivotwatch::detection::parameters::Order;
use pivotwatch::detection::{Day, Rule};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{IDENTITIES, Identity, Row, Success, TrailRecord, World, source_of};
use crate::facts::{SignIn, at};

/// The addresses of a client, each with its spellings, the canonical one first.
type Client = &'static [&'static [&'static str]];

/// Clients, each with its addresses, each with other spellings of it.
const CLIENTS: [Client; 3] = [
    &[&["203.0.113.7", "203.0.113.7:49152", "::ffff:203.0.113.7", " 203.0.113.7 "]],
    // Rotates within a /120, a /64 and a /48.
    &[
        &["2001:db8::7", "2001:0DB8:0000:0000:0000:0000:0000:0007", "[2001:db8::7]:443"],
        &["2001:db8::8", "2001:DB8:0::8"],
        &["2001:db8::ffff:0:0:9"],
        &["2001:db8:0:1::7"],
    ],
    &[&["198.51.100.9", "[::ffff:c633:6409]:1"]],
];

/// Addresses that never count: loopback, and texts that are no address.
const ELSEWHERE: [&str; 5] = ["127.0.0.1", "::1", "203.0.113.XXX", "signin.amazonaws.com", ""];

/// The rule's two categories, one of them in a second spelling, and categories that it does not count.
const CATEGORIES: [&str; 3] = ["SignInLogs", "NonInteractiveUserSignInLogs", "signInLogs"];
const OTHER_CATEGORIES: [&str; 4] = [
    "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs",
    "ADFSSignInLogs",
    "MicrosoftServicePrincipalSignInLogs",
];

const USERS: [&str; 4] = ["ann@contoso.example", "Bob@Contoso.example", "alice@contoso.example", ""];

/// Failures of a group at most: the largest threshold and three more.
const MOST: usize = 8;

/// Failures of a crowd, each of another user: about as many as are many users.
const CROWD: RangeInclusive<usize> = 9..=12;

/// Generates worlds.
pub fn worlds() -> impl Strategy<Value = World> {
    let base = select(vec!["2026-03-02T12:00:00Z", "2026-03-02T23:50:00Z", "2026-03-02T00:00:00Z"]).prop_map(at);
    let again = vec((any::<Index>(), any::<bool>()), 0..4);
    let results = vec((any::<Index>(), codes()), 0..3);
    let twins = vec((any::<Index>(), select(&CATEGORIES[..])), 0..3);
    // The client with the addresses that rotate fails and logs in as often as the one with a single address.
    let rotates = prop::bool::ANY.prop_map(|rotates| if rotates { [1, 0, 2] } else { [0, 1, 2] });
    let facts = (vec(groups(), 1..4), vec(strays(), 0..3), vec(logins(), 1..5), successes());
    (rules(), base, rotates, facts, (again, results, twins)).prop_map(
        |(rule, base, clients, (groups, strays, logins, successes), (again, results, twins))| {
            let clients = clients.map(|client| CLIENTS[client]);
            let mut rows: Vec<Row> = groups.into_iter().flat_map(|group| group.rows(clients, &rule, base)).collect();
            rows.extend(strays.into_iter().map(|stray| stray.row(base, &rule)));
            for (number, row) in rows.iter_mut().enumerate() {
                if row.sign_in.id.is_empty() {
                    row.sign_in.id = format!("s{number}");
                } else {
                    row.sign_in.id.clear();
                }
            }
            // A second result of one sign-in; one id in two logs; a duplicate row, its id in capitals.
            add(&mut rows, results, |row, code| code.clone_into(&mut row.sign_in.code));
            add(&mut rows, twins, |row, category| category.clone_into(&mut row.sign_in.category));
            add(&mut rows, again, |row, capitals| {
                if capitals {
                    row.sign_in.id.make_ascii_uppercase();
                }
            });
            keep_one_of_equals(&mut rows);
            let record = |(number, login): (usize, LoginSeed)| login.record(number, clients, base, &rule);
            let trail = logins.into_iter().enumerate().map(record).collect();
            let successes = successes.of(&rows);
            World { rule, rows, trail, successes }
        },
    )
}

/// Removes duplicates of rows without an id. Within one object each is a failure, but two objects can repeat it. Their
/// number would therefore depend on how a world is cut.
fn keep_one_of_equals(rows: &mut Vec<Row>) {
    let mut seen = BTreeSet::new();
    rows.retain(|Row { sign_in, address }| {
        let (category, code, user) =
            (sign_in.category.to_lowercase(), sign_in.code.trim(), sign_in.user.to_lowercase());
        !sign_in.id.is_empty() || seen.insert((*address, sign_in.time, category, code.to_owned(), user))
    });
}

fn add<T>(rows: &mut Vec<Row>, changes: Vec<(Index, T)>, change: impl Fn(&mut Row, T)) {
    for (which, what) in changes {
        if !rows.is_empty() {
            let mut row = which.get(rows).clone();
            change(&mut row, what);
            rows.push(row);
        }
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let windows = select(vec![24, 1, 25, 48]).prop_map(TimeDelta::hours);
    let orders = prop_oneof![3 => Just(Order::Any), 1 => Just(Order::FailuresFirst)];
    let networks = prop_oneof![6 => Just("64"), 1 => select(vec!["48", "120", "128", "none"])];
    let successes = prop::bool::weighted(0.9);
    (select(vec![1, 2, 3, 5]), windows, orders, networks, successes).prop_map(
        |(threshold, window, order, network, counts_successes)| Rule {
            threshold,
            window,
            order,
            ipv6_network: network.parse().expect("a length"),
            counts_successes,
            ..Rule::default()
        },
    )
}

/// A time relative to the base.
#[derive(Clone, Debug)]
enum Moment {
    /// Minutes: the simplest case.
    Minutes(i64),
    /// A number of windows, and some seconds more.
    Edge(i64, i64),
    /// Thousandths of a window.
    Part(i64),
}

impl Moment {
    fn after(&self, base: DateTime<Utc>, rule: &Rule) -> DateTime<Utc> {
        base + match self {
            Self::Minutes(minutes) => TimeDelta::minutes(*minutes),
            Self::Edge(windows, seconds) => {
                rule.window * i32::try_from(*windows).expect("few") + TimeDelta::seconds(*seconds)
            }
            Self::Part(thousandths) => TimeDelta::seconds(rule.window.num_seconds() * thousandths / 1000),
        }
    }
}

fn moments() -> impl Strategy<Value = Moment> {
    prop_oneof![
        7 => select(vec![0, 1, 5, 10, 30]).prop_map(Moment::Minutes),
        3 => (select(vec![1_i64, -1, 0, 2, -2]), -1..=1_i64).prop_map(|(windows, seconds)| Moment::Edge(windows, seconds)),
        1 => (-2000..=2000_i64).prop_map(Moment::Part),
    ]
}

fn codes() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => select(vec!["50126", "50053", "50074", "7000215"]),
        1 => select(vec!["0", "50125", "50140", " 50140 "]),
    ]
}

/// Failures of one source and client: about as many as the threshold, or of a crowd of users.
#[derive(Clone, Debug)]
struct Group {
    client: usize,
    category: &'static str,
    beyond_threshold: i32,
    /// The number of failures, each of another user, if the group is a crowd.
    crowd: Option<usize>,
    /// The address of all rows; `None` if they have addresses of their own.
    address: Option<usize>,
    rows: Vec<RowSeed>,
}

#[derive(Clone, Debug)]
struct RowSeed {
    moment: Moment,
    microseconds: i64,
    code: &'static str,
    address: usize,
    spelling: usize,
    without_id: bool,
    user: &'static str,
}

impl RowSeed {
    /// The row. Its id is empty if it is to get one: the ids are assigned last.
    fn row(self, client: &[&[&str]], category: &str, base: DateTime<Utc>, rule: &Rule) -> Row {
        let spellings = client[self.address % client.len()];
        let spelling = spellings[self.spelling % spellings.len()];
        Row {
            address: address(spellings[0]),
            sign_in: SignIn {
                id: if self.without_id { "none".to_owned() } else { String::new() },
                time: self.moment.after(base, rule) + TimeDelta::microseconds(self.microseconds),
                address: spelling.to_owned(),
                code: self.code.to_owned(),
                category: category.to_owned(),
                user: self.user.to_owned(),
            },
        }
    }
}

fn row_seeds() -> impl Strategy<Value = RowSeed> {
    let without_id = prop::bool::weighted(0.1);
    let microseconds = prop_oneof![3 => Just(0), 1 => 0..1_000_000_i64];
    (moments(), microseconds, codes(), spellings(), without_id, select(&USERS[..])).prop_map(
        |(moment, microseconds, code, (address, spelling), without_id, user)| RowSeed {
            moment,
            microseconds,
            code,
            address,
            spelling,
            without_id,
            user,
        },
    )
}

fn groups() -> impl Strategy<Value = Group> {
    let (crowd, address) = (option::weighted(0.1, CROWD), option::of(0..2_usize));
    (clients(), select(&CATEGORIES[..]), 0..=3_i32, crowd, address, vec(row_seeds(), *CROWD.end())).prop_map(
        |(client, category, beyond_threshold, crowd, address, rows)| Group {
            client,
            category,
            beyond_threshold,
            crowd,
            address,
            rows,
        },
    )
}

/// Mostly the first client, so that failures and logins match.
fn clients() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0), 1 => 1..CLIENTS.len()]
}

/// One of the client's addresses, and of the address's spellings. Mostly the first address and the usual spelling.
fn spellings() -> impl Strategy<Value = (usize, usize)> {
    let addresses = prop_oneof![3 => Just(0), 2 => 1..4_usize];
    (addresses, prop_oneof![3 => Just(0), 1 => 1..4_usize])
}

impl Group {
    fn rows(self, clients: [Client; 3], rule: &Rule, base: DateTime<Utc>) -> Vec<Row> {
        let number = rule.threshold.saturating_add_signed(self.beyond_threshold) as usize;
        let number = self.crowd.unwrap_or(number.min(MOST));
        let seeds = self.rows.into_iter().take(number);
        let seeds = seeds.map(|seed| RowSeed { address: self.address.unwrap_or(seed.address), ..seed });
        let mut rows: Vec<_> = seeds.map(|seed| seed.row(clients[self.client], self.category, base, rule)).collect();
        if self.crowd.is_some() {
            for (number, row) in rows.iter_mut().enumerate() {
                row.sign_in.user = format!("user{number}@contoso.example");
            }
        }
        rows
    }
}

/// Successes beside the failures of a world.
#[derive(Clone, Debug)]
struct SuccessSeeds {
    /// Whether every user who fails then succeeds, as in an office.
    is_office: bool,
    /// For each: a row, another of whose source it is, a user, and the second of the row's day.
    some: Vec<(Index, Index, &'static str, u32)>,
}

fn successes() -> impl Strategy<Value = SuccessSeeds> {
    let seed = (any::<Index>(), any::<Index>(), select(&USERS[..3]), 0..86_400_u32);
    (prop::bool::weighted(0.2), vec(seed, 0..4)).prop_map(|(is_office, some)| SuccessSeeds { is_office, some })
}

impl SuccessSeeds {
    fn of(self, rows: &[Row]) -> Vec<Success> {
        let success = |row: &Row, of_source: &Row, user: &str, second: u32| {
            Some(Success {
                address: row.address?,
                source: source_of(&of_source.sign_in.category)?,
                time: Day::of(row.sign_in.time).at(second),
                user: Some(user.to_lowercase()).filter(|user| !user.is_empty())?,
            })
        };
        let some = self.some.into_iter().filter(|_| !rows.is_empty());
        let some =
            some.filter_map(|(row, source, user, second)| success(row.get(rows), source.get(rows), user, second));
        let office = rows.iter().filter(|_| self.is_office);
        let second = |row: &Row| row.sign_in.time.num_seconds_from_midnight();
        let office = office.filter_map(|row| success(row, row, &row.sign_in.user, second(row)));
        some.chain(office).collect()
    }
}

/// A row that never counts, because of its address or its category.
#[derive(Clone, Debug)]
struct Stray {
    seed: RowSeed,
    place: &'static str,
    category: &'static str,
}

fn strays() -> impl Strategy<Value = Stray> {
    let kinds = prop_oneof![
        (select(&ELSEWHERE[..]), select(&CATEGORIES[..])),
        (Just(CLIENTS[0][0][0]), select(&OTHER_CATEGORIES[..])),
    ];
    (row_seeds(), kinds).prop_map(|(seed, (place, category))| Stray { seed, place, category })
}

impl Stray {
    fn row(self, base: DateTime<Utc>, rule: &Rule) -> Row {
        self.seed.row(&[&[self.place]], self.category, base, rule)
    }
}

/// Where a login comes from.
#[derive(Clone, Debug)]
enum Origin {
    /// A client, and which of its addresses and spellings.
    Client(usize, (usize, usize)),
    Elsewhere(&'static str),
}

#[derive(Clone, Debug)]
struct LoginSeed {
    origin: Origin,
    moment: Moment,
    identity: Identity,
    event_name: &'static str,
    event_type: &'static str,
    result: &'static str,
    recipient_account_id: &'static str,
    region: &'static str,
    user_agent: &'static str,
    mfa_used: &'static str,
}

fn logins() -> impl Strategy<Value = LoginSeed> {
    let origins = prop_oneof![
        8 => (clients(), spellings()).prop_map(|(client, spelling)| Origin::Client(client, spelling)),
        1 => select(&ELSEWHERE[..]).prop_map(Origin::Elsewhere),
    ];
    let identities = prop_oneof![2 => Just(IDENTITIES[0]), 1 => select(&IDENTITIES[..])];
    let names = prop_oneof![8 => Just("ConsoleLogin"), 1 => select(vec!["consolelogin", "SwitchRole", "CheckMfa"])];
    let results = prop_oneof![8 => Just("Success"), 2 => select(vec!["SUCCESS", "Failure", "failure", ""])];
    // Few values each, so that many logins agree in all of them.
    let types = prop_oneof![8 => Just("AwsConsoleSignIn"), 1 => Just("AwsConsoleSignin")];
    let accounts = prop_oneof![8 => Just("111122223333"), 1 => select(vec!["", "444455556666"])];
    let regions = prop_oneof![4 => Just("eu-north-1"), 1 => select(vec!["us-east-1", "global"])];
    let user_agents = prop_oneof![4 => Just("Mozilla/5.0"), 1 => select(vec!["", "curl/8.0"])];
    let factors = prop_oneof![4 => Just("No"), 1 => select(vec!["Yes", "YES", ""])];
    (origins, moments(), identities, (names, types, results), (accounts, regions, user_agents, factors)).prop_map(
        |(origin, moment, identity, (event_name, event_type, result), rest)| LoginSeed {
            origin,
            moment,
            identity,
            event_name,
            event_type,
            result,
            recipient_account_id: rest.0,
            region: rest.1,
            user_agent: rest.2,
            mfa_used: rest.3,
        },
    )
}

impl LoginSeed {
    fn record(self, number: usize, clients: [Client; 3], base: DateTime<Utc>, rule: &Rule) -> TrailRecord {
        let (spelled, canonical) = match self.origin {
            Origin::Client(client, (which, spelling)) => {
                let spellings = clients[client][which % clients[client].len()];
                (spellings[spelling % spellings.len()], spellings[0])
            }
            Origin::Elsewhere(text) => (text, text),
        };
        TrailRecord {
            event_id: format!("l{number}"),
            event_name: self.event_name,
            event_type: self.event_type,
            time: self.moment.after(base, rule),
            source_ip_address: spelled.to_owned(),
            address: address(canonical),
            result: self.result,
            identity: self.identity,
            recipient_account_id: self.recipient_account_id,
            region: self.region,
            user_agent: self.user_agent,
            mfa_used: self.mfa_used,
        }
    }
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}
