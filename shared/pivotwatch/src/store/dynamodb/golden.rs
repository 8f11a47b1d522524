//! The stored bytes of known facts. Another version reads what this one wrote: whoever changes an encoding or a hash
//! must see that here, and raise the format's number. The bytes were put together by hand, by the wire format of
//! postcard (<https://postcard.jamesmunns.com/wire-format>) and SHA-256.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use litemap::LiteMap;
use serde_json::{Value, json};

use super::item::{self, Item};
use super::{logins_state as logins, tally_state as state};
use crate::detection::failure::{Ordinals, Particulars, Trace, identity};
use crate::detection::hour::{Earliest, Ends, Hour, Latest, Occurrence};
use crate::detection::incident::{LoginReference, MatchedLogins, SourceFailures};
use crate::detection::name_set::NameSet;
use crate::detection::profile::{ProfileHash, Profiles};
use crate::detection::references::References;
use crate::detection::reporting::{Deferral, Reported};
use crate::detection::sample::Sample;
use crate::detection::signal::{Severity, Signal};
use crate::detection::successes::Successes;
use crate::detection::tally::TallyKey;
use crate::detection::{Address, Day, Failure, Incident, Login, Source, Tally};
use crate::store::{Lease, StoredIncident, Version};

const EXPIRES_AT: i64 = 1_780_000_000;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn address() -> Address {
    Address::parse("203.0.113.7").unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// A failure whose record has the id `…number`.
fn failure(number: u32, time: &str, code: &str, user: &str) -> Failure {
    let (time, address, app) = (at(time), address(), "Azure Portal");
    let id = format!("6f1c0e2a-0000-4000-8000-{number:012}");
    let identity = identity(&id, code, &Particulars { time, address, user, app, correlation_id: "" });
    let (source, code) = (Source::Interactive, code.parse().unwrap());
    Failure {
        address,
        source,
        time,
        code,
        identity,
        user: user.to_owned(),
        app: app.to_owned(),
        client_app: "Browser".to_owned(),
        operation: "Sign-in activity".to_owned(),
        user_agent: String::new(),
        trace: Trace { request_id: id, correlation_id: "c".to_owned(), tenant: "t".to_owned(), export: "k".into() },
    }
}

/// Three failures, of which the last was reported with two times. It counts at the first of them.
fn tally() -> Tally {
    let mut tally = Tally::default();
    for (number, time, code, user) in [
        (1, "2026-03-02T12:00:00Z", "50126", "ann@contoso.example"),
        (2, "2026-03-02T12:59:59Z", "50126", "bob@contoso.example"),
        (3, "2026-03-02T13:02:08Z", "50053", "ann@contoso.example"),
        (3, "2026-03-02T13:02:09Z", "50053", "ann@contoso.example"),
    ] {
        tally.add(&failure(number, time, code, user));
    }
    tally.add_successes(&Sample::restore([(0x0102_0304_0506_0708, 46_800)], false));
    tally
}

/// The state of [`tally`].
const TALLY: &str = "
    04                                          the format
    02 05 3530313236 05 3530303533              `50126` `50053`
    08                                          eight texts
      13 616e6e40636f6e746f736f2e6578616d706c65
      13 626f6240636f6e746f736f2e6578616d706c65
      0c 417a75726520506f7274616c
      01 74
      07 42726f77736572
      10 5369676e2d696e206163746976697479
      00
      01 6b
    02
    0c 00 02                                    hour 12: not saturated, with two failures by identity
      258d2e9d6abca58f 8f1c 00 01               of second 3599, with code 0 and bob's profile
      4d2e07760c8892a5 00 00 02                 of second 0, with code 0 and ann's profile
      00                                        no ends
    0d 00 01                                    hour 13: not saturated, with one failure
      e03c1f09ecabdb89 8001 01 02               of second 128, with code 1 and ann's profile
      01                                        with ends
      02 e03c1f09ecabdb89 8001 e03c1f09ecabdb89 8101
      02 e03c1f09ecabdb89 8001 e03c1f09ecabdb89 8101
    00 02                                       users, none dropped: the first two texts
    00 01                                       applications, none dropped: the next text
    00 02                                       profiles, none dropped
      01 02 04 05 06                            user, application, client, operation, user agent
      00 02 04 05 06
    01                                          the first failure
      c0d102 00 00 07                           second, code, user, export
      00 6f1c0e2a000040008000000000000001       request id, a UUID
      01 01 63                                  correlation id, a text
    00 00                                       no right password, none dropped
    00 01                                       tenants, none dropped: the text after the application
    01 0102030405060708 d0ed02 00               one user who succeeded, none dropped
";

/// The bytes of a listing. On each line two blanks end them.
fn listed(listing: &str) -> Vec<u8> {
    let line = |line: &str| bytes(line.trim_start().split("  ").next().unwrap_or_default());
    listing.lines().flat_map(line).collect()
}

#[test]
fn a_tally_is_stored_in_these_bytes() {
    assert_eq!(hex(&state::encode(&tally()).unwrap()), hex(&listed(TALLY)));
    assert_eq!(state::decode(&listed(TALLY)), Ok(tally()));
}

#[test]
fn a_saturated_hour_and_dropped_names_are_stored_in_these_bytes() {
    let listing = "
        04
        01 06 353030313231                      `500121`
        01 13 616e6e40636f6e746f736f2e6578616d706c65
        01
        00 01 01 0102030405060708 8f1c 00 00    hour 0: saturated, with one failure of second 3599 without a profile
          01                                    with ends
          01 0000000000000000 00                the first
          01 ffffffffffffffff 8f1c              the last
        01 ffffffffffffffff 01                  users, with the cut: the first text
        00 00                                   no applications
        01 0000000000000007 00                  profiles, with the cut
        00 00 00                                no references, none dropped
        00 00                                   no tenants
        00 00                                   nobody who succeeded
    ";
    let occurrence = Occurrence { second: 3599, code: "500121".parse().unwrap(), profile: ProfileHash::DROPPED };
    let moments = |moment| [(moment, ())].into_iter().collect();
    let ends = Ends { earliest: Earliest(moments((0, 0))), latest: Latest(moments((3599, u64::MAX))) };
    let hour =
        Hour { sample: Sample::restore([(0x0102_0304_0506_0708, occurrence)], true), ends: Some(Box::new(ends)) };
    let tally = Tally {
        hours: [(0, hour)].into_iter().collect::<LiteMap<_, _>>(),
        users: NameSet::restore(["ann@contoso.example".to_owned()], Some(u64::MAX)),
        apps: NameSet::default(),
        profiles: Profiles::restore([], Some(7)),
        references: References::default(),
        successes: Successes::default(),
    };
    assert_eq!(hex(&state::encode(&tally).unwrap()), hex(&listed(listing)));
    assert_eq!(state::decode(&listed(listing)), Ok(tally));
}

#[test]
fn logins_beyond_those_listed_are_stored_in_these_bytes() {
    let listing = "
        01                                      the format
        01                                      saturated
        33                                      51 hashes
        0000000000000001 0000000000000002 0000000000000003 0000000000000004 0000000000000005 0000000000000006
        0000000000000007 0000000000000008 0000000000000009 000000000000000a 000000000000000b 000000000000000c
        000000000000000d 000000000000000e 000000000000000f 0000000000000010 0000000000000011 0000000000000012
        0000000000000013 0000000000000014 0000000000000015 0000000000000016 0000000000000017 0000000000000018
        0000000000000019 000000000000001a 000000000000001b 000000000000001c 000000000000001d 000000000000001e
        000000000000001f 0000000000000020 0000000000000021 0000000000000022 0000000000000023 0000000000000024
        0000000000000025 0000000000000026 0000000000000027 0000000000000028 0000000000000029 000000000000002a
        000000000000002b 000000000000002c 000000000000002d 000000000000002e 000000000000002f 0000000000000030
        0000000000000031 0000000000000032 ffffffffffffffff
    ";
    let hashes = (1..=50).chain([u64::MAX]).map(|hash| (hash, ()));
    let matched = MatchedLogins::restore([], Sample::restore(hashes, true));
    assert_eq!(logins::encode(&matched).unwrap().as_deref().map(hex), Some(hex(&listed(listing))));
    assert_eq!(logins::decode(BTreeSet::new(), Some(&listed(listing))), Ok(matched));
}

#[test]
fn equal_failures_without_an_id_are_counted_by_these_hashes() {
    let particulars = Particulars {
        time: at("2026-03-02T12:00:00.5Z"),
        address: Address::parse("2001:db8::7").unwrap(),
        user: "ann@contoso.example",
        app: "Azure Portal",
        correlation_id: "c",
    };
    let mut ordinals = Ordinals::default();
    let identities = [1, 2].map(|_| ordinals.identity(Source::Interactive, "", "50126", &particulars));
    // SHA-256 of `particulars`, `2026-03-02T12:00:00.500+00:00` and so on; of `ordinal`, that number, and `2`.
    assert_eq!(identities, [0x47e9_d630_1767_fa99, 0xf721_977b_07eb_4296]);
}

#[test]
fn a_login_is_counted_by_this_hash() {
    let reference = LoginReference { time: at("2026-03-02T12:01:00Z"), event_id: "one".to_owned(), address: None };
    let matched = MatchedLogins::restore([reference], Sample::default());
    let hashes: Vec<_> = matched.counted().entries().map(|(hash, ())| hash).collect();
    // SHA-256 of `2026-03-02T12:01:00+00:00` and `one`, each with a zero byte at its end.
    assert_eq!(hashes, [0x5f78_9fb1_284a_d62d]);
}

/// The items of the facts below, in DynamoDB's JSON, with bytes in hexadecimal.
const ITEMS: &str = include_str!("golden.json");

fn golden(kind: &str) -> Value {
    serde_json::from_str::<Value>(ITEMS).unwrap()[kind].take()
}

fn typed(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::Bool(bool) => json!({"BOOL": bool}),
        AttributeValue::B(bytes) => json!({"B": hex(bytes.as_ref())}),
        AttributeValue::L(list) => json!({"L": list.iter().map(typed).collect::<Vec<_>>()}),
        AttributeValue::M(map) => json!({"M": typed_item(map)}),
        other => panic!("no item has {other:?}"),
    }
}

