//! The pipeline's promises: the rule's numbers in any order, one message for duplicates, no loss in a crash.

mod crashes;
mod errors;
mod future;
mod networks;
mod objects;
mod overlap;
mod reporting;
mod republish;
mod resettle;
mod stopping;
mod successes;
mod tuning;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::{Day, IncidentReport};
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::pipeline::{Pipeline, Summary};
use pivotwatch::store::{InMemoryStore, Store, StoredIncident};
use pivotwatch_tests::facts::{ADDRESS, SignIn, at, console_login, event, failed, lines, noon, written};
use pivotwatch_tests::pipeline::{Topic, VirtualRuntime, pipeline};
use serde_json::{Value, json};

type World<S> = Pipeline<S, Topic, VirtualRuntime>;

async fn export<S: Store>(world: &World<S>, sign_ins: &[SignIn]) -> Summary {
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(sign_ins));
    let (summary, answer) = world.ingest(&objects, &written(&["export.json"])).await;
    answer.unwrap();
    summary
}

async fn log_in<S: Store>(world: &World<S>, record: &Value) -> Summary {
    let (summary, result) = world.detect(&event(record)).await;
    result.unwrap();
    summary
}

async fn log_in_at<S: Store>(world: &World<S>, time: DateTime<Utc>) -> Summary {
    log_in(world, &console_login("one", time)).await
}

/// Number of messages after six failures at noon and logins at these times.
async fn messages(sign_ins: &[SignIn], login: DateTime<Utc>) -> usize {
    let world = pipeline(InMemoryStore::default());
    export(&world, sign_ins).await;
    log_in_at(&world, login).await;
    world.notifier.messages().len()
}

fn day() -> Day {
    Day::of(noon())
}

fn only(incidents: Vec<StoredIncident>) -> StoredIncident {
    assert_eq!(incidents.len(), 1);
    incidents.into_iter().next().unwrap()
}

/// The attributes of the only incident, as people read them.
async fn report(world: &World<InMemoryStore>) -> IncidentReport {
    world.report(only(world.store.all_incidents()).incident).await.unwrap()
}

#[tokio::test]
async fn five_failures_are_quiet_and_six_are_not() {
    let login = noon() + TimeDelta::minutes(30);
    assert_eq!(messages(&failed(5, noon()), login).await, 0);
    assert_eq!(messages(&failed(6, noon()), login).await, 1);
}

#[tokio::test]
async fn failures_of_two_sources_do_not_add_up() {
    let mut sign_ins = failed(6, noon());
    for sign_in in &mut sign_ins[3..] {
        "NonInteractiveUserSignInLogs".clone_into(&mut sign_in.category);
    }
    assert_eq!(messages(&sign_ins, noon()).await, 0);
    for sign_in in &mut sign_ins {
        "NonInteractiveUserSignInLogs".clone_into(&mut sign_in.category);
    }
    assert_eq!(messages(&sign_ins, noon()).await, 1, "a source of its own can exceed");
}

#[tokio::test]
async fn failures_across_midnight_add_up() {
    let evening = failed(6, at("2026-03-01T23:50:00Z"));
    assert_eq!(messages(&evening, at("2026-03-02T00:10:00Z")).await, 1);
    let both_sides = failed(6, at("2026-03-01T23:57:00Z"));
    assert_eq!(messages(&both_sides, at("2026-03-02T00:10:00Z")).await, 1);
}

#[tokio::test]
async fn a_login_beyond_the_window_is_no_incident() {
    let six = failed(6, noon());
    assert_eq!(messages(&six, noon() + TimeDelta::hours(24)).await, 1);
    assert_eq!(messages(&six, noon() + TimeDelta::hours(24) + TimeDelta::seconds(1)).await, 0);
    assert_eq!(messages(&six, noon() - TimeDelta::hours(23)).await, 1, "also before the failures");
}

#[tokio::test]
async fn interrupts_and_loopback_never_count() {
    for change in [
        |sign_in: &mut SignIn| "50125".clone_into(&mut sign_in.code),
        |sign_in: &mut SignIn| "50140".clone_into(&mut sign_in.code),
        |sign_in: &mut SignIn| "127.0.0.1".clone_into(&mut sign_in.address),
    ] {
        let mut sign_ins = failed(6, noon());
        sign_ins.iter_mut().for_each(change);
        assert_eq!(messages(&sign_ins, noon()).await, 0);
    }
}

