//! How incidents are reported: updates, the limits on messages, digests, sweeps. Every incident is reported.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::reporting::{Deferral, Observation, ReportingPolicy};
use pivotwatch::pipeline::{ActivityLog, Pipeline, Reasons, Runtime, Summary};
use pivotwatch::store::{InMemoryStore, Lease, Store, StoredIncident};
use pivotwatch_tests::facts::{SignIn, console_login, failed, noon};
use pivotwatch_tests::pipeline::pipeline;
use serde_json::{Value, json};

use super::errors::Partly;
use super::tuning::{incident, mails, office, tune, tuned};
use super::{World, export, log_in, log_in_at};

fn with_policy(policy: ReportingPolicy) -> World<InMemoryStore> {
    Pipeline { policy, ..pipeline(InMemoryStore::default()) }
}

async fn sweep<S: Store>(world: &World<S>) -> Summary {
    let (summary, result) = world.detect(&json!({"pivotwatch": "sweep"})).await;
    result.unwrap();
    summary
}

/// Number of digests.
fn digests<S: Store>(world: &World<S>) -> usize {
    let is_digest = |message: &&_| -> bool {
        let pivotwatch::notify::Message { attributes, .. } = message;
        attributes.get("kind").is_some_and(|kind| kind == "digest")
    };
    world.notifier.messages().iter().filter(is_digest).count()
}

/// A login of another incident: another user agent.
fn other_login(number: usize, time: DateTime<Utc>) -> Value {
    let mut login = console_login(&format!("login {number}"), time);
    login["userAgent"] = json!(format!("agent {number}"));
    login
}

/// Six failures of an address and a login from it.
async fn attack<S: Store>(world: &World<S>, number: usize) -> Summary {
    let address = format!("198.51.100.{number}");
    let of_address = |(index, mut sign_in): (usize, SignIn)| {
        sign_in.id = format!("{number} {index}");
        sign_in.address.clone_from(&address);
        sign_in
    };
    export(world, &failed(6, noon()).into_iter().enumerate().map(of_address).collect::<Vec<_>>()).await;
    let mut login = console_login(&format!("login {number}"), noon());
    login["sourceIPAddress"] = json!(address);
    log_in(world, &login).await
}

fn with_code(number: usize, code: &str) -> SignIn {
    SignIn { code: code.to_owned(), ..SignIn::failed(&format!("later {number}"), noon()) }
}

#[tokio::test]
async fn what_becomes_worse_after_the_message_is_an_update() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    assert_eq!(log_in_at(&world, noon()).await.publishes, 1);

    let nothing_new = export(&world, &[with_code(0, "50126")]).await;
    assert_eq!(nothing_new.publishes, 0, "one more failure is no news");

    let password_right = export(&world, &[with_code(1, "50074")]).await;
    assert_eq!((password_right.publishes, password_right.updates), (1, 1));

    let soon = log_in(&world, &console_login("soon", noon() + TimeDelta::minutes(59))).await;
    assert_eq!(soon.updates, 0, "no quiet hour");
    let again = log_in(&world, &console_login("again", noon() + TimeDelta::minutes(119))).await;
    assert_eq!(again.updates, 1, "the user is back");
    let repeated = log_in(&world, &console_login("again", noon() + TimeDelta::minutes(119))).await;
    assert_eq!(repeated.updates, 0);

    let ids: Vec<_> = mails(&world).iter().map(|mail| mail.attributes["incident_id"].clone()).collect();
    assert_eq!(ids, vec![incident(&world).incident.id.to_string(); 3], "all have the id of the incident");
    assert_eq!(incident(&world).updates, 2);
}