fn typed_item(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), typed(value))).collect()
}

fn value(typed: &Value) -> AttributeValue {
    let (kind, inner) = typed.as_object().unwrap().iter().next().unwrap();
    let text = || inner.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(inner.as_bool().unwrap()),
        "B" => AttributeValue::B(bytes(&text()).into()),
        "L" => AttributeValue::L(inner.as_array().unwrap().iter().map(value).collect()),
        "M" => AttributeValue::M(item_of(inner)),
        other => panic!("no item has {other}"),
    }
}

fn item_of(typed: &Value) -> HashMap<String, AttributeValue> {
    typed.as_object().unwrap().iter().map(|(name, typed)| (name.clone(), value(typed))).collect()
}

#[test]
fn a_tally_is_this_item() {
    let key =
        TallyKey { address: address(), day: Day::of(at("2026-03-02T12:00:00Z")), kind: Source::Interactive.into() };
    let item = item::of_tally(&key, &tally(), Version(3), EXPIRES_AT, 2).unwrap();
    assert_eq!(typed_item(&item), golden("tally"));
    assert_eq!(item::tally(&item_of(&golden("tally"))), Ok(tally()));
    assert_eq!(golden("tally")["state"]["B"], hex(&listed(TALLY)));
}

fn login() -> Login {
    Login {
        event_id: "8a8cf6a0-5d0c-4f6d-9d3e-6f0d3a1b2c3d".to_owned(),
        time: at("2026-03-02T12:01:00Z"),
        source_ip_address: address(),
        login_result: "Success".to_owned(),
        event_type_name: "AwsConsoleSignIn".to_owned(),
        user_identity_type: "AssumedRole".to_owned(),
        user_identity_arn: "arn:aws:sts::111122223333:assumed-role/Ops/ann@contoso.example".to_owned(),
        user_identity_account_id: "111122223333".to_owned(),
        recipient_account_id: String::new(),
        account_name: "ann".to_owned(),
        account_upn_suffix: "contoso.example".to_owned(),
        aws_region: "us-east-1".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        mfa_used: "No".to_owned(),
    }
}