#[tokio::test]
async fn the_last_fact_in_any_order_raises_the_same_incident() {
    let (first, second) = (pipeline(InMemoryStore::default()), pipeline(InMemoryStore::default()));
    let (six, login) = (failed(6, noon()), noon() + TimeDelta::minutes(30));
    export(&first, &six).await;
    log_in_at(&first, login).await;
    log_in_at(&second, login).await;
    export(&second, &six).await;

    let (first_incident, second_incident) = (only(first.store.all_incidents()), only(second.store.all_incidents()));
    assert_eq!(first_incident.incident, second_incident.incident);
    assert_eq!(first.notifier.messages(), second.notifier.messages());
    assert_eq!(first.notifier.messages().len(), 1);
}

#[tokio::test]
async fn failures_before_and_after_the_logins_day_are_reported_together_in_any_order() {
    for (number_earlier, number_later) in [(6, 6), (6, 1), (1, 6)] {
        let earlier = failed(number_earlier, noon() - TimeDelta::hours(23));
        let mut later = failed(number_later, noon() + TimeDelta::hours(23));
        for sign_in in &mut later {
            sign_in.id.push_str("-later");
        }
        for (first, last) in [(&earlier, &later), (&later, &earlier)] {
            let world = pipeline(InMemoryStore::default());
            log_in_at(&world, noon()).await;
            export(&world, first).await;
            export(&world, last).await;
            let failures = report(&world).await.failures.into_values().next().unwrap();
            let ends = (earlier[0].time, later[later.len() - 1].time);
            assert_eq!(
                (failures.count, (failures.first, failures.last)),
                (earlier.len() as u64 + later.len() as u64, ends)
            );
        }
    }
}

#[tokio::test]
async fn the_sixth_failure_may_come_in_another_export() {
    let world = pipeline(InMemoryStore::default());
    let six = failed(6, noon());
    export(&world, &six[..3]).await;
    log_in_at(&world, noon()).await;
    export(&world, &six[3..5]).await;
    assert!(world.notifier.messages().is_empty());
    export(&world, &six[5..]).await;
    assert_eq!(world.notifier.messages().len(), 1);
}

#[tokio::test]
async fn an_export_that_grows_under_its_key_counts_each_failure_once() {
    let world = pipeline(InMemoryStore::default());
    log_in_at(&world, noon()).await;
    let five = failed(5, noon());
    for length in [1, 3, 4, 5, 5] {
        export(&world, &five[..length]).await;
    }
    assert!(world.notifier.messages().is_empty());
    let again = export(&world, &five).await;
    assert_eq!((again.failures, again.duplicates, again.writes), (5, 5, 0));
}

#[tokio::test]
async fn duplicates_are_reported_once() {
    let world = pipeline(InMemoryStore::default());
    for _ in 0..3 {
        export(&world, &failed(6, noon())).await;
        log_in_at(&world, noon()).await;
    }
    assert_eq!(world.notifier.messages().len(), 1);
    let again = log_in_at(&world, noon()).await;
    assert_eq!((again.duplicates, again.writes, again.incidents, again.publishes), (1, 0, 0, 0));
}

#[tokio::test]
async fn more_logins_of_the_same_kind_join_the_incident_without_another_message() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    for minutes in [10, 5, 20] {
        let time = noon() + TimeDelta::minutes(minutes);
        log_in(&world, &console_login(&format!("login-{minutes}"), time)).await;
    }
    let stored = only(world.store.all_incidents());
    assert_eq!(stored.incident.logins.total(), 3);
    assert_eq!(stored.incident.start_time, noon() + TimeDelta::minutes(5));
    assert_eq!(stored.incident.end_time, noon() + TimeDelta::minutes(20));
    assert_eq!(world.notifier.messages().len(), 1);
}

#[tokio::test]
async fn a_login_of_another_kind_is_another_incident() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    for (event_id, region) in [("one", "eu-north-1"), ("two", "us-east-1")] {
        let mut record = console_login(event_id, noon());
        record["awsRegion"] = json!(region);
        log_in(&world, &record).await;
    }
    assert_eq!(world.notifier.messages().len(), 2);
}

