//! Tuning entries: what they hide is stored and not published, and no fault of theirs costs a message.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use pivotwatch::detection::{Rule, Tuning};
use pivotwatch::notify::Message;
use pivotwatch::pipeline::{Pipeline, Summary, TuningCache};
use pivotwatch::store::{InMemoryStore, Store, StoredIncident};
use pivotwatch_tests::facts::{ADDRESS, SignIn, console_login, failed, noon};
use pivotwatch_tests::pipeline::pipeline;
use pivotwatch_tests::tuning::entry;
use serde_json::{Value, json};

use super::errors::Partly;
use super::{World, export, log_in, log_in_at, only};

pub(super) fn office() -> Value {
    entry("office", &json!({"threshold": 50, "when": {"cidr": [ADDRESS]}}))
}

fn of_user(user: &str) -> Value {
    entry("user", &json!({"exclude": "failures", "when": {"cidr": [ADDRESS], "user": [user]}}))
}

pub(super) fn tuned(entries: Vec<Value>) -> World<InMemoryStore> {
    let world = pipeline(InMemoryStore::default());
    world.store.set_tuning_entries(entries);
    world
}

/// Replaces the entries, and lets the copy of the old ones expire.
pub(super) fn tune(world: &World<InMemoryStore>, entries: Vec<Value>) {
    world.store.set_tuning_entries(entries);
    world.runtime.pass(TimeDelta::minutes(1));
}

pub(super) fn incident(world: &World<InMemoryStore>) -> StoredIncident {
    only(world.store.all_incidents())
}

/// The messages about incidents.
pub(super) fn mails<S: Store>(world: &World<S>) -> Vec<Message> {
    let all = world.notifier.messages().into_iter();
    all.filter(|message| message.attributes.contains_key("incident_id")).collect()
}

/// A hunt has all its entries before it begins, and no table.
#[tokio::test]
async fn fixed_entries_apply_at_any_time_and_no_table_is_read() {
    for passed in [TimeDelta::zero(), TimeDelta::minutes(2), TimeDelta::days(1)] {
        let fixed = TuningCache::fixed(Tuning::parse([office()], &Rule::default()));
        let world = Pipeline { tuning: fixed, ..tuned(vec![of_user("ann@*")]) };
        export(&world, &failed(6, noon())).await;
        world.runtime.pass(passed);
        log_in_at(&world, noon()).await;
        assert_eq!((hidden_by(&incident(&world)), mails(&world).len()), (vec!["office"], 0), "{passed}");
    }
}

