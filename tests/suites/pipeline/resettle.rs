//! What entries hid is mailed once they do not hide it any more, although no further fact of its address comes.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use pivotwatch::pipeline::Summary;
use pivotwatch::store::{InMemoryStore, Store};
use pivotwatch_tests::facts::{ADDRESS, console_login, failed, noon};
use pivotwatch_tests::tuning::entry;
use serde_json::{Value, json};

use super::tuning::{incident, mails, office, tune, tuned};
use super::{World, export, log_in, log_in_at};

/// A world in which these entries hide an incident with a login at noon.
async fn hidden(entries: Vec<Value>) -> World<InMemoryStore> {
    let world = tuned(entries);
    export(&world, &failed(6, noon())).await;
    assert_eq!(log_in_at(&world, noon()).await.hidden, 1);
    world
}

/// A login from another address, which is none of any incident.
async fn log_in_elsewhere(world: &World<InMemoryStore>) -> Summary {
    let mut login = console_login("elsewhere", noon());
    login["sourceIPAddress"] = json!("198.51.100.200");
    log_in(world, &login).await
}

fn with(mut entry: Value, member: &str, value: Value) -> Value {
    entry[member] = value;
    entry
}

#[tokio::test]
async fn what_an_entry_hid_is_mailed_once_it_is_removed_or_changed_or_gone() {
    let narrower = entry("narrower", &json!({"threshold": 5 + 1, "when": {"cidr": ["203.0.113.7/32"]}}));
    for entries in [
        vec![with(office(), "removed_at", json!("2026-03-02T12:00:30Z"))],
        vec![with(office(), "when", json!({"cidr": ["192.0.2.1"]}))],
        vec![with(office(), "threshold", json!("invalid"))],
        Vec::new(),
    ] {
        let world = hidden(vec![office()]).await;
        tune(&world, entries.clone());
        let summary = log_in_elsewhere(&world).await;
        assert_eq!((summary.announcements, summary.publishes, mails(&world).len()), (1, 1, 1), "{entries:?}");
        assert!(incident(&world).published_at.is_some() && incident(&world).hidden_by.is_empty());
    }
    let world = tuned(vec![office()]);
    export(&world, &failed(7, noon())).await;
    log_in_at(&world, noon()).await;
    tune(&world, vec![office(), narrower]);
    assert_eq!(log_in_elsewhere(&world).await.publishes, 1, "the lower threshold of a narrower network");
}

#[tokio::test]
async fn what_another_entry_still_hides_and_what_an_expired_one_hid_is_not_mailed() {
    let also = entry("also", &json!({"threshold": 60, "when": {"cidr": ["203.0.113.0/24"]}}));
    let world = hidden(vec![office(), also.clone()]).await;
    tune(&world, vec![also]);
    assert_eq!(log_in_elsewhere(&world).await.publishes, 0);
    assert_eq!(incident(&world).hidden_by, ["also".to_owned()].into(), "it names the entries that hide it now");

    let until = (noon() + TimeDelta::minutes(1)).to_rfc3339();
    let ends =
        entry("ends", &json!({"threshold": 50, "when": {"cidr": [ADDRESS]}, "expires_at": until, "permanent": false}));
    let world = hidden(vec![ends]).await;
    for _ in 0..3 {
        world.runtime.pass(TimeDelta::hours(1));
        log_in_elsewhere(&world).await;
    }
    assert_eq!(mails(&world).len(), 0);
}

#[tokio::test]
async fn incidents_of_the_last_24_hours_before_the_removal_are_mailed_and_older_ones_are_not() {
    let removed = |hours: i64| {
        let time = noon() + TimeDelta::hours(hours);
        vec![with(office(), "removed_at", json!(time.to_rfc3339()))]
    };
    for (seen_after, entries, expected) in [
        (23, Vec::new(), 1),
        (25, Vec::new(), 0),
        (30, removed(20), 1),
        (30, removed(26), 0),
        (25, removed(1000), 0),
        (47, removed(0), 1),
        (49, removed(0), 0),
    ] {
        let world = hidden(vec![office()]).await;
        world.runtime.pass(TimeDelta::hours(seen_after));
        tune(&world, entries.clone());
        let summary = log_in_elsewhere(&world).await;
        // One that is older than a day by now goes into the next digest.
        let mailed = summary.publishes + summary.deferred.values().sum::<u64>();
        assert_eq!((summary.announcements, mailed), (1, expected), "{seen_after} hours, {entries:?}");
    }
}

/// Another execution environment has a copy of the entries that is not a minute old, and hides an incident after the
/// removal was announced.
async fn hidden_by_an_old_copy() -> World<InMemoryStore> {
    let mut world = tuned(vec![office()]);
    log_in_elsewhere(&world).await;
    let old = std::mem::take(&mut world.tuning);
    world.store.set_tuning_entries(Vec::new());
    assert_eq!(log_in_elsewhere(&world).await.announcements, 1, "it vanished");
    let new = std::mem::replace(&mut world.tuning, old);
    world.runtime.pass(TimeDelta::seconds(50));
    export(&world, &failed(6, noon())).await;
    assert_eq!(log_in_at(&world, noon()).await.hidden, 1);
    world.tuning = new;
    world
}

#[tokio::test]
async fn what_a_removed_entry_hides_by_an_old_copy_is_mailed_soon() {
    let world = hidden_by_an_old_copy().await;
    world.runtime.pass(TimeDelta::minutes(2));
    assert_eq!(log_in_elsewhere(&world).await.publishes, 1);
}

#[tokio::test]
async fn a_settlement_that_fails_is_repeated_and_no_incident_is_mailed_twice() {
    let world = hidden_by_an_old_copy().await;
    world.runtime.pass(TimeDelta::minutes(2));
    world.notifier.refusals.store(1, Ordering::Relaxed);
    let summary = log_in_elsewhere(&world).await;
    assert_eq!((summary.announcements, summary.failed["notify.unavailable"]), (0, 1));
    let mut sent = Vec::new();
    for minutes in [1, 25, 5, 30, 600, 60] {
        world.runtime.pass(TimeDelta::minutes(minutes));
        log_in_elsewhere(&world).await;
        sent.push(mails(&world).len());
    }
    assert_eq!(sent, [0, 0, 1, 1, 1, 1]);
    let announcements = world.store.load_announcements().await.unwrap().records;
    let left: Vec<_> = announcements.iter().map(|stored| (&stored.value.lease, stored.value.resettlement)).collect();
    assert_eq!(left, [(&None, None)], "nothing is left to do");
}
