//! The store's promises: one suite, run against the in-memory store and against DynamoDB.

mod dynamodb;

use chrono::TimeDelta;
use pivotwatch::aws::{self, TrailOutcome};
use pivotwatch::detection::failure::Trace;
use pivotwatch::detection::ledger::Ledger;
use pivotwatch::detection::reporting::{Deferral, Reported, ReportingPolicy};
use pivotwatch::detection::signal::Signal;
use pivotwatch::detection::successes::{Successes, user_hash};
use pivotwatch::detection::tally::{TallyKey, TallyKind};
use pivotwatch::detection::tuning::{Announced, EntryState};
use pivotwatch::detection::{
    Address, Day, Evidence, FailedLogin, Failure, Incident, IncidentReport, Login, Rule, Source, Tally, Tuning,
    incidents,
};
use pivotwatch::store::{
    Announcement, InMemoryStore, IncidentKey, Lease, ListedIncident, Resettlement, Store, StoredIncident, Version,
    Versioned, WriteOutcome,
};
use pivotwatch_tests::facts::{ADDRESS, console_login, noon};
use pivotwatch_tests::store_contents::store_contents;
use serde_json::json;
use uuid::Uuid;

/// Runs each test against both stores.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $test() { super::$test(super::InMemoryStore::default()).await; })+
        }
        mod in_dynamodb {
            $(#[tokio::test] async fn $test() { super::$test(pivotwatch_tests::dynamodb::start().await.0).await; })+
        }
    };
}

on_both!(
    a_record_that_was_never_written_is_absent,
    a_tally_is_loaded_as_it_was_written,
    a_write_over_an_older_version_conflicts_and_changes_nothing,
    of_two_writers_of_the_same_version_one_succeeds,
    a_login_is_written_once,
    an_incident_is_loaded_as_it_was_written,
    an_incident_with_more_logins_than_it_lists_is_loaded_as_it_was_written,
    all_records_of_an_address_on_the_days_are_loaded_and_no_others,
    a_full_tally_has_room,
    several_pages_of_records_are_loaded_whole,
    an_announcement_is_loaded_as_it_was_written,
    incidents_that_are_still_to_be_reported_are_listed,
    the_ledger_is_replaced_only_in_the_version_that_was_loaded,
    the_incidents_of_a_day_are_listed,
    a_tally_is_loaded_with_its_references_and_successes,
    a_tally_of_failed_logins_is_loaded_as_it_was_written,
    facts_of_a_network_are_not_those_of_its_addresses,
    a_held_incident_of_a_network_is_loaded_as_it_was_written,
);

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn key(days_later: i64) -> TallyKey {
    TallyKey {
        address: address(ADDRESS),
        day: Day::of(noon() + TimeDelta::days(days_later)),
        kind: Source::Interactive.into(),
    }
}

fn failure(number: u64, seconds: i64) -> Failure {
    Failure {
        address: address(ADDRESS),
        source: Source::Interactive,
        time: noon() + TimeDelta::seconds(seconds),
        code: "50126".parse().unwrap(),
        identity: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        user: format!("user{number}@contoso.example"),
        app: "Azure Portal".to_owned(),
        client_app: "Browser".to_owned(),
        operation: "Sign-in activity".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        trace: Trace::default(),
    }
}

fn tally(failures: u64) -> Tally {
    let mut tally = Tally::default();
    for number in 0..failures {
        tally.add(&failure(number, i64::try_from(number % 3600).unwrap()));
    }
    tally
}

fn login(event_id: &str, minutes: i64) -> Login {
    let mut record = console_login(event_id, noon() + TimeDelta::minutes(minutes));
    record["additionalEventData"]["MFAUsed"] = json!("No");
    match aws::parse_record(&record) {
        TrailOutcome::Login(login) => *login,
        other => panic!("{other:?}"),
    }
}

fn report() -> IncidentReport {
    let key = key(0);
    let evidence = Evidence {
        tallies: [((key.day, key.kind), tally(6))].into(),
        logins: vec![login("one", 1), login("two", 2)],
        ..Evidence::none(key.address)
    };
    incidents(&evidence, &Rule::default(), &Tuning::default()).remove(0)
}

/// An incident before it is published.
fn unpublished() -> StoredIncident {
    let report = report();
    StoredIncident { signals: report.signals, ..StoredIncident::new(report.incident) }
}