fn hidden_by(incident: &StoredIncident) -> Vec<&str> {
    incident.hidden_by.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_hidden_incident_is_stored_and_not_published_in_any_order_of_facts() {
    let [login_last, login_first] = [tuned(vec![office()]), tuned(vec![office()])];
    export(&login_last, &failed(6, noon())).await;
    let of_login = log_in_at(&login_last, noon()).await;
    log_in_at(&login_first, noon()).await;
    let of_export = export(&login_first, &failed(6, noon())).await;
    for (world, summary) in [(login_last, of_login), (login_first, of_export)] {
        assert_eq!((summary.incidents, summary.hidden, summary.publishes), (1, 1, 0));
        assert_eq!(mails(&world).len(), 0);
        let stored = incident(&world);
        assert_eq!((hidden_by(&stored), stored.published_at, stored.lease.clone()), (vec!["office"], None, None));
        let again = log_in_at(&world, noon()).await;
        assert_eq!((again.writes, again.hidden, incident(&world)), (0, 0, stored), "once more changes nothing");
    }
}

#[tokio::test]
async fn a_removed_entry_gives_the_incident_back_at_the_next_settlement() {
    let world = tuned(vec![office()]);
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    let mut removed = office();
    removed["removed_at"] = json!("2026-03-02T13:00:00Z");
    tune(&world, vec![removed]);
    let summary = log_in_at(&world, noon()).await;
    assert_eq!((summary.incidents, summary.publishes), (0, 1));
    let stored = incident(&world);
    assert!(stored.published_at.is_some() && stored.hidden_by.is_empty());
}

/// Its period has ended, and it still hides what happened in it.
#[tokio::test]
async fn an_expired_entry_that_is_gone_or_invalid_gives_the_incident_back_without_a_further_fact() {
    let mut expired = office();
    expired["permanent"] = json!(false);
    expired["expires_at"] = json!((noon() + TimeDelta::seconds(1)).to_rfc3339());
    let mut invalid = expired.clone();
    invalid["colour"] = json!("red");
    for entries in [Vec::new(), vec![invalid]] {
        let world = tuned(vec![expired.clone()]);
        export(&world, &failed(6, noon())).await;
        log_in_at(&world, noon()).await;
        tune(&world, vec![expired.clone()]);
        export(&world, &[]).await;
        assert_eq!(mails(&world).len(), 0, "the end of its period changes nothing");
        tune(&world, entries);
        export(&world, &[]).await;
        assert_eq!(announced(&world).last().unwrap(), "[pivotwatch] tuning entry office vanished");
        assert_eq!(mails(&world).len(), 1);
    }
}

#[tokio::test]
async fn a_later_fact_that_the_entries_leave_is_mailed_with_the_whole_incident() {
    let world = tuned(vec![of_user("ann@*"), of_user("nobody@*")]);
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    assert_eq!(hidden_by(&incident(&world)), ["user"]);
    let by_bob = |(number, sign_in): (usize, SignIn)| SignIn {
        id: format!("bob-{number}"),
        user: "bob@contoso.example".to_owned(),
        ..sign_in
    };
    let others: Vec<_> = failed(6, noon()).into_iter().enumerate().map(by_bob).collect();
    export(&world, &others[..5]).await;
    assert_eq!(hidden_by(&incident(&world)), ["user"], "five more are not enough");
    let summary = export(&world, &others).await;
    assert_eq!(summary.publishes, 1);
    assert!(mails(&world)[0].text.contains("Interactive: 12 failed"), "{}", mails(&world)[0].text);
}

#[tokio::test]
async fn an_entry_that_comes_after_the_message_changes_nothing() {
    let world = tuned(Vec::new());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    let published = incident(&world);
    tune(&world, vec![office()]);
    log_in_at(&world, noon()).await;
    assert_eq!(incident(&world), published);
    assert_eq!(mails(&world).len(), 1);
}

/// The new login alone is excluded. The one before is not.
#[tokio::test]
async fn all_logins_of_an_incident_decide_whichever_comes_last() {
    let until = (noon() + TimeDelta::minutes(10)).to_rfc3339();
    let members = json!({"exclude": "logins", "when": {"cidr": [ADDRESS]}, "expires_at": until, "permanent": false});
    for minutes in [[20, 5], [5, 20]] {
        let world = tuned(vec![entry("pentest", &members)]);
        let times = minutes.map(|minutes| noon() + TimeDelta::minutes(minutes));
        for (number, time) in times.into_iter().enumerate() {
            log_in(&world, &console_login(&format!("l{number}"), time)).await;
        }
        export(&world, &failed(6, noon())).await;
        assert_eq!(mails(&world).len(), 1, "{minutes:?}");

        let world = tuned(vec![entry("pentest", &members)]);
        export(&world, &failed(6, noon())).await;
        for (number, time) in times.into_iter().enumerate() {
            log_in(&world, &console_login(&format!("l{number}"), time)).await;
        }
        assert_eq!(mails(&world).len(), 1, "{minutes:?}");
    }
}

#[tokio::test]
async fn entries_are_read_at_most_once_a_minute_and_obeyed_within_one() {
    let world = tuned(Vec::new());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    world.store.set_tuning_entries(vec![office()]);
    world.runtime.pass(TimeDelta::seconds(59));
    let log_in_elsewhere = |event_id, region: &'static str| {
        let mut login = console_login(event_id, noon());
        login["awsRegion"] = json!(region);
        login
    };
    assert_eq!(log_in(&world, &log_in_elsewhere("two", "us-east-1")).await.publishes, 1, "the copy has 59 seconds");
    world.runtime.pass(TimeDelta::seconds(1));
    assert_eq!(log_in(&world, &log_in_elsewhere("three", "eu-west-1")).await.publishes, 0);
}

#[tokio::test]
async fn an_invalid_entry_is_counted_whenever_the_entries_are_read_and_costs_no_other() {
    let world = tuned(vec![json!({"id": "bad"}), Value::Null, office()]);
    assert_eq!(export(&world, &failed(6, noon())).await.tuning_invalid, 2);
    let summary = log_in_at(&world, noon()).await;
    assert_eq!((summary.tuning_invalid, summary.hidden), (0, 1), "the copy is not a minute old");
    world.runtime.pass(TimeDelta::minutes(1));
    assert_eq!(log_in_at(&world, noon()).await.tuning_invalid, 2);
}

#[tokio::test]
async fn static_entries_apply_with_those_of_the_table_and_come_first() {
    let world = Pipeline { tuning: TuningCache::of(vec![office()]), ..tuned(vec![of_user("ann@*")]) };
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    assert_eq!(hidden_by(&incident(&world)), ["office", "user"]);
    let other = entry("office", &json!({"threshold": 5 + 1, "when": {"cidr": ["192.0.2.1"]}}));
    let world = Pipeline { tuning: TuningCache::of(vec![office()]), ..tuned(vec![other]) };
    let summary = export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    assert_eq!((summary.tuning_invalid, hidden_by(&incident(&world))), (1, vec!["office"]), "one id is used twice");
}

