//! The same sign-ins in several objects: each failure counts once.

use chrono::TimeDelta;
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::store::InMemoryStore;
use pivotwatch_tests::facts::{ADDRESS, SignIn, batch, failed, gzip, lines, noon, written};
use pivotwatch_tests::pipeline::pipeline;
use serde_json::json;

use super::{log_in_at, report};

/// The number of failures that the incident reports after these objects and a login; `None` without an incident.
async fn counted(objects: &[Vec<u8>]) -> Option<u64> {
    counted_under(&["a.json", "b.json", "c.json"], objects).await
}

/// The same with objects under these keys, in order.
async fn counted_under(keys: &[&str], objects: &[Vec<u8>]) -> Option<u64> {
    let world = pipeline(InMemoryStore::default());
    for (key, object) in keys.iter().cycle().zip(objects) {
        let mut bucket = InMemoryObjects::default();
        bucket.put(key, object.clone());
        world.ingest(&bucket, &written(&[key])).await.1.unwrap();
    }
    log_in_at(&world, noon()).await;
    if world.store.all_incidents().is_empty() {
        return None;
    }
    Some(report(&world).await.failures.into_values().map(|failures| failures.count).sum())
}

#[tokio::test]
async fn the_same_sign_ins_in_two_shapes_count_once() {
    let six = failed(6, noon());
    let shapes = |sign_ins: &[SignIn]| [lines(sign_ins), gzip(&batch(sign_ins)), gzip(&lines(sign_ins))];
    assert_eq!(counted(&shapes(&six[..5])).await, None);
    assert_eq!(counted(&shapes(&six)).await, Some(6));
    let [first, second, _] = [&six[..4], &six[2..], &six[..0]].map(lines);
    assert_eq!(counted(&[first, second, batch(&six[1..5])]).await, Some(6), "and where they overlap only");
}

#[tokio::test]
async fn an_append_blob_copied_at_five_lengths_counts_each_failure_once() {
    for number in [5, 6] {
        let whole = lines(&failed(number, noon()));
        // A record that a copy cut is complete in the next copy.
        let copies = [3, 5, 6, 9, 10].map(|tenths| whole[..whole.len() * tenths / 10].to_vec());
        assert_eq!(counted_under(&["PT1H.json"], &copies).await, (number > 5).then_some(6));
    }
}

#[tokio::test]
async fn a_batch_that_azure_publishes_again_counts_once() {
    for number in [5, 6] {
        let sign_ins = failed(number, noon());
        let again: Vec<_> = sign_ins
            .iter()
            .map(|sign_in| {
                let mut record = sign_in.record();
                // It is logged later, with fields that Azure learnt meanwhile.
                record["time"] = json!(noon() + TimeDelta::hours(3));
                record["properties"]["riskState"] = json!("atRisk");
                record
            })
            .collect();
        let again = json!({"records": again}).to_string().into_bytes();
        let in_one_object = [batch(&sign_ins), again.clone(), batch(&sign_ins)].concat();
        assert_eq!(counted(&[in_one_object, again]).await, (number > 5).then_some(6));
    }
}

#[tokio::test]
async fn interim_and_final_rows_of_one_sign_in_are_two_results_and_count_as_two() {
    let finals = failed(3, noon());
    let interim =
        |code: &str| finals.iter().cloned().map(|row| SignIn { code: code.to_owned(), ..row }).collect::<Vec<_>>();
    assert_eq!(counted(&[lines(&finals), lines(&interim("50126"))]).await, None, "the same result again is the same");
    assert_eq!(counted(&[lines(&finals), lines(&interim("50140"))]).await, None, "an interrupt is no failure");
    assert_eq!(counted(&[lines(&finals), lines(&interim("50074"))]).await, Some(6));
}

/// A table without names and ids, with a row for each of these addresses.
fn table(addresses: impl Iterator<Item = String>) -> Vec<u8> {
    let row = |address: String| format!("2026-03-02T12:00:00Z,{address},50126\n");
    let rows: String = addresses.map(row).collect();
    format!("TimeGenerated,IPAddress,ResultType\n{rows}").into_bytes()
}

#[tokio::test]
async fn equal_rows_without_an_id_are_distinct_in_one_object_and_duplicates_in_its_copies() {
    let of = |number: usize| table(std::iter::repeat_n(ADDRESS.to_owned(), number));
    assert_eq!(counted(&[of(50)]).await, Some(50));
    assert_eq!(counted(&[of(6), of(6)]).await, Some(6));
    assert_eq!(counted(&[of(5), of(5), of(5)]).await, None);
    assert_eq!(counted_under(&["grows.csv"], &[of(3), of(7), of(6)]).await, Some(7));
}

#[tokio::test]
async fn equal_rows_without_an_id_are_numbered_across_the_parts_of_an_object() {
    let others = || (0..10_500).map(|number| format!("10.0.{}.{}", number / 250, number % 250));
    let three = || std::iter::repeat_n(ADDRESS.to_owned(), 3);
    assert_eq!(counted(&[table(three().chain(others()).chain(three()))]).await, Some(6));
}