fn incident_key() -> IncidentKey {
    IncidentKey::of(&unpublished().incident)
}

async fn a_record_that_was_never_written_is_absent(store: impl Store) {
    assert_eq!(store.load_tally(&key(0)).await.unwrap(), None);
    assert_eq!(store.load_incident(&incident_key()).await.unwrap(), None);
    let contents = store_contents(&store, key(0).address, key(-1).day..=key(1).day).await;
    assert_eq!(contents.evidence, Evidence::none(key(0).address));
    assert!(contents.unreadable.is_empty());
    let wanted = [incident_key().id].into();
    assert!(store.load_incidents(key(0).address, key(0).day, &wanted).await.unwrap().records.is_empty());
}

async fn a_tally_is_loaded_as_it_was_written(store: impl Store) {
    assert_eq!(store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap(), WriteOutcome::Done);
    let stored = store.load_tally(&key(0)).await.unwrap().unwrap();
    assert_eq!(stored.value, tally(6));
    assert_eq!(store.write_tally(&key(0), &tally(7), stored.version).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.load_tally(&key(0)).await.unwrap().unwrap().value, tally(7));
}

async fn a_write_over_an_older_version_conflicts_and_changes_nothing(store: impl Store) {
    store.write_tally(&key(0), &tally(1), Version::NONE).await.unwrap();
    let first = store.load_tally(&key(0)).await.unwrap().unwrap().version;
    store.write_tally(&key(0), &tally(2), first).await.unwrap();

    for outdated in [Version::NONE, first] {
        assert_eq!(store.write_tally(&key(0), &tally(9), outdated).await.unwrap(), WriteOutcome::Conflict);
    }
    assert_eq!(store.load_tally(&key(0)).await.unwrap().unwrap().value, tally(2));
    assert_eq!(
        store.write_tally(&key(1), &tally(9), first).await.unwrap(),
        WriteOutcome::Conflict,
        "nothing to replace"
    );
}

async fn of_two_writers_of_the_same_version_one_succeeds(store: impl Store) {
    let (key, one, other) = (key(0), tally(1), tally(2));
    let writes =
        tokio::join!(store.write_tally(&key, &one, Version::NONE), store.write_tally(&key, &other, Version::NONE));
    let mut writes = [writes.0.unwrap(), writes.1.unwrap()];
    writes.sort_by_key(|write| *write == WriteOutcome::Conflict);
    assert_eq!(writes, [WriteOutcome::Done, WriteOutcome::Conflict]);
}

async fn a_login_is_written_once(store: impl Store) {
    assert_eq!(store.write_login(key(0).address, &login("one", 0)).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.write_login(key(0).address, &login("one", 0)).await.unwrap(), WriteOutcome::Conflict);
    assert_eq!(store.write_login(key(0).address, &login("two", 0)).await.unwrap(), WriteOutcome::Done);
    let contents = store_contents(&store, key(0).address, key(0).day..=key(0).day).await;
    assert_eq!(contents.evidence.logins, [login("one", 0), login("two", 0)]);
}

async fn an_announcement_is_loaded_as_it_was_written(store: impl Store) {
    assert_eq!(store.load_announcements().await.unwrap().records, []);
    let lease = Some(Lease { owner: "an invocation".to_owned(), until: noon() + TimeDelta::seconds(30) });
    let leased = Announcement { id: "office".to_owned(), announced: None, lease, resettlement: None };
    let written = json!({"id": "office", "threshold": 50, "when": {"cidr": ["192.0.2.0/24"]}, "permanent": true});
    let announced = Some(Announced { written, state: EntryState::Open });
    let resettlement = Some(Resettlement { changed_at: noon(), settle_at: noon() + TimeDelta::minutes(2) });
    let marked = Announcement { announced, lease: None, resettlement, ..leased.clone() };
    assert_eq!(store.write_announcement(&leased, Version::NONE).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.write_announcement(&leased, Version::NONE).await.unwrap(), WriteOutcome::Conflict);
    let first = Versioned { value: leased, version: Version::NONE.next() };
    assert_eq!(store.load_announcements().await.unwrap().records, std::slice::from_ref(&first));
    assert_eq!(store.write_announcement(&marked, first.version).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.write_announcement(&marked, first.version).await.unwrap(), WriteOutcome::Conflict);
    let other = Announcement { id: "backup".to_owned(), ..marked.clone() };
    assert_eq!(store.write_announcement(&other, Version::NONE).await.unwrap(), WriteOutcome::Done);
    let found = store.load_announcements().await.unwrap().records;
    assert_eq!(found.iter().map(|stored| &stored.value).collect::<Vec<_>>(), [&other, &marked]);
}