/// A store whose tuning table cannot be read while the clock is in the outage.
async fn during_an_outage(minutes: i64, entries: Vec<Value>) -> (Summary, usize) {
    let store = Partly::default();
    store.store.set_tuning_entries(vec![of_user("ann@*")]);
    let world = Pipeline { tuning: TuningCache::of(entries), rule: Rule::default(), ..pipeline(store) };
    export(&world, &failed(6, noon())).await;
    log_in(&world, &console_login("one", noon())).await;
    assert_eq!(mails(&world).len(), 0);
    world.store.break_tuning();
    world.runtime.pass(TimeDelta::minutes(minutes));
    let mut elsewhere = console_login("two", noon());
    elsewhere["awsRegion"] = json!("us-east-1");
    let summary = log_in(&world, &elsewhere).await;
    (summary, mails(&world).len())
}

#[tokio::test]
async fn while_the_table_cannot_be_read_the_last_copy_serves_for_fifteen_minutes_and_then_none() {
    for (minutes, messages) in [(1, 0), (14, 0), (15, 1), (60, 1)] {
        let (summary, sent) = during_an_outage(minutes, Vec::new()).await;
        assert_eq!((summary.tuning_unavailable, sent), (1, messages), "{minutes} minutes");
        assert_eq!(summary.failed.len(), 0, "the invocation does not fail");
    }
    for (minutes, messages) in [(14, 0), (15, 1)] {
        let (_, sent) = during_an_outage(minutes, vec![office()]).await;
        assert_eq!(sent, messages, "the entries of the settings serve as long: those of the table can limit them");
    }
}

/// The subjects of the announcements.
fn announced<S: Store>(world: &World<S>) -> Vec<String> {
    let all = world.notifier.messages().into_iter();
    all.filter(|message| message.attributes.contains_key("tuning_entry")).map(|message| message.subject).collect()
}

#[tokio::test]
async fn each_entry_and_each_end_of_one_is_announced_once_also_without_any_incident() {
    let world = Pipeline { tuning: TuningCache::of(vec![of_user("ann@*")]), ..tuned(vec![office()]) };
    let added = ["office", "user"].map(|id| format!("[pivotwatch] tuning entry {id} added"));
    assert_eq!(log_in_at(&world, noon()).await.announcements, 2);
    assert_eq!(announced(&world), added);
    tune(&world, Vec::new());
    assert_eq!(export(&world, &failed(1, noon())).await.announcements, 1);
    assert_eq!(announced(&world).last().unwrap(), "[pivotwatch] tuning entry office vanished");
    for _ in 0..3 {
        world.runtime.pass(TimeDelta::minutes(1));
        assert_eq!(log_in_at(&world, noon()).await.announcements, 0);
    }
}

#[tokio::test]
async fn an_announcement_that_fails_costs_no_incident_and_is_sent_when_the_entries_are_read_again() {
    let world = tuned(vec![of_user("nobody@*")]);
    log_in_at(&world, noon()).await;
    world.store.set_tuning_entries(vec![of_user("nobody@*"), office()]);
    world.runtime.pass(TimeDelta::minutes(1));
    world.notifier.refusals.store(1, Ordering::Relaxed);
    let summary = export(&world, &failed(6, noon())).await;
    assert_eq!((summary.announcements, summary.failed["notify.unavailable"], summary.hidden), (0, 1, 1));
    world.runtime.pass(TimeDelta::minutes(1));
    assert_eq!(log_in_at(&world, noon()).await.announcements, 1);
}

#[tokio::test]
async fn entries_that_cannot_be_read_have_not_vanished() {
    let store = Partly::default();
    store.store.set_tuning_entries(vec![office()]);
    let world = pipeline(store);
    log_in(&world, &console_login("one", noon())).await;
    world.store.break_tuning();
    for _ in 0..3 {
        world.runtime.pass(TimeDelta::minutes(10));
        log_in(&world, &console_login("one", noon())).await;
    }
    assert_eq!(announced(&world), ["[pivotwatch] tuning entry office added"]);
}

#[tokio::test]
async fn without_a_table_and_without_entries_nothing_is_read_or_announced() {
    let world = pipeline(InMemoryStore::default());
    log_in_at(&world, noon()).await;
    assert_eq!(world.store.load_announcements().await.unwrap().records, []);
}