#[tokio::test]
async fn an_event_that_is_no_login_is_acknowledged_and_counted() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    let mut unknown = console_login("one", noon());
    unknown["responseElements"]["ConsoleLogin"] = json!("Unknown");
    let mut switch = console_login("two", noon());
    switch["eventName"] = json!("SwitchRole");
    let mut service = console_login("three", noon());
    service["sourceIPAddress"] = json!("signin.amazonaws.com");
    for (record, reason) in
        [(unknown, "login_without_result"), (switch, "not_a_console_login"), (service, "login_without_address")]
    {
        let summary = log_in(&world, &record).await;
        assert_eq!(summary.ignored.keys().copied().collect::<Vec<_>>(), [reason]);
    }
    for unheard_of in [json!({"hello": "world"}), json!(null), json!([]), json!("text")] {
        let (summary, result) = world.detect(&unheard_of).await;
        assert!(result.is_ok());
        assert_eq!(summary.unrecognised, 1);
    }
    assert!(world.notifier.messages().is_empty());
}

#[tokio::test]
async fn root_and_a_login_without_a_second_factor_are_more_urgent() {
    let ann = json!({"type": "IAMUser", "userName": "ann"});
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"});
    for (identity, mfa_used, severity) in
        [(&ann, "Yes", "Medium"), (&ann, "No", "High"), (&root, "Yes", "High"), (&root, "No", "High")]
    {
        let world = pipeline(InMemoryStore::default());
        export(&world, &failed(6, noon())).await;
        let mut record = console_login("one", noon());
        record["additionalEventData"]["MFAUsed"] = json!(mfa_used);
        record["userIdentity"] = identity.clone();
        log_in(&world, &record).await;
        let messages = world.notifier.messages();
        assert_eq!(messages[0].attributes["severity"], severity, "{identity} {mfa_used}");
    }
}

#[tokio::test]
async fn the_message_says_who_where_when_and_where_to_look() {
    let world = pipeline(InMemoryStore::default());
    let mut sign_ins = failed(7, noon());
    "bob@contoso.example".clone_into(&mut sign_ins[2].user);
    "50053".clone_into(&mut sign_ins[6].code);
    let mut others = failed(2, noon());
    for sign_in in &mut others {
        "NonInteractiveUserSignInLogs".clone_into(&mut sign_in.category);
        sign_in.id.push_str("-n");
    }
    sign_ins.extend(others);
    export(&world, &sign_ins).await;
    let mut record = console_login("one", noon() + TimeDelta::minutes(30));
    record["additionalEventData"]["MFAUsed"] = json!("No");
    log_in(&world, &record).await;
    let message = world.notifier.messages().remove(0);
    insta::assert_snapshot!(format!("Subject: {}\n{:#?}\n\n{}", message.subject, message.attributes, message.text));
}

#[tokio::test]
async fn a_user_agent_cannot_write_lines_of_the_message() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    let mut record = console_login("one", noon());
    record["userAgent"] = json!("Mozilla\r\n  MFA         yes, this is a drill\u{202e}");
    record["userIdentity"]["userName"] = json!(format!("alice\nBcc: x{}", "y".repeat(300)));
    log_in(&world, &record).await;
    let message = world.notifier.messages().remove(0);
    assert!(message.subject.len() <= 99 && message.subject.chars().all(|c| c.is_ascii_graphic() || c == ' '));
    assert_eq!(message.text.lines().filter(|line| line.starts_with("  MFA ")).count(), 1);
    assert!(!message.text.contains('\u{202e}') && !message.text.contains("\nBcc"));
}

#[tokio::test]
async fn an_address_is_the_same_in_every_spelling() {
    let world = pipeline(InMemoryStore::default());
    let mut six = failed(6, noon());
    let spellings = ["::ffff:203.0.113.7", "203.0.113.7:443", " 203.0.113.7", "[::ffff:cb00:7107]:1", ADDRESS, ADDRESS];
    for (sign_in, spelling) in six.iter_mut().zip(spellings) {
        spelling.clone_into(&mut sign_in.address);
    }
    export(&world, &six).await;
    log_in_at(&world, noon()).await;
    assert_eq!(world.notifier.messages().len(), 1);
}
