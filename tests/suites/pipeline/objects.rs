//! `ingest` with invalid objects: a code and a count for each, and no effect on the rest of the batch.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::pipeline::Pipeline;
use pivotwatch::store::{InMemoryStore, Store};
use pivotwatch_tests::facts::{failed, lines, noon, written};
use pivotwatch_tests::pipeline::{Topic, VirtualRuntime, pipeline};
use serde_json::{Value, json};

use super::log_in_at;

fn half_a_gzip() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&lines(&failed(500, noon()))).unwrap();
    let mut bytes = encoder.finish().unwrap();
    bytes.truncate(bytes.len() / 2);
    bytes
}

fn bad_and_good() -> InMemoryObjects {
    let mut objects = InMemoryObjects::default();
    objects.put("picture.json", &b"\x89PNG\r\n"[..]);
    objects.put("half.json.gz", half_a_gzip());
    objects.put("empty.json", "");
    objects.put("good.json", lines(&failed(6, noon())));
    objects
}

/// S3's notification through a queue, one message for each key.
fn queued(keys: &[&str]) -> Value {
    let messages: Vec<_> = keys
        .iter()
        .map(|key| json!({"messageId": format!("message of {key}"), "eventSource": "aws:sqs", "body": written(&[key]).to_string()}))
        .collect();
    json!({"Records": messages})
}

async fn failures_of_the_address(world: &Pipeline<InMemoryStore, Topic, VirtualRuntime>) -> usize {
    log_in_at(world, noon()).await;
    world.notifier.messages().len()
}

#[tokio::test]
async fn a_bad_object_is_refused_by_its_code_and_costs_only_itself() {
    let world = pipeline(InMemoryStore::default());
    let keys = ["picture.json", "half.json.gz", "empty.json", "deleted.json", "folder/", "good.json"];
    let (summary, _) = world.ingest(&bad_and_good(), &written(&keys)).await;
    let refused: Vec<_> = summary.refused.into_iter().collect();
    let expected = ["object.empty", "object.not_an_export", "object.not_found", "object.truncated"];
    assert_eq!(refused, expected.map(|code| (code, 1)));
    assert_eq!(summary.ignored["s3_folder"], 1);
    assert_eq!(failures_of_the_address(&world).await, 1);
}

#[tokio::test]
async fn an_invalid_object_is_not_retried() {
    let world = pipeline(InMemoryStore::default());
    let (_, answer) = world.ingest(&bad_and_good(), &written(&["picture.json", "half.json.gz", "deleted.json"])).await;
    assert_eq!(answer.unwrap(), json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn the_records_before_a_cut_count() {
    let world = pipeline(InMemoryStore::default());
    let (summary, _) = world.ingest(&bad_and_good(), &written(&["half.json.gz"])).await;
    assert!(summary.failures > 100, "{}", summary.failures);
    assert_eq!(failures_of_the_address(&world).await, 1);
}

#[tokio::test]
async fn a_broken_transfer_is_retried_and_the_rest_of_the_batch_is_not_lost() {
    let world = pipeline(InMemoryStore::default());
    let mut objects = bad_and_good();
    objects.put("lost.json", lines(&failed(50, noon())));
    objects.interrupt("lost.json", 30_000);
    let (summary, answer) = world.ingest(&objects, &written(&["lost.json", "good.json"])).await;
    let failed = answer.unwrap_err();
    assert_eq!(failed.code(), "object.transfer");
    assert_eq!(summary.failed["object.transfer"], 1);
    assert_eq!(failures_of_the_address(&world).await, 1);
}

#[tokio::test]
async fn a_queue_gets_the_list_of_messages_to_redeliver() {
    let world = pipeline(InMemoryStore::default());
    let mut objects = bad_and_good();
    objects.interrupt("good.json", 10);
    let (_, answer) = world.ingest(&objects, &queued(&["picture.json", "good.json"])).await;
    let answer = answer.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "message of good.json"}]}));
}

#[tokio::test]
async fn an_event_of_an_unknown_kind_is_acknowledged_and_counted() {
    let world = pipeline(InMemoryStore::default());
    for unheard_of in [json!({"hello": "world"}), json!(null), json!([]), json!("text"), json!({"Records": [7]})] {
        let (summary, answer) = world.ingest(&InMemoryObjects::default(), &unheard_of).await;
        assert_eq!(summary.unrecognised, 1, "{unheard_of}");
        assert!(answer.is_ok());
    }
}

#[tokio::test]
async fn an_object_of_more_addresses_than_the_buffer_holds_is_recorded_whole() {
    let world = pipeline(InMemoryStore::default());
    let mut sign_ins = Vec::new();
    for number in 0..25_000_i64 {
        let mut sign_in = failed(1, noon()).remove(0);
        sign_in.id = format!("sign-in-{number}");
        sign_in.address = format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
        sign_ins.push(sign_in);
    }
    // The six failures of the address, at both ends of the object.
    let six = failed(6, noon());
    let all = [&six[..3], &sign_ins, &six[3..]].concat();
    let mut objects = InMemoryObjects::default();
    objects.put("big.json", lines(&all));
    let (summary, _) = world.ingest(&objects, &written(&["big.json"])).await;
    assert_eq!(summary.failures, 25_006);
    assert_eq!(failures_of_the_address(&world).await, 1);
    let address = "10.0.97.167".parse::<std::net::IpAddr>().unwrap().into();
    let days = [super::day()].into();
    assert_eq!(world.store.load_tallies(address, &days).await.unwrap().records.len(), 1);
}
