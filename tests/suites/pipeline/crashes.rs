//! Concurrent, failed and killed invocations, and the recovery by the next one.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use futures_util::future::join_all;
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::pipeline::{Invocation, Runtime};
use pivotwatch::store::{InMemoryStore, Store};
use pivotwatch_tests::dynamodb;
use pivotwatch_tests::facts::{SignIn, console_login, event, failed, lines, noon, written};
use pivotwatch_tests::pipeline::pipeline;

use super::{World, export, log_in_at, only};

/// Runs `detect` with a topic that sends but never answers, and kills the invocation there.
async fn die_while_publishing<S: Store>(world: &World<S>) {
    world.notifier.kill_unanswered(world.detect(&event(&console_login("one", noon())))).await;
}

#[tokio::test]
async fn an_unpublished_incident_is_published_by_the_retry() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    world.notifier.refusals.store(1, Ordering::Relaxed);
    let login = event(&console_login("one", noon()));
    let (summary, result) = world.detect(&login).await;
    assert_eq!(result.unwrap_err().code(), "notify.unavailable");
    assert_eq!(summary.failed["notify.unavailable"], 1);
    assert_eq!(only(world.store.all_incidents()).published_at, None);

    let before = world.runtime.now();
    log_in_at(&world, noon()).await;
    assert_eq!(world.notifier.messages().len(), 1);
    let waited = world.runtime.now() - before;
    assert_eq!(waited, TimeDelta::zero(), "the lease had been given back");
}

#[tokio::test]
async fn a_crash_between_publishing_and_marking_sends_a_duplicate_and_loses_nothing() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    die_while_publishing(&world).await;
    let stored = only(world.store.all_incidents());
    assert!(stored.published_at.is_none() && stored.lease.is_some());

    log_in_at(&world, noon()).await;
    let stored = only(world.store.all_incidents());
    assert!(stored.published_at.is_some() && stored.lease.is_none());
    assert_eq!(world.notifier.messages().len(), 2);
    log_in_at(&world, noon()).await;
    assert_eq!(world.notifier.messages().len(), 2, "and no third");
}

#[tokio::test]
async fn a_lease_keeps_others_from_publishing_until_it_expires() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    die_while_publishing(&world).await;
    let leased_until = only(world.store.all_incidents()).lease.unwrap().until;
    export(&world, &failed(7, noon())).await;
    let published_at = only(world.store.all_incidents()).published_at.unwrap();
    assert!(published_at >= leased_until, "{published_at} is before {leased_until}");
}

#[tokio::test]
async fn a_lease_names_the_request_id_and_keeps_out_even_a_retry_with_the_same_id() {
    const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
    let world = pipeline(InMemoryStore::default());
    let invocation = Invocation { request_id: REQUEST_ID, ..Invocation::LOCAL };
    log_in_at(&world, noon()).await;
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(&failed(6, noon())));
    let notification = written(&["export.json"]);
    let login = event(&console_login("two", noon()));

    // Each function is killed while it publishes, and its retry has to wait for the lease.
    world.notifier.kill_unanswered(world.ingest_in(invocation, &objects, &notification)).await;
    let first = only(world.store.all_incidents()).lease.unwrap();
    world.notifier.kill_unanswered(world.detect_in(invocation, &login)).await;
    let second = only(world.store.all_incidents()).lease.unwrap();
    let (_, result) = world.detect_in(invocation, &login).await;
    result.unwrap();

    for lease in [&first, &second] {
        let (request_id, settlement) = lease.owner.split_once('/').unwrap();
        assert_eq!((request_id, settlement.len()), (REQUEST_ID, 16), "{}", lease.owner);
    }
    assert_ne!(first.owner, second.owner);
    let begun = second.until - TimeDelta::seconds(30);
    assert!(begun >= first.until, "{begun} is before {}", first.until);
    let published_at = world.runtime.now();
    assert!(published_at >= second.until, "{published_at} is before {}", second.until);
    assert_eq!(world.notifier.messages().len(), 3);
}

#[tokio::test]
async fn an_incident_of_a_killed_invocation_is_published_when_the_export_is_redelivered() {
    let world = pipeline(InMemoryStore::default());
    log_in_at(&world, noon()).await;
    world.notifier.refusals.store(1, Ordering::Relaxed);
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(&failed(6, noon())));
    let notification = written(&["export.json"]);
    assert!(world.ingest(&objects, &notification).await.1.is_err());
    // All its failures are stored already; the settlement must not end early.
    assert!(world.ingest(&objects, &notification).await.1.is_ok());
    assert_eq!(world.notifier.messages().len(), 1);
}

async fn invocations_that_meet(store: impl Store) {
    let world = pipeline(store);
    let (six, login) = (failed(6, noon()), event(&console_login("one", noon())));
    let exports = six.iter().map(std::slice::from_ref);
    let results = tokio::join!(
        world.detect(&login),
        export_each(&world, exports.clone()),
        world.detect(&login),
        export_each(&world, exports.rev()),
        export(&world, &six),
        world.detect(&login),
    );
    for (_, result) in [results.0, results.2, results.5] {
        result.unwrap();
    }
    assert_eq!(world.notifier.messages().len(), 1);
}

async fn export_each<S: Store>(world: &World<S>, exports: impl Iterator<Item = &[SignIn]>) {
    for sign_ins in exports {
        export(world, sign_ins).await;
    }
}

#[tokio::test]
async fn concurrent_invocations_in_memory_send_one_message() {
    invocations_that_meet(InMemoryStore::default()).await;
}

#[tokio::test]
async fn concurrent_invocations_in_dynamodb_send_one_message() {
    invocations_that_meet(dynamodb::start().await.0).await;
}

#[tokio::test]
async fn concurrent_writers_of_one_tally_lose_nothing() {
    let (store, _) = dynamodb::start().await;
    let world = pipeline(store);
    let sign_ins = failed(12, noon());
    let mut writers = Vec::new();
    for sign_in in &sign_ins {
        writers.push(export(&world, std::slice::from_ref(sign_in)));
    }
    let mut conflicts = 0;
    for summary in join_all(writers).await {
        conflicts += summary.conflicts;
    }
    assert!(conflicts > 0, "the writers did not even meet");
    log_in_at(&world, noon()).await;
    let text = world.notifier.messages().remove(0).text;
    assert!(text.contains("Interactive: 12 failed (alert threshold: more than 5)"), "{text}");
}
