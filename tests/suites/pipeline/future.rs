//! Sign-ins and logins ahead of the clock: recorded like all others, counted under a reason, and never the newest.

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::pipeline::Reasons;
use pivotwatch::store::InMemoryStore;
use pivotwatch_tests::facts::{SignIn, console_login, failed, log_file, noon, written};
use pivotwatch_tests::pipeline::pipeline;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{export, log_in, log_in_at, messages};

fn in_minutes(minutes: i64) -> DateTime<Utc> {
    noon() + TimeDelta::minutes(minutes)
}

fn future_times(number: u64) -> Reasons {
    if number == 0 { Reasons::new() } else { Reasons::from([("future_time", number)]) }
}

#[tokio::test]
async fn failures_of_the_future_are_failures() {
    let tomorrow = in_minutes(24 * 60);
    assert_eq!(messages(&failed(6, tomorrow), tomorrow).await, 1);
    let world = pipeline(InMemoryStore::default());
    let summary = export(&world, &[failed(2, noon()), failed(6, tomorrow)].concat()).await;
    assert_eq!((summary.failures, summary.warnings), (8, future_times(6)));
    assert_eq!(summary.newest_sign_in, Some(in_minutes(1)));
}

#[tokio::test]
async fn an_hour_ahead_is_within_the_tolerance() {
    for (seconds, number) in [(3600, 0), (3601, 1)] {
        let time = noon() + TimeDelta::seconds(seconds);
        let world = pipeline(InMemoryStore::default());
        let summary = export(&world, &failed(1, time)).await;
        assert_eq!((summary.failures, summary.warnings), (1, future_times(number)));
        assert_eq!(summary.newest_sign_in, (number == 0).then_some(time));

        let summary = log_in_at(&world, time).await;
        assert_eq!((summary.logins, summary.warnings), (1, future_times(number)));
        assert_eq!(summary.newest_login, (number == 0).then_some(time));
    }
}

#[tokio::test]
async fn logins_of_the_future_in_log_files_are_counted_too() {
    let world = pipeline(InMemoryStore::default());
    let mut objects = InMemoryObjects::default();
    let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/02/log.json";
    objects.put(key, log_file(&[console_login("a", noon()), console_login("b", in_minutes(600))]));
    let (summary, _) = world.ingest(&objects, &written(&[key])).await;
    assert_eq!((summary.logins, summary.warnings), (2, future_times(1)));
    assert_eq!(summary.newest_login, Some(noon()));
    log_in(&world, &console_login("c", noon())).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_sign_in_of_the_future_is_counted_whatever_its_outcome(
        sign_ins in vec((-90..150_i64, any::<bool>()), 0..30),
    ) {
        let sign_in = |(number, (minutes, is_success)): (usize, &(i64, bool))| SignIn {
            code: if *is_success { "0" } else { "50126" }.to_owned(),
            ..SignIn::failed(&number.to_string(), in_minutes(*minutes))
        };
        let made: Vec<_> = sign_ins.iter().enumerate().map(sign_in).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let world = pipeline(InMemoryStore::default());
        let mut objects = InMemoryObjects::default();
        objects.put("export.json", pivotwatch_tests::facts::lines(&made));
        let (summary, _) = runtime.block_on(world.ingest(&objects, &written(&["export.json"])));
        let (future, past): (Vec<_>, Vec<_>) = sign_ins.iter().map(|(minutes, _)| *minutes).partition(|minutes| *minutes > 60);
        prop_assert_eq!(summary.warnings, future_times(future.len() as u64));
        prop_assert_eq!(summary.newest_sign_in, past.into_iter().max().map(in_minutes));
        prop_assert_eq!(summary.failures, sign_ins.iter().filter(|(_, is_success)| !is_success).count() as u64);
    }
}