#[tokio::test]
async fn logins_alone_cause_three_updates_at_most_and_leave_room_for_worse() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    let mut updates = Vec::new();
    for hour in 0..8 {
        let login = console_login(&format!("login {hour}"), noon() + TimeDelta::hours(hour));
        updates.push(log_in(&world, &login).await.updates);
    }
    assert_eq!(updates, [0, 1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(export(&world, &[with_code(0, "50074")]).await.updates, 1);
}

#[tokio::test]
async fn an_update_that_an_entry_hides_is_not_sent() {
    let world = tuned(Vec::new());
    export(&world, &failed(6, noon())).await;
    assert_eq!(log_in_at(&world, noon()).await.publishes, 1);
    tune(&world, vec![office()]);
    assert_eq!(export(&world, &[with_code(0, "50074")]).await.updates, 0);
    assert_eq!(sweep(&world).await.digests, 0);
    tune(&world, Vec::new());
    assert_eq!(export(&world, &[with_code(1, "50074")]).await.updates, 1, "without the entry it is");
}

#[tokio::test]
async fn an_address_has_so_many_messages_a_day_and_a_digest_reports_the_others() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    let mut deferred = Reasons::new();
    for number in 0..500 {
        let summary = log_in(&world, &other_login(number, noon())).await;
        *deferred.entry("address_limit").or_default() += summary.deferred.values().sum::<u64>();
    }
    assert_eq!((mails(&world).len(), deferred["address_limit"]), (5, 495));
    assert_eq!(attack(&world, 1).await.publishes, 1, "another address has a message");

    let swept = sweep(&world).await;
    assert_eq!((swept.digests, swept.digested, swept.unreported), (1, 495, Some(0)));
    assert_eq!(digests(&world), 1);
    let all = world.store.all_incidents();
    assert!(all.iter().all(|stored| stored.published_at.is_some() && stored.deferral.is_none()));
    assert_eq!(all.iter().filter(|stored| stored.digest.is_some()).count(), 495);
    assert_eq!(sweep(&world).await.digests, 0, "once");
}

#[tokio::test]
async fn a_deployment_has_so_many_messages_an_hour_and_a_digest_reports_the_others() {
    let world = pipeline(InMemoryStore::default());
    for number in 0..100 {
        attack(&world, number).await;
    }
    assert_eq!(mails(&world).len(), 60);
    let swept = sweep(&world).await;
    assert_eq!((swept.digested, swept.unreported), (40, Some(0)));
    world.runtime.pass(TimeDelta::hours(1));
    assert_eq!(attack(&world, 100).await.publishes, 1);
}

#[tokio::test]
async fn what_is_older_than_a_day_when_it_is_found_goes_into_a_digest() {
    for (age, publishes) in [(TimeDelta::hours(24), 1), (TimeDelta::hours(24) + TimeDelta::seconds(1), 0)] {
        let world = pipeline(InMemoryStore::default());
        export(&world, &failed(6, noon() - age)).await;
        assert_eq!(log_in_at(&world, noon() - age).await.publishes, publishes);
        assert_eq!(sweep(&world).await.digested, 1 - publishes);
    }
}

#[tokio::test]
async fn an_observing_deployment_publishes_a_digest_a_day_and_nothing_else() {
    let end = noon() + TimeDelta::days(2);
    let world = with_policy(ReportingPolicy { observation: Observation::Until(end), ..ReportingPolicy::default() });
    attack(&world, 1).await;
    assert_eq!(sweep(&world).await.digested, 1);
    attack(&world, 2).await;
    assert_eq!(sweep(&world).await.digests, 0, "the digest of the day was sent");
    world.runtime.pass(TimeDelta::hours(12));
    assert_eq!(sweep(&world).await.digested, 1);
    attack(&world, 3).await;
    assert_eq!(mails(&world).len(), 0);
    world.runtime.pass(TimeDelta::days(2));
    assert_eq!(sweep(&world).await.digested, 1, "the last ones, after the end");
}

#[tokio::test]
async fn what_nobody_could_hear_is_reported_when_there_is_a_subscriber_again() {
    let world = pipeline(InMemoryStore::default());
    assert_eq!(sweep(&world).await.confirmed_subscribers, Some(1));
    world.notifier.is_deserted.store(true, Ordering::Relaxed);
    world.runtime.pass(TimeDelta::minutes(10));
    assert_eq!(attack(&world, 1).await.publishes, 1, "no sweep has seen it yet");

    world.runtime.pass(TimeDelta::minutes(5));
    assert_eq!(sweep(&world).await.confirmed_subscribers, Some(0));
    let unheard = attack(&world, 2).await;
    assert_eq!((unheard.publishes, unheard.deferred), (0, Reasons::from([("no_subscriber", 1)])));
    world.runtime.pass(TimeDelta::minutes(15));
    let silent = sweep(&world).await;
    assert_eq!((silent.digests, silent.unreported), (0, Some(1)));

    world.notifier.is_deserted.store(false, Ordering::Relaxed);
    world.runtime.pass(TimeDelta::minutes(15));
    let heard = sweep(&world).await;
    assert_eq!((heard.digests, heard.digested, heard.unreported), (1, 2, Some(0)));
    assert_eq!(attack(&world, 3).await.publishes, 1);
    assert_eq!(sweep(&world).await.digested, 0, "what was heard is not reported again");
}

