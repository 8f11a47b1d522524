//! DynamoDB alone: attributes for people, the index, expiry, and records of other writers.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{TimeDelta, Utc};
use pivotwatch::detection::reporting::Reported;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Day, Incident, Login, Rule, Tuning};
use pivotwatch::store::{
    IncidentKey, Store, StoreError, StoredIncident, UnreadableRecord, Version, WriteOutcome, record_name,
};
use pivotwatch_tests::dynamodb::{TABLE, TUNING_TABLE, create_tuning_table, start};
use pivotwatch_tests::facts::{ADDRESS, noon};
use pivotwatch_tests::store_contents::{StoreContents, store_contents};
use serde_json::{Map, Value, json};

use super::{incident_key, key, login, report, tally, unpublished};

async fn item(client: &Client, record: &str) -> HashMap<String, AttributeValue> {
    get(client, ADDRESS, record).await
}

async fn get(client: &Client, address: &str, record: &str) -> HashMap<String, AttributeValue> {
    let answer = client
        .get_item()
        .table_name(TABLE)
        .key("ip", AttributeValue::S(address.to_owned()))
        .key("record", AttributeValue::S(record.to_owned()));
    answer.send().await.unwrap().item.unwrap()
}

async fn set(client: &Client, record: &str, attribute: &str, value: AttributeValue) {
    let mut changed = item(client, record).await;
    changed.insert(attribute.to_owned(), value);
    client.put_item().table_name(TABLE).set_item(Some(changed)).send().await.unwrap();
}

async fn facts(store: &impl Store) -> StoreContents {
    store_contents(store, key(0).address, key(0).day..=key(0).day).await
}

/// An item as people see it, with placeholders for the state and for values that differ between runs.
fn readable(item: &HashMap<String, AttributeValue>) -> Value {
    let sorted: std::collections::BTreeMap<_, _> = item.iter().collect();
    let shown = |(name, value): (&String, &AttributeValue)| {
        let value = if name == "expires_at" { json!("[seconds since the epoch]") } else { plain(value) };
        (name.clone(), value)
    };
    Value::Object(sorted.into_iter().map(shown).collect::<Map<_, _>>())
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(number) => json!(number.parse::<i64>().unwrap()),
        AttributeValue::Bool(bool) => json!(bool),
        AttributeValue::Null(_) => json!(null),
        AttributeValue::B(_) => json!("[bytes]"),
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::M(map) => readable(map),
        other => panic!("people do not read {other:?}"),
    }
}