async fn the_incidents_of_a_day_are_listed(store: impl Store) {
    assert_eq!(store.list_incidents(key(0).day).await.unwrap(), []);
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    let mut keys = Vec::new();
    for number in 0..40_u8 {
        let mut stored = unpublished();
        stored.incident.columns.source_ip_address = address(&format!("192.0.2.{number}"));
        stored.published_at = (number % 2 == 1).then(noon);
        let is_published = stored.published_at.is_some();
        store.write_incident(&stored, Version::NONE).await.unwrap();
        keys.push(ListedIncident { key: IncidentKey::of(&stored.incident), is_published });
    }
    let mut listed = store.list_incidents(key(0).day).await.unwrap();
    listed.sort();
    keys.sort();
    assert_eq!(listed, keys);
    assert_eq!(store.list_incidents(key(1).day).await.unwrap(), [], "they are of another day");
}

async fn incidents_that_are_still_to_be_reported_are_listed(store: impl Store) {
    assert_eq!(store.list_unreported().await.unwrap(), []);
    let (published_at, reported) = (Some(noon()), Some(Reported::of(report(), noon())));
    let published = || StoredIncident { published_at, reported: reported.clone(), ..unpublished() };
    let lease = || Some(Lease { owner: "an invocation".to_owned(), until: noon() });
    let cases = [
        (unpublished(), true),
        (StoredIncident { lease: lease(), ..unpublished() }, true),
        (StoredIncident { hidden_by: ["office".to_owned()].into(), ..unpublished() }, false),
        (StoredIncident { held_by: [Uuid::nil()].into(), ..unpublished() }, false),
        (published(), false),
        (StoredIncident { lease: lease(), ..published() }, true),
        (
            StoredIncident {
                deferral: Some(Deferral::HourLimit),
                updates: 2,
                digest: Some("one".to_owned()),
                ..published()
            },
            true,
        ),
    ];
    let mut expected = Vec::new();
    for (number, (mut stored, is_listed)) in cases.into_iter().enumerate() {
        stored.incident.columns.source_ip_address = address(&format!("192.0.2.{number}"));
        assert_eq!(store.write_incident(&stored, Version::NONE).await.unwrap(), WriteOutcome::Done);
        let key = IncidentKey::of(&stored.incident);
        assert_eq!(store.load_incident(&key).await.unwrap().unwrap().value, stored);
        expected.extend(is_listed.then_some(key));
    }
    let mut listed = store.list_unreported().await.unwrap();
    listed.sort();
    assert_eq!(listed, expected);
}

async fn the_ledger_is_replaced_only_in_the_version_that_was_loaded(store: impl Store) {
    let mut stored = store.load_ledger().await.unwrap();
    assert_eq!(stored, Versioned { value: Ledger::default(), version: Version::NONE });
    stored.value.take(key(0).address, noon(), &ReportingPolicy::default()).unwrap();
    stored.value.silent_since = Some(noon());
    stored.value.observed_on = Some(key(0).day);
    assert_eq!(store.write_ledger(&stored.value, Version::NONE).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.write_ledger(&Ledger::default(), Version::NONE).await.unwrap(), WriteOutcome::Conflict);
    assert_eq!(store.load_ledger().await.unwrap(), Versioned { value: stored.value, version: Version(1) });
}