/// The mailbox vanishes between two sweeps, and an update is published meanwhile.
#[tokio::test]
async fn an_update_that_nobody_could_hear_is_reported_too() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    world.runtime.pass(TimeDelta::minutes(15));
    sweep(&world).await;
    world.notifier.is_deserted.store(true, Ordering::Relaxed);
    world.runtime.pass(TimeDelta::minutes(5));
    assert_eq!(export(&world, &[with_code(0, "50074")]).await.updates, 1);
    sweep(&world).await;
    world.notifier.is_deserted.store(false, Ordering::Relaxed);
    assert_eq!(sweep(&world).await.digested, 1);
}

#[tokio::test]
async fn a_silence_counts_no_more_if_no_sweep_confirms_it() {
    let world = pipeline(InMemoryStore::default());
    world.notifier.is_deserted.store(true, Ordering::Relaxed);
    sweep(&world).await;
    assert_eq!(attack(&world, 1).await.publishes, 0);
    world.runtime.pass(TimeDelta::hours(1));
    assert_eq!(attack(&world, 2).await.publishes, 1);
}

#[tokio::test]
async fn an_unreadable_incident_keeps_no_other_from_being_reported() {
    let world = pipeline(Partly::default());
    world.notifier.is_deserted.store(true, Ordering::Relaxed);
    for number in 1..=2 {
        assert_eq!(attack(&world, number).await.publishes, 1, "no sweep has seen it yet");
    }
    sweep(&world).await;
    for number in 3..=4 {
        assert_eq!(attack(&world, number).await.publishes, 0);
    }
    for (unreadable, is_published) in [(1, true), (3, false)] {
        let address = format!("198.51.100.{unreadable}").parse().unwrap();
        *world.store.unreadable_incidents.lock().unwrap() = Some(address);
        world.notifier.is_deserted.store(!is_published, Ordering::Relaxed);
        let swept = sweep(&world).await;
        assert_eq!(swept.unreadable, u64::from(is_published));
        assert_eq!(swept.digested, if is_published { 3 } else { 0 });
    }
}

/// Lambda gives up, and the event is in the failure queue.
#[tokio::test]
async fn an_update_whose_publishing_fails_for_good_is_in_a_digest() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    world.notifier.refusals.store(3, Ordering::Relaxed);
    let back = pivotwatch_tests::facts::event(&console_login("back", noon() + TimeDelta::hours(2)));
    for _ in 0..3 {
        assert!(world.detect(&back).await.1.is_err());
    }
    let swept = sweep(&world).await;
    assert_eq!((swept.digested, swept.unreported), (1, Some(0)));
    assert_eq!(incident(&world).updates, 1);
}

#[tokio::test]
async fn a_sweep_reports_without_a_readable_ledger() {
    let world = Pipeline {
        policy: ReportingPolicy { address_limit: 1, ..ReportingPolicy::default() },
        ..pipeline(Partly::default())
    };
    export(&world, &failed(6, noon())).await;
    for number in 0..2 {
        log_in(&world, &other_login(number, noon())).await;
    }
    world.store.has_unreadable_ledger.store(true, Ordering::Relaxed);
    assert_eq!(sweep(&world).await.digested, 1);
}

#[tokio::test]
async fn what_a_dead_publisher_left_is_reported_after_its_lease() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    // The invocation dies after the message and before the mark.
    let event = pivotwatch_tests::facts::event(&console_login("one", noon()));
    world.notifier.kill_unanswered(world.detect(&event)).await;
    assert_eq!(sweep(&world).await.digests, 0, "its lease holds");
    world.runtime.pass(TimeDelta::minutes(1));
    let swept = sweep(&world).await;
    assert_eq!((swept.digested, swept.unreported), (1, Some(0)));
    let StoredIncident { published_at, lease, deferral, digest, .. } = incident(&world);
    assert!(published_at.is_some() && digest.is_some() && (lease, deferral) == (None, None));
}

