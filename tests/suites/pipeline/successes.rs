//! Who else signed in: successes are recorded beside failures of their address in the same object.

use std::net::Ipv4Addr;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::Source;
use pivotwatch::detection::likely_cause::likely_cause;
use pivotwatch::detection::signal::Signal;
use pivotwatch::store::InMemoryStore;
use pivotwatch_tests::facts::{SignIn, failed, noon};
use pivotwatch_tests::pipeline::pipeline;

use super::{export, log_in_at, report};

fn success(user: &str, time: DateTime<Utc>) -> SignIn {
    SignIn { code: "0".to_owned(), user: user.to_owned(), ..SignIn::failed(&format!("{user} {time}"), time) }
}

/// The users who succeeded beside six failures at noon, when these sign-ins are in the same object.
async fn beside_failures(successes: &[SignIn]) -> u64 {
    let world = pipeline(InMemoryStore::default());
    export(&world, &[successes, &failed(6, noon())[..]].concat()).await;
    log_in_at(&world, noon()).await;
    report(&world).await.context.users_succeeded
}

#[tokio::test]
async fn distinct_users_of_the_address_count_whatever_their_source_and_day() {
    let bob = || success("bob@contoso.example", noon());
    assert_eq!(beside_failures(&[]).await, 0);
    assert_eq!(beside_failures(&[bob(), success("BOB@contoso.example", noon() + TimeDelta::hours(1))]).await, 1);
    assert_eq!(beside_failures(&[bob(), success("eve@contoso.example", noon())]).await, 2);
    for same in [
        SignIn { category: "NonInteractiveUserSignInLogs".to_owned(), ..bob() },
        success("bob@contoso.example", noon() - TimeDelta::days(1)),
    ] {
        assert_eq!(beside_failures(std::slice::from_ref(&same)).await, 1, "{same:?}");
    }
    for other in [
        SignIn { address: "203.0.113.8".to_owned(), ..bob() },
        SignIn { user: String::new(), ..bob() },
        SignIn { code: "50140".to_owned(), ..bob() },
    ] {
        assert_eq!(beside_failures(std::slice::from_ref(&other)).await, 0, "{other:?}");
    }
}

#[tokio::test]
async fn a_deployment_that_ignores_successes_records_none_and_claims_nothing_about_them() {
    for counts_successes in [true, false] {
        let mut world = pipeline(InMemoryStore::default());
        world.rule.counts_successes = counts_successes;
        let users = (0..6).map(|number| SignIn {
            user: format!("user{number}@contoso.example"),
            ..SignIn::failed(&number.to_string(), noon())
        });
        export(&world, &users.chain([success("user0@contoso.example", noon())]).collect::<Vec<_>>()).await;
        log_in_at(&world, noon()).await;
        let report = report(&world).await;
        assert_eq!(report.context.users_succeeded, u64::from(counts_successes));
        assert!(report.signals.contains(&Signal::ManyUsers));
        assert_eq!(report.signals.contains(&Signal::FewSucceeded), counts_successes);
        assert_eq!(likely_cause(&report).reason.contains("signed in"), counts_successes);
    }
}

#[tokio::test]
async fn the_order_of_records_and_objects_makes_no_difference() {
    let (six, bob) = (failed(6, noon()), success("bob@contoso.example", noon()));
    let later = success("bob@contoso.example", noon() + TimeDelta::minutes(1));
    let mut reports = Vec::new();
    for objects in [
        vec![[&six[..], &[bob.clone(), later.clone()]].concat()],
        vec![[&[later.clone(), bob.clone()], &six[..]].concat()],
        vec![[&six[..], std::slice::from_ref(&later)].concat(), [std::slice::from_ref(&bob), &six[..1]].concat()],
    ] {
        let world = pipeline(InMemoryStore::default());
        for object in &objects {
            export(&world, object).await;
        }
        log_in_at(&world, noon()).await;
        reports.push(report(&world).await);
    }
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0], reports[2]);
    assert_eq!(reports[0].context.users_succeeded, 1);
}

/// Failures of one user each from more addresses than a chunk has.
fn of_many_addresses() -> impl Iterator<Item = SignIn> {
    (0..10_050_u32).map(|number| {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + number).to_string();
        SignIn { address, ..SignIn::failed(&format!("other-{number}"), noon()) }
    })
}

#[tokio::test]
async fn the_order_of_records_makes_no_difference_in_an_object_of_several_chunks() {
    let six = failed(6, noon());
    let bob = [success("bob@contoso.example", noon())];
    let others: Vec<_> = of_many_addresses().collect();
    for order in [[&six[..], &others, &bob], [&bob, &others, &six], [&others, &bob, &six]] {
        let world = pipeline(InMemoryStore::default());
        export(&world, &order.concat()).await;
        log_in_at(&world, noon()).await;
        let report = report(&world).await;
        assert_eq!((report.failures[&Source::Interactive].count, report.context.users_succeeded), (6, 1));
    }
}

#[tokio::test]
async fn a_success_of_another_day_has_no_time() {
    let world = pipeline(InMemoryStore::default());
    let day_before = success("ann@contoso.example", noon() - TimeDelta::days(1));
    export(&world, &[&failed(6, noon())[..], &[day_before]].concat()).await;
    log_in_at(&world, noon()).await;
    let history = report(&world).await.context.users.remove(0);
    assert_eq!((history.succeeded, history.first_success), (true, None));
}

#[tokio::test]
async fn a_success_of_an_object_without_failures_is_not_kept() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &[success("bob@contoso.example", noon())]).await;
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    assert_eq!(report(&world).await.context.users_succeeded, 0);
}

#[tokio::test]
async fn a_users_history_has_failures_and_the_first_success() {
    let world = pipeline(InMemoryStore::default());
    let after = success("ann@contoso.example", noon() + TimeDelta::minutes(9));
    export(&world, &[&failed(6, noon())[..], &[after]].concat()).await;
    log_in_at(&world, noon()).await;
    let history = report(&world).await.context.users.remove(0);
    assert_eq!((history.user.as_str(), history.failures, history.succeeded), ("ann@contoso.example", 6, true));
    assert_eq!(history.first_failure, Some(noon()));
    assert_eq!(history.first_success, Some(noon() + TimeDelta::minutes(9)));
}

#[tokio::test]
async fn a_reference_names_the_ids_the_tenant_and_the_object() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &failed(6, noon())).await;
    log_in_at(&world, noon()).await;
    let context = report(&world).await.context;
    let first = &context.references[0];
    assert_eq!((first.request_id.as_str(), first.correlation_id.as_str()), ("sign-in-0", "correlation-sign-in-0"));
    assert_eq!((first.time, first.export.as_str()), (noon(), "export.json"));
}