async fn an_incident_is_loaded_as_it_was_written(store: impl Store) {
    let lease = Lease { owner: "an invocation".to_owned(), until: noon() + TimeDelta::seconds(30) };
    let leased = StoredIncident { lease: Some(lease), ..unpublished() };
    let reported = Some(Reported::of(report(), noon()));
    let published = StoredIncident { published_at: Some(noon()), reported, ..unpublished() };
    let hidden = StoredIncident { hidden_by: ["backup", "office"].map(str::to_owned).into(), ..unpublished() };

    assert_eq!(store.write_incident(&leased, Version::NONE).await.unwrap(), WriteOutcome::Done);
    let stored = store.load_incident(&incident_key()).await.unwrap().unwrap();
    assert_eq!(stored.value, leased);
    assert_eq!(store.write_incident(&leased, Version::NONE).await.unwrap(), WriteOutcome::Conflict);
    assert_eq!(store.write_incident(&hidden, stored.version).await.unwrap(), WriteOutcome::Done);
    let stored = store.load_incident(&incident_key()).await.unwrap().unwrap();
    assert_eq!(stored.value, hidden);
    assert_eq!(store.write_incident(&published, stored.version).await.unwrap(), WriteOutcome::Done);
    let stored = store.load_incident(&incident_key()).await.unwrap().unwrap();
    assert_eq!(stored.value, published);

    let wanted = [incident_key().id].into();
    let found = store.load_incidents(key(0).address, key(0).day, &wanted).await.unwrap();
    assert_eq!(found.records.into_values().collect::<Vec<_>>(), [stored]);
    assert!(store.load_incidents(key(0).address, key(0).day, &[].into()).await.unwrap().records.is_empty());
    assert!(store.load_incidents(key(0).address, key(1).day, &wanted).await.unwrap().records.is_empty());
}

async fn an_incident_with_more_logins_than_it_lists_is_loaded_as_it_was_written(store: impl Store) {
    for number in [50, 51, 256, 257, 400] {
        let mut stored = unpublished();
        for login in (0..number).map(|number| login(&format!("login {number}"), number % 60)) {
            stored.incident.join(Incident::of(&login, login.source_ip_address, [].into()));
        }
        let is_estimated = stored.incident.logins.is_estimated();
        assert_eq!(is_estimated, number > 254, "the incident has two logins of its own");
        let version =
            store.load_incident(&incident_key()).await.unwrap().map_or(Version::NONE, |stored| stored.version);
        store.write_incident(&stored, version).await.unwrap();
        assert_eq!(store.load_incident(&incident_key()).await.unwrap().unwrap().value, stored, "{number} logins");
    }
}

async fn all_records_of_an_address_on_the_days_are_loaded_and_no_others(store: impl Store) {
    for days_later in -2..=2 {
        store.write_tally(&key(days_later), &tally(1), Version::NONE).await.unwrap();
        store.write_login(key(0).address, &login("a", days_later * 24 * 60)).await.unwrap();
    }
    let non_interactive = TallyKey { kind: Source::NonInteractive.into(), ..key(0) };
    store.write_tally(&non_interactive, &tally(2), Version::NONE).await.unwrap();
    let console_logins = TallyKey { kind: TallyKind::ConsoleLogins, ..key(0) };
    store.write_tally(&console_logins, &tally(4), Version::NONE).await.unwrap();
    let elsewhere = TallyKey { address: address("2001:db8::7"), ..key(0) };
    store.write_tally(&elsewhere, &tally(3), Version::NONE).await.unwrap();

    let contents = store_contents(&store, key(0).address, key(-1).day..=key(1).day).await.evidence;
    let tallies: Vec<_> = contents.tallies.keys().copied().collect();
    let interactive = TallyKind::from(Source::Interactive);
    assert_eq!(
        tallies,
        [
            (key(-1).day, interactive),
            (key(0).day, interactive),
            (key(0).day, Source::NonInteractive.into()),
            (key(0).day, TallyKind::ConsoleLogins),
            (key(1).day, interactive)
        ]
    );
    assert_eq!(contents.logins.iter().map(Login::day).collect::<Vec<_>>(), [key(-1).day, key(0).day, key(1).day]);
}

