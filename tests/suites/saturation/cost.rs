//! The cost of a tally: bytes of its item, and write units of each write.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Failure, Tally};
use pivotwatch::store::{Store, Version};
use pivotwatch_tests::dynamodb;
use pivotwatch_tests::facts::{ADDRESS, at};

use super::failure;

/// DynamoDB's limit on the bytes of an item.
const LARGEST_ITEM: usize = 400 * 1024;

/// The size of an item as DynamoDB counts it
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
fn size(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.trim_matches('0').len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size_of_value(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + size(map) + map.len(),
        _ => 1,
    }
}

/// Bytes of the item of a tally, and write units of the item alone.
async fn cost(tally: &Tally) -> (usize, f64) {
    let (store, client) = dynamodb::start().await;
    let key = TallyKey::of(&failure(0, midnight()));
    store.write_tally(&key, tally, Version::NONE).await.unwrap();

    let record = format!("{}#failures#interactive", key.day);
    let item = client
        .get_item()
        .table_name(dynamodb::TABLE)
        .key("ip", AttributeValue::S(ADDRESS.to_owned()))
        .key("record", AttributeValue::S(record))
        .send()
        .await
        .unwrap()
        .item
        .unwrap();
    let written = client
        .put_item()
        .table_name(dynamodb::TABLE)
        .set_item(Some(item.clone()))
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
        .send()
        .await
        .unwrap();
    let units = written.consumed_capacity.and_then(|capacity| capacity.table).and_then(|table| table.capacity_units);
    (size(&item), units.unwrap())
}

fn midnight() -> DateTime<Utc> {
    at("2026-03-02T00:00:00Z")
}

/// A tally with `failures` failures, spread evenly over the day.
fn evenly(failures: u64, failure: impl Fn(u64, DateTime<Utc>) -> Failure) -> Tally {
    let mut tally = Tally::default();
    for number in 0..failures {
        let second = i64::try_from(number * 86_400 / failures).unwrap();
        tally.add(&failure(number, midnight() + TimeDelta::seconds(second)));
    }
    tally
}

/// Prints the table of `docs/DESIGN.md`:
/// `cargo test -p pivotwatch-tests --test saturation what_a_tally_costs -- --nocapture`.
#[tokio::test]
async fn what_a_tally_costs_is_bounded_whatever_an_address_does() {
    println!("| failures a day | shown | item, bytes | write units |\n|---|---|---|---|");
    let mut largest = 0;
    for failures in [6, 60, 600, 6_000, 60_000, 600_000] {
        let tally = evenly(failures, failure);
        let ((bytes, units), shown) = (cost(&tally).await, tally.failures());
        println!("| {failures} | {shown} | {bytes} | {units} |");
        largest = largest.max(bytes);
        let relative = f64::from(u32::try_from(shown).unwrap()) / f64::from(u32::try_from(failures).unwrap()) - 1.0;
        // Five standard deviations of the sum of 24 hours, each of 6.3 %.
        assert!(relative.abs() < 5.0 * 0.063 / 24_f64.sqrt(), "{failures} failures are shown as {shown}");
        let of_the_bytes = bytes.div_ceil(1024);
        assert!((units - f64::from(u32::try_from(of_the_bytes).unwrap())).abs() <= 1.0, "{units} units, {bytes} bytes");
    }
    assert!(largest < LARGEST_ITEM * 3 / 4, "{largest} bytes");
}

#[tokio::test]
async fn invented_codes_and_names_do_not_exceed_the_limit_of_an_item() {
    let tally = evenly(24 * 400, |number, time| Failure {
        code: format!("{:010}", number * 1_000_003).parse().unwrap(),
        user: format!("{number}{}", "é".repeat(100)),
        app: format!("{number}{}", "é".repeat(100)),
        ..failure(number, time)
    });
    let (bytes, _) = cost(&tally).await;
    assert!(bytes < LARGEST_ITEM, "{bytes} bytes");

    let short = |number: u64| {
        let digit = |place: u32| char::from(b'0' + u8::try_from(number / 70_u64.pow(place) % 70).unwrap());
        [digit(0), digit(1), digit(2)].iter().collect::<String>()
    };
    let tally = evenly(24 * 1000, |number, time| Failure {
        code: format!("{:010}", number * 300_007).parse().unwrap(),
        user: short(number),
        app: short(number),
        user_agent: format!("{number}{}", "x".repeat(30)),
        ..failure(number, time)
    });
    let (bytes, _) = cost(&tally).await;
    assert!(bytes < LARGEST_ITEM, "{bytes} bytes with short names");
}
