//! Publishing by hand: neither limits nor tuning entries hold it back, and the incident counts as reported.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use pivotwatch::store::{InMemoryStore, IncidentKey, Store, StoredIncident};
use pivotwatch_tests::facts::{ADDRESS, failed, noon};
use pivotwatch_tests::pipeline::pipeline;
use proptest::prelude::*;
use serde_json::json;

use super::tuning::{incident, mails, office, tuned};
use super::{World, export, log_in_at};

/// The stored incident of a world with one, after publishing it by hand.
async fn republished(world: &World<InMemoryStore>) -> StoredIncident {
    let key = IncidentKey::of(&incident(world).incident);
    let message = world.republish(&key).await.unwrap().unwrap();
    assert_eq!(mails(world).last(), Some(&message));
    incident(world)
}

#[tokio::test]
async fn a_deferred_incident_is_published_and_in_no_digest() {
    let world = pipeline(InMemoryStore::default());
    let old = noon() - TimeDelta::days(30);
    export(&world, &failed(6, old)).await;
    assert_eq!(log_in_at(&world, old).await.publishes, 0);
    assert!(republished(&world).await.published_at.is_some());
    let (swept, result) = world.detect(&json!({"pivotwatch": "sweep"})).await;
    result.unwrap();
    assert_eq!((mails(&world).len(), swept.digests, swept.unreported), (1, 0, Some(0)));
}

#[tokio::test]
async fn a_hidden_incident_is_published() {
    let world = tuned(vec![office()]);
    export(&world, &failed(6, noon())).await;
    assert_eq!(log_in_at(&world, noon()).await.publishes, 0);
    let hidden_by: Vec<_> = incident(&world).hidden_by.into_iter().collect();
    assert_eq!(hidden_by.len(), 1);
    let stored = republished(&world).await;
    assert_eq!((stored.published_at.is_some(), stored.hidden_by.len()), (true, 0));
    let message = mails(&world).pop().unwrap();
    assert_eq!((&message.finding["status_id"], &message.finding["status"]), (&json!(3), &json!("Suppressed")));
    assert_eq!(message.finding["unmapped"]["hidden_by"], json!(hidden_by));
    let said = "Tuning hides this incident: ";
    assert!(message.text.starts_with(&format!("{said}\"{}\".\n", hidden_by[0])), "{}", message.text);
    let description = message.chat["content"]["description"].as_str().unwrap();
    assert!(description.starts_with(&format!("{said}`{}`.\n", hidden_by[0])), "{description}");
}

#[tokio::test]
async fn an_incident_that_is_not_stored_is_not_published() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    let key = IncidentKey { id: uuid::Uuid::nil(), ..IncidentKey::of(&incident(&world).incident) };
    assert_eq!(world.republish(&key).await.unwrap(), None);
    assert_eq!(mails(&world).len(), 1);
}

#[tokio::test]
async fn what_could_not_be_published_is_still_to_be_reported() {
    let world = pipeline(InMemoryStore::default());
    let old = noon() - TimeDelta::days(2);
    export(&world, &failed(6, old)).await;
    log_in_at(&world, old).await;
    world.notifier.refusals.store(1, Ordering::Relaxed);
    let key = IncidentKey::of(&incident(&world).incident);
    assert_eq!(world.republish(&key).await.unwrap_err().code(), "notify.unavailable");
    assert_eq!(world.store.list_unreported().await.unwrap(), [key]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// The number of a message that is repeated stays, and so does the time of the first one.
    #[test]
    fn a_published_incident_is_published_again_as_often_as_wanted(hours in 0..6_i64, times in 1..4_usize) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let world = pipeline(InMemoryStore::default());
            export(&world, &failed(6, noon())).await;
            for hour in 0..=hours {
                log_in_at(&world, noon() + TimeDelta::hours(hour)).await;
            }
            let (before, sent) = (incident(&world), mails(&world).len());
            world.runtime.pass(TimeDelta::hours(1));
            for _ in 0..times {
                let after = republished(&world).await;
                prop_assert_eq!((after.published_at, after.updates), (before.published_at, before.updates));
                prop_assert_eq!(after.incident.columns.source_ip_address.to_string(), ADDRESS);
            }
            prop_assert_eq!(mails(&world).len(), sent + times);
            Ok(())
        })?;
    }
}
