//! What only DynamoDB has: attributes that people read, an index, expiry, and records that others wrote.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use pivotwatch::detection::Address;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::store::{Reported, Store, StoreError, StoredIncident, UnreadableRecord, Version, WriteOutcome};
use pivotwatch_tests::dynamodb::{TABLE, start};
use pivotwatch_tests::facts::{ADDRESS, noon};
use pivotwatch_tests::known::{Known, known};
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

async fn facts(store: &impl Store) -> Known {
    known(store, key(0).address, key(0).day..=key(0).day).await
}

/// An item as a person sees it; what differs from one run to the next, and the state, only by its kind.
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
    store.write_login(&login("8a8cf6a0", 1)).await.unwrap();
    let stored =
        StoredIncident { published_at: Some(noon()), reported: Some(Reported::from(report())), ..unpublished() };
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

#[tokio::test]
async fn what_has_expired_is_not_known_even_before_it_is_deleted() {
    let (store, client) = start().await;
    let (tally_name, login_name) = ("2026-03-02#failures#interactive", "2026-03-02#login#2026-03-02T12:00:00Z#one");
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_login(&login("one", 0)).await.unwrap();
    for name in [tally_name, login_name] {
        set(&client, name, "expires_at", AttributeValue::N("1000".to_owned())).await;
    }

    let known = facts(&store).await.evidence;
    assert!(known.tallies.is_empty() && known.logins.is_empty());
    assert_eq!(store.write_login(&login("one", 0)).await.unwrap(), WriteOutcome::Done, "an expired login is no login");
    let expired = store.load_tally(&key(0)).await.unwrap().unwrap();
    assert_eq!(expired.value, tally(0));
    assert_eq!(store.write_tally(&key(0), &tally(1), expired.version).await.unwrap(), WriteOutcome::Done);
    let known = facts(&store).await.evidence;
    assert_eq!((known.tallies.len(), known.logins.len()), (1, 1));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named_and_keeps_no_other_back() {
    let (store, client) = start().await;
    let name = "2026-03-02#failures#interactive";
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_login(&login("one", 0)).await.unwrap();
    set(&client, name, "state", AttributeValue::B(vec![9, 9].into())).await;

    let known = facts(&store).await;
    assert_eq!(known.evidence.logins.len(), 1);
    let reason = "its state has the format 9, and this version reads 2".to_owned();
    assert_eq!(known.unreadable, [UnreadableRecord { record: name.to_owned(), cause: reason }]);

    let error = store.load_tally(&key(0)).await.unwrap_err();
    assert_eq!(error.code(), "store.unreadable", "and it is not merged into, which would overwrite it");
}

/// Without a version there is nothing to condition a write on, and a retry could never succeed.
#[tokio::test]
async fn a_record_without_a_version_is_named_at_once() {
    let (store, client) = start().await;
    store.write_tally(&key(0), &tally(6), Version::NONE).await.unwrap();
    store.write_incident(&unpublished(), Version::NONE).await.unwrap();
    for name in ["2026-03-02#failures#interactive".to_owned(), format!("2026-03-02#incident#{}", incident_key().id)] {
        let mut changed = item(&client, &name).await;
        changed.remove("version");
        client.put_item().table_name(TABLE).set_item(Some(changed)).send().await.unwrap();
    }
    for error in [store.load_tally(&key(0)).await.unwrap_err(), store.load_incident(&incident_key()).await.unwrap_err()]
    {
        assert_eq!(error.code(), "store.unreadable");
        assert!(error.to_string().contains("it has no version"), "{error}");
    }
}

#[tokio::test]
async fn an_edited_incident_is_named() {
    let (store, client) = start().await;
    store.write_incident(&unpublished(), Version::NONE).await.unwrap();
    let name = format!("2026-03-02#incident#{}", incident_key().id);
    set(&client, &name, "start_time", AttributeValue::S("noon".to_owned())).await;
    let error = store.load_incident(&incident_key()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { record, .. } if record == name));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_said_with_what_to_do() {
    let (store, client) = start().await;
    client.delete_table().table_name(TABLE).send().await.unwrap();
    let error = store.load_tally(&key(0)).await.unwrap_err();
    assert_eq!(error.code(), "store.unavailable");
    assert!(error.to_string().contains("see whether the table exists"), "{error}");
}