#[tokio::test]
async fn a_failed_digest_is_sent_by_the_next_sweep() {
    let world = with_policy(ReportingPolicy { address_limit: 1, ..ReportingPolicy::default() });
    export(&world, &failed(6, noon())).await;
    for number in 0..2 {
        log_in(&world, &other_login(number, noon())).await;
    }
    world.notifier.refusals.store(1, Ordering::Relaxed);
    let (summary, result) = world.detect(&json!({"pivotwatch": "sweep"})).await;
    assert_eq!((result.unwrap_err().code(), summary.unreported), ("notify.unavailable", Some(1)));
    assert_eq!(sweep(&world).await.digested, 1);
}

#[tokio::test]
async fn only_one_sweep_runs_at_a_time() {
    let world = pipeline(InMemoryStore::default());
    let mut ledger = world.store.load_ledger().await.unwrap();
    ledger.value.sweep_until = Some(noon() + TimeDelta::minutes(1));
    world.store.write_ledger(&ledger.value, ledger.version).await.unwrap();
    assert_eq!(sweep(&world).await.sweeps, 0);
    world.runtime.pass(TimeDelta::minutes(1));
    assert_eq!(sweep(&world).await.sweeps, 1);
}

#[tokio::test]
async fn a_deferred_update_is_in_the_next_digest() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    // A deferred update, as the limit leaves it.
    let mut stored = incident(&world);
    stored.deferral = Some(Deferral::HourLimit);
    stored.lease = Some(Lease { owner: "dead".to_owned(), until: noon() - TimeDelta::minutes(1) });
    let key = pivotwatch::store::IncidentKey::of(&stored.incident);
    let version = world.store.load_incident(&key).await.unwrap().unwrap().version;
    world.store.write_incident(&stored, version).await.unwrap();
    let later = log_in(&world, &console_login("later", noon() + TimeDelta::hours(2))).await;
    assert_eq!(later.publishes, 0, "the next digest reports it");
    assert_eq!(sweep(&world).await.digested, 1);
    assert_eq!(incident(&world).updates, 1);
    assert_eq!(sweep(&world).await.unreported, Some(0));
}

#[tokio::test]
async fn an_unreadable_ledger_limits_nothing() {
    let world = pipeline(Partly::default());
    world.store.has_unreadable_ledger.store(true, Ordering::Relaxed);
    export(&world, &failed(6, noon())).await;
    for number in 0..7 {
        let summary = log_in(&world, &other_login(number, noon())).await;
        assert_eq!((summary.publishes, summary.unreadable), (1, 1));
    }
}

#[tokio::test]
async fn no_second_has_more_than_five_messages() {
    let world = pipeline(InMemoryStore::default());
    let begun = noon();
    for number in 0..30 {
        assert_eq!(attack(&world, number).await.publishes, 1);
    }
    assert!(world.runtime.now() - begun >= TimeDelta::seconds(5), "they waited for their seconds");
}

#[tokio::test]
async fn once_a_week_a_message_says_what_was_received() {
    let world = Pipeline { activity: ActivityLog::default(), ..pipeline(InMemoryStore::default()) };
    let alive = || {
        let messages = world.notifier.messages().into_iter();
        messages.filter(|message| message.attributes["kind"] == "alive").collect::<Vec<_>>()
    };
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    world.runtime.pass(TimeDelta::minutes(15));
    log_in(&world, &console_login("two", noon())).await;
    world.runtime.pass(TimeDelta::days(7) - TimeDelta::minutes(16));
    sweep(&world).await;
    assert_eq!(alive().len(), 0, "a week is not over");
    world.runtime.pass(TimeDelta::minutes(1));
    sweep(&world).await;
    sweep(&world).await;
    let [message] = &alive()[..] else { panic!("{:?}", alive()) };
    let received = &message.finding["unmapped"];
    assert_eq!((&received["exports"], &received["sign_ins"], &received["logins"]), (&json!(1), &json!(6), &json!(2)));
    assert_eq!((&received["regions"], &received["accounts"]), (&json!(["eu-north-1"]), &json!(["111122223333"])));

    world.runtime.pass(TimeDelta::days(7));
    sweep(&world).await;
    let received = &alive()[1].finding["unmapped"];
    assert_eq!(
        (&received["exports"], &received["logins"], &received["silent_total"]),
        (&json!(0), &json!(0), &json!(2))
    );
}