#[tokio::test]
async fn people_read_plain_attributes() {
    let (store, client) = start().await;
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_login(key(0).address, &login("8a8cf6a0", 1)).await.unwrap();
    let stored =
        StoredIncident { published_at: Some(noon()), reported: Some(Reported::of(report(), noon())), ..unpublished() };
    store.write_incident(&stored, Version::NONE).await.unwrap();

    let names = [
        "2026-03-02#failures#interactive".to_owned(),
        "2026-03-02#login#2026-03-02T12:01:00Z#8a8cf6a0".to_owned(),
        format!("2026-03-02#incident#{}", incident_key().id),
    ];
    let mut records = Vec::new();
    for name in names {
        records.push(readable(&item(&client, &name).await));
    }
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn a_days_incidents_and_its_worst_addresses_are_listed() {
    let (store, client) = start().await;
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_tally(&key(1), &tally(5), Version::NONE).await.unwrap();
    store.write_incident(&unpublished(), Version::NONE).await.unwrap();

    for (listed, expected) in [("2026-03-02#incident", 1), ("2026-03-02#failures", 1), ("2026-03-03#failures", 0)] {
        let mut found = 0;
        for shard in "0123456789abcdef".chars() {
            let of_shard = client
                .query()
                .table_name(TABLE)
                .index_name("by_day")
                .key_condition_expression("listed = :listed")
                .expression_attribute_values(":listed", AttributeValue::S(format!("{listed}#{shard}")));
            found += of_shard.send().await.unwrap().count();
        }
        assert_eq!(found, expected, "{listed}");
    }
}

#[tokio::test]
async fn the_addresses_of_a_day_are_spread_over_the_shards_of_the_index() {
    let (store, client) = start().await;
    let mut shards = std::collections::BTreeSet::new();
    for number in 0..64 {
        let key = TallyKey { address: Address::from(std::net::IpAddr::from([203, 0, 113, number])), ..key(0) };
        store.write_tally(&key, &tally(6), Version::NONE).await.unwrap();
        let item = get(&client, &key.address.to_string(), "2026-03-02#failures#interactive").await;
        shards.insert(item["listed"].as_s().unwrap().clone());
    }
    assert!(shards.len() >= 12, "{shards:?}");
}

/// Expiry of every kind of record, of a day in the past and of a day to come.
#[tokio::test]
async fn a_record_expires_the_retention_after_the_later_of_its_day_and_its_writing() {
    let retention = TimeDelta::days(90);
    let (store, client) = start().await;
    let today = Day::of(Utc::now());
    for day in [today.before(300), today.before(2), today.after(2)] {
        let login = Login { time: day.at(12 * 3600), ..login("one", 0) };
        let incident = Incident::of(&login, login.source_ip_address, [].into());
        let key = TallyKey { day, ..key(0) };
        let names =
            [record_name::tally(&key), record_name::login(&login), record_name::incident(&IncidentKey::of(&incident))];

        let before = Utc::now();
        store.write_tally(&key, &tally(6), Version::NONE).await.unwrap();
        store.write_login(login.source_ip_address, &login).await.unwrap();
        store.write_incident(&StoredIncident { incident, ..unpublished() }, Version::NONE).await.unwrap();
        let after = Utc::now();

        let end_of_day = day.after(1).start();
        let expected =
            (end_of_day.max(before) + retention).timestamp()..=(end_of_day.max(after) + retention).timestamp();
        for name in names {
            let expires_at: i64 = item(&client, &name).await["expires_at"].as_n().unwrap().parse().unwrap();
            assert!(expected.contains(&expires_at), "{name} expires at {expires_at}, not in {expected:?}");
        }
    }
}

#[tokio::test]
async fn expired_records_are_skipped_before_their_deletion() {
    let (store, client) = start().await;
    let (tally_name, login_name) = ("2026-03-02#failures#interactive", "2026-03-02#login#2026-03-02T12:00:00Z#one");
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_login(key(0).address, &login("one", 0)).await.unwrap();
    for name in [tally_name, login_name] {
        set(&client, name, "expires_at", AttributeValue::N("1000".to_owned())).await;
    }

    let contents = facts(&store).await.evidence;
    assert!(contents.tallies.is_empty() && contents.logins.is_empty());
    assert_eq!(
        store.write_login(key(0).address, &login("one", 0)).await.unwrap(),
        WriteOutcome::Done,
        "an expired login is no login"
    );
    let expired = store.load_tally(&key(0)).await.unwrap().unwrap();
    assert_eq!(expired.value, tally(0));
    assert_eq!(store.write_tally(&key(0), &tally(1), expired.version).await.unwrap(), WriteOutcome::Done);
    let contents = facts(&store).await.evidence;
    assert_eq!((contents.tallies.len(), contents.logins.len()), (1, 1));
}

#[tokio::test]
async fn an_unreadable_record_is_reported_and_does_not_affect_others() {
    let (store, client) = start().await;
    let name = "2026-03-02#failures#interactive";
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_login(key(0).address, &login("one", 0)).await.unwrap();
    set(&client, name, "state", AttributeValue::B(vec![9, 9].into())).await;

    let contents = facts(&store).await;
    assert_eq!(contents.evidence.logins.len(), 1);
    let reason = "its state has the format 9, and this version reads 4".to_owned();
    assert_eq!(contents.unreadable, [UnreadableRecord { record: name.to_owned(), cause: reason }]);

    let error = store.load_tally(&key(0)).await.unwrap_err();
    assert_eq!(error.code(), "store.unreadable", "and it is not merged into, which would overwrite it");
}

#[tokio::test]
async fn a_tally_without_a_state_or_of_an_unknown_source_is_named() {
    let (store, client) = start().await;
    let name = "2026-03-02#failures#interactive";
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    let mut changed = item(&client, name).await;
    changed.remove("state");
    client.put_item().table_name(TABLE).set_item(Some(changed.clone())).send().await.unwrap();
    changed.insert("record".to_owned(), AttributeValue::S("2026-03-02#failures#somewhere".to_owned()));
    client.put_item().table_name(TABLE).set_item(Some(changed)).send().await.unwrap();

    let unreadable =
        |record: &str, cause: &str| UnreadableRecord { record: record.to_owned(), cause: cause.to_owned() };
    let expected = [
        unreadable(name, "it has no state"),
        unreadable("2026-03-02#failures#somewhere", "its name is not that of a tally"),
    ];
    assert_eq!(facts(&store).await.unreadable, expected);
}

#[tokio::test]
async fn a_tally_that_never_expires_is_not_taken_for_expired() {
    let (store, client) = start().await;
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    let mut changed = item(&client, "2026-03-02#failures#interactive").await;
    changed.remove("expires_at");
    client.put_item().table_name(TABLE).set_item(Some(changed)).send().await.unwrap();
    assert_eq!(store.load_tally(&key(0)).await.unwrap().unwrap().value, tally(6));
}

/// A write needs a version for its condition, so a retry could never succeed.
#[tokio::test]
async fn a_record_without_a_version_is_an_error_without_a_retry() {
    let (store, client) = start().await;
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_incident(&unpublished(), Version::NONE).await.unwrap();
    for version in [None, Some("0"), Some("-1")] {
        for name in ["2026-03-02#failures#interactive".to_owned(), format!("2026-03-02#incident#{}", incident_key().id)]
        {
            let mut changed = item(&client, &name).await;
            changed.remove("version");
            changed.extend(version.map(|version| ("version".to_owned(), AttributeValue::N(version.to_owned()))));
            client.put_item().table_name(TABLE).set_item(Some(changed)).send().await.unwrap();
        }
        for error in
            [store.load_tally(&key(0)).await.unwrap_err(), store.load_incident(&incident_key()).await.unwrap_err()]
        {
            assert_eq!(error.code(), "store.unreadable");
            assert!(error.to_string().contains("it has no version"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_edited_incident_is_reported_by_name() {
    let (store, client) = start().await;
    store.write_incident(&unpublished(), Version::NONE).await.unwrap();
    let name = format!("2026-03-02#incident#{}", incident_key().id);
    set(&client, &name, "start_time", AttributeValue::S("noon".to_owned())).await;
    let error = store.load_incident(&incident_key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { record, .. } if record == name));
}

#[tokio::test]
async fn a_missing_table_is_reported_with_its_remedy() {
    let (store, client) = start().await;
    client.delete_table().table_name(TABLE).send().await.unwrap();
    let (tally, login, incident, wanted) = (tally(6), login("one", 0), unpublished(), [incident_key().id].into());
    let (key, address, day) = (key(0), key(0).address, key(0).day);
    for (operation, error) in [
        ("loading a tally", store.load_tally(&key).await.unwrap_err()),
        ("writing a tally", store.write_tally(&key, &tally, Version::NONE).await.unwrap_err()),
        ("writing a tally", store.write_tally(&key, &tally, Version(1)).await.unwrap_err()),
        ("writing a login", store.write_login(login.source_ip_address, &login).await.unwrap_err()),
        ("loading the tallies of an address", store.load_tallies(address, &[day].into()).await.unwrap_err()),
        ("loading the logins of an address", store.load_logins(address, day, None).await.unwrap_err()),
        ("loading the incidents of an address", store.load_incidents(address, day, &wanted).await.unwrap_err()),
        ("loading an incident", store.load_incident(&incident_key()).await.unwrap_err()),
        ("writing an incident", store.write_incident(&incident, Version::NONE).await.unwrap_err()),
    ] {
        assert_eq!(error.code(), "store.unavailable", "{operation}");
        assert!(error.to_string().starts_with(&format!("{operation} failed: ")), "{error}");
        assert!(error.to_string().contains("see whether the table exists"), "{error}");
    }
}

#[tokio::test]
async fn tuning_entries_are_plain_attributes_of_every_type() {
    let (store, client) = start().await;
    assert!(!store.has_tuning_table());
    assert_eq!(store.load_tuning_entries().await.unwrap(), [Value::Null; 0]);
    create_tuning_table(&client).await;
    let store = store.with_tuning_table(Some(TUNING_TABLE.to_owned()));
    assert!(store.has_tuning_table());
    assert_eq!(store.load_tuning_entries().await.unwrap(), [Value::Null; 0]);

    let text = |text: &str| AttributeValue::S(text.to_owned());
    let list = AttributeValue::L(vec![text("192.0.2.0/24")]);
    let sources = AttributeValue::Ss(vec!["interactive".to_owned()]);
    let when = HashMap::from([("cidr".to_owned(), list), ("source".to_owned(), sources)]);
    for (id, threshold) in [("office", AttributeValue::N("50".to_owned())), ("odd", AttributeValue::B(vec![7].into()))]
    {
        let put = client.put_item().table_name(TUNING_TABLE).item("id", text(id)).item("threshold", threshold);
        let put = put.item("when", AttributeValue::M(when.clone())).item("permanent", AttributeValue::Bool(true));
        put.item("reason", text("many users")).item("author", text("ann")).send().await.unwrap();
    }
    let entries = store.load_tuning_entries().await.unwrap();
    assert_eq!(entries.len(), 2);
    let expected = json!({
        "id": "office", "threshold": 50, "when": {"cidr": ["192.0.2.0/24"], "source": ["interactive"]},
        "reason": "many users", "author": "ann", "permanent": true,
    });
    assert!(entries.contains(&expected), "{entries:?}");
    let tuning = Tuning::parse(entries, &Rule::default());
    assert_eq!((tuning.entries().count(), tuning.invalid().len()), (1, 1), "{tuning:?}");
}

#[tokio::test]
async fn more_tuning_entries_than_a_page_holds_are_all_loaded() {
    let (store, client) = start().await;
    create_tuning_table(&client).await;
    let reason = "x".repeat(300 * 1024);
    for number in 0..5 {
        let put = client.put_item().table_name(TUNING_TABLE).item("id", AttributeValue::S(format!("e{number}")));
        put.item("reason", AttributeValue::S(reason.clone())).send().await.unwrap();
    }
    let store = store.with_tuning_table(Some(TUNING_TABLE.to_owned()));
    assert_eq!(store.load_tuning_entries().await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_missing_tuning_table_is_an_error() {
    let store = start().await.0.with_tuning_table(Some(TUNING_TABLE.to_owned()));
    let error = store.load_tuning_entries().await.unwrap_err();
    assert!(error.to_string().starts_with("loading the tuning entries failed: "), "{error}");
}
