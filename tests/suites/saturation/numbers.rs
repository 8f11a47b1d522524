//! A number derived from a sample is reported as an estimate; every other number is exact.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use pivotwatch::detection::{Rule, Source, Tuning, incidents};
use pivotwatch::notify::{Deployment, incident_message};
use pivotwatch_tests::facts::noon;
use proptest::prelude::*;

use super::{bursts, evidence, login, times_of};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_count_is_exact_or_reported_as_an_estimate(bursts in bursts(), login_second in 0..3 * 86_400_i64) {
        let times = times_of(&bursts);
        let login_time = noon() - TimeDelta::hours(36) + TimeDelta::seconds(login_second);
        let rule = Rule::default();
        let near = |time: &DateTime<Utc>| (*time - login_time).abs() <= rule.window;
        let hour = |time: &DateTime<Utc>| (time.date_naive(), time.hour());
        let mut of_hours = BTreeMap::<_, usize>::new();
        for time in &times {
            *of_hours.entry(hour(time)).or_default() += 1;
        }
        for report in incidents(&evidence(&times, login(login_time)), &rule, &Tuning::default()) {
            let failures = &report.failures[&Source::Interactive];
            let is_sampled = times.iter().filter(|time| near(time)).any(|time| of_hours[&hour(time)] > 256);
            prop_assert_eq!(failures.count_estimated, is_sampled);
            if !is_sampled {
                prop_assert_eq!(failures.count, times.iter().filter(|time| near(time)).count() as u64);
                prop_assert_eq!(failures.error_codes.values().sum::<u64>(), failures.count);
            }
            let text = incident_message(&report, None, login_time, &rule, &Deployment::default()).text;
            prop_assert_eq!(text.contains("Interactive: about "), is_sampled, "{}", text);
            prop_assert_eq!(text.contains("50126       about "), is_sampled, "{}", text);
        }
    }
}

#[test]
fn a_number_of_users_is_exact_or_reported_as_an_estimate() {
    let spread = |number: i64| (0..number).map(|second| noon() + TimeDelta::seconds(second * 10)).collect::<Vec<_>>();
    for (number, is_estimated) in [(200, false), (2_400, false), (3_600, true)] {
        let times = spread(number);
        let found =
            incidents(&evidence(&times, login(noon() + TimeDelta::hours(11))), &Rule::default(), &Tuning::default());
        let failures = &found[0].failures[&Source::Interactive];
        assert_eq!(failures.users_estimated, is_estimated, "{number}: {}", failures.users_total);
        let text = incident_message(&found[0], None, noon(), &Rule::default(), &Deployment::default()).text;
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.contains("\" and about "), is_estimated, "{text}");
        if !is_estimated {
            assert_eq!(failures.users_total, times.len() as u64);
        }
    }
}
