use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::detection::failure::Trace;
use crate::detection::fixtures::{failure, noon};

/// Failures of few identities, seconds and users, so that many agree in some of them, and of enough to drop some.
fn failures() -> impl Strategy<Value = Vec<(Failure, u32)>> {
    let code = select(vec!["50126", "50074", "53003"]);
    let one = (0..30_i64, 0..6_u32, code, 0..24_u8, 0..4_u8, 0..40_u8).prop_map(
        |(number, second, code, user, export, tenant)| {
            let trace = Trace {
                request_id: number.to_string(),
                correlation_id: (number % 3).to_string(),
                tenant: format!("{tenant:032}"),
                export: export.to_string().into(),
            };
            let code = code.parse().unwrap();
            (Failure { code, user: format!("user{user}"), trace, ..failure(number, noon()) }, second)
        },
    );
    vec(one, 0..60)
}

fn references_of(failures: &[(Failure, u32)]) -> References {
    let mut references = References::default();
    for (failure, second) in failures {
        references.add(failure, *second);
    }
    references
}

proptest! {
    #[test]
    fn merging_is_a_join_and_equals_adding_all(a in failures(), b in failures(), c in failures()) {
        let both = references_of(&[a.clone(), b.clone()].concat());
        let [a, b, c] = [a, b, c].map(|failures| references_of(&failures));
        let join = |x: &References, y: &References| { let mut joined = x.clone(); joined.merge(y); joined };
        prop_assert_eq!(join(&a, &a), a.clone());
        prop_assert_eq!(join(&a, &b), join(&b, &a));
        prop_assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
        prop_assert_eq!(&join(&a, &b), &both);
        let mut merged = a.clone();
        let changed = merged.merge(&b);
        prop_assert_eq!(changed, merged != a);
    }

    #[test]
    fn the_first_failure_and_the_first_of_each_right_password_are_kept(failures in failures()) {
        let references = references_of(&failures);
        let seconds = |failures: &mut dyn Iterator<Item = &(Failure, u32)>| failures.map(|(_, second)| *second).min();
        prop_assert_eq!(references.first().map(|first| first.second), seconds(&mut failures.iter()));
        let right = || failures.iter().filter(|(failure, _)| *failure.code != *"50126");
        let users: BTreeSet<_> = right().map(|(failure, _)| &failure.user).collect();
        prop_assert_eq!(references.right_passwords().count(), users.len().min(RIGHT_PASSWORDS));
        for kept in references.right_passwords() {
            let first = seconds(&mut right().filter(|(failure, _)| failure.user == kept.user));
            prop_assert_eq!(Some(kept.second), first);
        }
    }

    #[test]
    fn each_reference_is_listed_once_and_right_passwords_first(failures in failures()) {
        let references = references_of(&failures);
        let all: Vec<_> = references.all().collect();
        prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        let right: Vec<_> = references.right_passwords().collect();
        prop_assert_eq!(&all[..right.len()], &right[..]);
        prop_assert!(all.len() <= right.len() + 1);
    }
}

#[test]
fn long_texts_are_truncated_to_their_bounds() {
    let long = "é".repeat(2_000);
    let trace = Trace {
        request_id: long.clone(),
        correlation_id: long.clone(),
        tenant: long.clone(),
        export: long.as_str().into(),
    };
    let references = references_of(&[(Failure { user: long.clone(), trace, ..failure(1, noon()) }, 7)]);
    let Reference { user, request_id, correlation_id, export, .. } = references.first().unwrap();
    assert_eq!([user, request_id, correlation_id].map(String::len), [128; 3]);
    assert_eq!(export.len(), 1024);
    assert_eq!(references.tenants().iter().map(str::len).collect::<Vec<_>>(), [128]);
}