#[test]
fn a_login_is_this_item() {
    assert_eq!(typed_item(&item::of_login(address(), &login(), EXPIRES_AT).unwrap()), golden("login"));
    assert_eq!(item::login(item_of(&golden("login"))), Ok(login()));
}

/// An incident that was published once, and is about to be published again.
fn incident() -> StoredIncident {
    let failures = SourceFailures {
        by_hour: BTreeMap::new(),
        count: 300,
        count_estimated: true,
        exceeded: true,
        first: at("2026-03-02T12:00:00Z"),
        last: at("2026-03-02T12:00:05Z"),
        error_codes: BTreeMap::from([("50126".to_owned(), 300)]),
        apps: Vec::new(),
        users: BTreeSet::from(["ann@contoso.example".to_owned()]),
        users_total: 1,
        users_estimated: false,
    };
    let signals = BTreeSet::from([Signal::SameUser]);
    StoredIncident {
        incident: Incident::of(&login(), address(), BTreeSet::from([Source::Interactive, Source::NonInteractive])),
        signals: signals.clone(),
        published_at: Some(at("2026-03-02T12:03:00Z")),
        reported: Some(Reported {
            severity: Severity::High,
            signals,
            failures: BTreeMap::from([(Source::Interactive, failures)]),
            end_time: at("2026-03-02T12:02:00Z"),
            at: at("2026-03-02T12:03:00Z"),
        }),
        updates: 1,
        digest: Some("a digest".to_owned()),
        deferral: Some(Deferral::HourLimit),
        lease: Some(Lease { owner: "request/1".to_owned(), until: at("2026-03-02T12:04:00Z") }),
        hidden_by: BTreeSet::from(["office".to_owned()]),
        held_by: BTreeSet::from([uuid::Uuid::from_u128(7)]),
    }
}

#[test]
fn an_incident_is_this_item() {
    assert_eq!(typed_item(&item::of_incident(&incident(), Version(4), EXPIRES_AT).unwrap()), golden("incident"));
    assert_eq!(item::incident(item_of(&golden("incident"))), Ok(incident()));
}