async fn a_tally_is_loaded_with_its_references_and_successes(store: impl Store) {
    let mut tally = Tally::default();
    for (number, code) in (0..60).zip(["50126", "50074", "50053"].into_iter().cycle()) {
        let trace = Trace {
            request_id: uuid::Uuid::from_u128(u128::from(number)).to_string(),
            correlation_id: if number % 2 == 0 { String::new() } else { format!("correlation {number}") },
            tenant: format!("tenant {}", number % 3),
            export: format!("exports/{}.json", number % 5).into(),
        };
        let failed = failure(number, i64::try_from(number).unwrap());
        tally.add(&Failure { code: code.parse().unwrap(), trace, ..failed });
    }
    let mut successes = Successes::default();
    for number in 0..300_u32 {
        successes.add(user_hash(&format!("user{number}")), if number % 7 == 0 { u32::MAX } else { number });
    }
    tally.add_successes(&successes);
    let references = tally.references().clone();
    assert_eq!((references.right_passwords().count(), references.tenants().len()), (16, 3), "four users are dropped");
    assert!(tally.successes().is_saturated());
    store.write_tally(&key(0), &tally, Version::NONE).await.unwrap();
    assert_eq!(store.load_tally(&key(0)).await.unwrap().unwrap().value, tally);
}

async fn a_tally_of_failed_logins_is_loaded_as_it_was_written(store: impl Store) {
    let mut tally = Tally::default();
    for (number, user) in (0..).zip(["alice", "", "bob@contoso.example"]) {
        let (event_id, time) = (user.to_owned(), noon() + TimeDelta::minutes(number));
        tally.add_login(&FailedLogin { event_id, time, source_ip_address: key(0).address, user: user.to_owned() });
    }
    let key = TallyKey { kind: TallyKind::ConsoleLogins, ..key(0) };
    assert_eq!(store.write_tally(&key, &tally, Version::NONE).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.load_tally(&key).await.unwrap().unwrap().value, tally);
}

/// A login of an IPv6 address, and the network of the address.
fn login_of_network() -> (Login, Address) {
    let login = Login { source_ip_address: address("2001:db8::7"), ..login("one", 1) };
    let network = login.source_ip_address.network(64).unwrap();
    (login, network)
}

async fn facts_of_a_network_are_not_those_of_its_addresses(store: impl Store) {
    let (login, network) = login_of_network();
    for address in [login.source_ip_address, network] {
        assert_eq!(store.write_login(address, &login).await.unwrap(), WriteOutcome::Done);
    }
    let key = TallyKey { address: network, ..key(0) };
    store.write_tally(&key, &tally(3), Version::NONE).await.unwrap();
    for (address, tallies) in [(network, 1), (login.source_ip_address, 0), (address("2001:db8::"), 0)] {
        let contents = store_contents(&store, address, key.day..=key.day).await.evidence;
        assert_eq!(contents.tallies.len(), tallies, "{address}");
        let logins = if address == self::address("2001:db8::") { Vec::new() } else { vec![login.clone()] };
        assert_eq!(contents.logins, logins, "{address}");
    }
}

async fn a_held_incident_of_a_network_is_loaded_as_it_was_written(store: impl Store) {
    let (login, network) = login_of_network();
    let sources = [Source::Interactive];
    let held = StoredIncident {
        incident: Incident::of(&login, network, sources.into()),
        signals: Signal::ALL.into(),
        held_by: [Incident::of(&login, login.source_ip_address, sources.into()).id, uuid::Uuid::nil()].into(),
        ..unpublished()
    };
    store.write_incident(&held, Version::NONE).await.unwrap();
    let key = IncidentKey::of(&held.incident);
    assert_eq!((key.address, store.load_incident(&key).await.unwrap().unwrap().value), (network, held));
}

async fn a_full_tally_has_room(store: impl Store) {
    let mut full = Tally::default();
    for number in 0..24 * 400_u64 {
        let seconds = i64::try_from(number % 24).unwrap() * 3600 - 12 * 3600;
        full.add(&Failure { user: format!("{number}{}", "é".repeat(100)), ..failure(number, seconds) });
    }
    assert!(full.is_saturated());
    assert_eq!(store.write_tally(&key(0), &full, Version::NONE).await.unwrap(), WriteOutcome::Done);
    assert_eq!(store.load_tally(&key(0)).await.unwrap().unwrap().value, full);
}

async fn several_pages_of_records_are_loaded_whole(store: impl Store) {
    // A page of DynamoDB has 1 MB.
    for number in 0..40 {
        let big = Login { user_agent: "x".repeat(40_000), ..login(&number.to_string(), number) };
        store.write_login(big.source_ip_address, &big).await.unwrap();
    }
    let contents = store_contents(&store, key(0).address, key(0).day..=key(0).day).await;
    assert_eq!(contents.evidence.logins.len(), 40);
}
