//! Generates worlds.
//!
//! Every number is small or near a limit, and the ids are assigned last, in order. Worlds therefore shrink to few rows
//! with simple numbers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::Rule;
use pivotwatch::detection::rule::Order;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{IDENTITIES, Identity, Row, TrailRecord, World};
use crate::facts::{SignIn, at};

/// Addresses, each with other spellings of it.
const ADDRESSES: [&[&str]; 3] = [
    &["203.0.113.7", "203.0.113.7:49152", "::ffff:203.0.113.7", " 203.0.113.7 "],
    &["2001:db8::7", "2001:0DB8:0000:0000:0000:0000:0000:0007", "[2001:db8::7]:443"],
    &["198.51.100.9", "[::ffff:c633:6409]:1"],
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

/// Generates worlds.
pub fn worlds() -> impl Strategy<Value = World> {
    let base = select(vec!["2026-03-02T12:00:00Z", "2026-03-02T23:50:00Z", "2026-03-02T00:00:00Z"]).prop_map(at);
    let again = vec((any::<Index>(), any::<bool>()), 0..4);
    let results = vec((any::<Index>(), codes()), 0..3);
    let twins = vec((any::<Index>(), select(&CATEGORIES[..])), 0..3);
    (rules(), base, vec(groups(), 1..4), vec(strays(), 0..3), (again, results, twins), vec(logins(), 1..5)).prop_map(
        |(rule, base, groups, strays, (again, results, twins), logins)| {
            let mut rows: Vec<Row> = groups.into_iter().flat_map(|group| group.rows(&rule, base)).collect();
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
            let trail =
                logins.into_iter().enumerate().map(|(number, login)| login.record(number, base, &rule)).collect();
            World { rule, rows, trail }
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
    (select(vec![1, 2, 3, 5]), windows, orders).prop_map(|(threshold, window, order)| Rule {
        threshold,
        window,
        order,
        ..Rule::default()
    })
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

/// Failures of one source and address, about as many as the threshold.
#[derive(Clone, Debug)]
struct Group {
    address: usize,
    category: &'static str,
    beyond_threshold: i32,
    rows: Vec<RowSeed>,
}

#[derive(Clone, Debug)]
struct RowSeed {
    moment: Moment,
    microseconds: i64,
    code: &'static str,
    spelling: usize,
    without_id: bool,
    user: &'static str,
}

impl RowSeed {
    /// The row. Its id is empty if it is to get one: the ids are assigned last.
    fn row(self, spellings: &[&str], category: &str, base: DateTime<Utc>, rule: &Rule) -> Row {
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
        |(moment, microseconds, code, spelling, without_id, user)| RowSeed {
            moment,
            microseconds,
            code,
            spelling,
            without_id,
            user,
        },
    )
}

fn groups() -> impl Strategy<Value = Group> {
    (addresses(), select(&CATEGORIES[..]), 0..=3_i32, vec(row_seeds(), MOST))
        .prop_map(|(address, category, beyond_threshold, rows)| Group { address, category, beyond_threshold, rows })
}

/// Mostly the first address, so that failures and logins match.
fn addresses() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0), 1 => 1..ADDRESSES.len()]
}

/// Mostly the usual spelling.
fn spellings() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 1 => 1..4_usize]
}

impl Group {
    fn rows(self, rule: &Rule, base: DateTime<Utc>) -> impl Iterator<Item = Row> {
        let number = rule.threshold.saturating_add_signed(self.beyond_threshold);
        let (spellings, category, rule) = (ADDRESSES[self.address], self.category, rule.clone());
        self.rows.into_iter().take(number as usize).map(move |seed| seed.row(spellings, category, base, &rule))
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
        (Just(ADDRESSES[0][0]), select(&OTHER_CATEGORIES[..])),
    ];
    (row_seeds(), kinds).prop_map(|(seed, (place, category))| Stray { seed, place, category })
}

impl Stray {
    fn row(self, base: DateTime<Utc>, rule: &Rule) -> Row {
        self.seed.row(&[self.place], self.category, base, rule)
    }
}

#[derive(Clone, Debug)]
struct LoginSeed {
    place: &'static str,
    address: Option<IpAddr>,
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
    let places = prop_oneof![
        8 => (addresses(), spellings()).prop_map(|(which, spelling)| {
            let spellings = ADDRESSES[which];
            (spellings[spelling % spellings.len()], address(spellings[0]))
        }),
        1 => select(&ELSEWHERE[..]).prop_map(|place| (place, address(place))),
    ];
    let identities = prop_oneof![2 => Just(IDENTITIES[0]), 1 => select(&IDENTITIES[..])];
    let names = prop_oneof![8 => Just("ConsoleLogin"), 1 => select(vec!["consolelogin", "SwitchRole", "CheckMfa"])];
    let results = prop_oneof![8 => Just("Success"), 1 => select(vec!["SUCCESS", "Failure", ""])];
    // Few values each, so that many logins agree in all of them.
    let types = prop_oneof![8 => Just("AwsConsoleSignIn"), 1 => Just("AwsConsoleSignin")];
    let accounts = prop_oneof![8 => Just("111122223333"), 1 => select(vec!["", "444455556666"])];
    let regions = prop_oneof![4 => Just("eu-north-1"), 1 => select(vec!["us-east-1", "global"])];
    let user_agents = prop_oneof![4 => Just("Mozilla/5.0"), 1 => select(vec!["", "curl/8.0"])];
    let factors = prop_oneof![4 => Just("No"), 1 => select(vec!["Yes", "YES", ""])];
    (places, moments(), identities, (names, types, results), (accounts, regions, user_agents, factors)).prop_map(
        |((place, address), moment, identity, (event_name, event_type, result), rest)| LoginSeed {
            place,
            address,
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
    fn record(self, number: usize, base: DateTime<Utc>, rule: &Rule) -> TrailRecord {
        TrailRecord {
            event_id: format!("l{number}"),
            event_name: self.event_name,
            event_type: self.event_type,
            time: self.moment.after(base, rule),
            source_ip_address: self.place.to_owned(),
            address: self.address,
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
