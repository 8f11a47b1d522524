use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::detection::fixtures::{address, after_noon, login, noon};

/// What can differ between logins of one incident: second, event id, ARN, account, sources.
type Differing = (i64, u16, u8, u8, u8);

fn logins(most: usize) -> impl Strategy<Value = Vec<Differing>> {
    vec((0..90_i64, 0..200_u16, 0..4_u8, 0..4_u8, 0..4_u8), 1..most)
}

fn login_of((second, event_id, arn, account, _): Differing) -> Login {
    Login {
        user_identity_arn: format!("arn:aws:sts::{account}:assumed-role/Ops/{arn}"),
        user_identity_account_id: account.to_string(),
        recipient_account_id: String::new(),
        ..login(&event_id.to_string(), after_noon(second))
    }
}

fn sources((.., sources): Differing) -> BTreeSet<Source> {
    let counted = [(1, Source::Interactive), (2, Source::NonInteractive)];
    counted.into_iter().filter(|(bit, _)| sources & bit != 0).map(|(_, source)| source).collect()
}

fn incident(logins: &[Differing]) -> Incident {
    let found = logins.iter().map(|login| Incident::of(&login_of(*login), address(), sources(*login)));
    found.reduce(joined).expect("an incident has a login")
}

fn joined(mut one: Incident, other: Incident) -> Incident {
    one.join(other);
    one
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn joining_is_idempotent_commutative_and_associative(a in logins(90), b in logins(90), c in logins(90)) {
        let [a, b, c] = [a, b, c].map(|logins| incident(&logins));
        prop_assert_eq!(joined(a.clone(), a.clone()), a.clone());
        prop_assert_eq!(joined(a.clone(), b.clone()), joined(b.clone(), a.clone()));
        let left = joined(joined(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, joined(a, joined(b, c)));
    }

    #[test]
    fn an_incident_is_what_its_logins_say(logins in logins(120)) {
        let found = incident(&logins);
        let references: BTreeSet<_> = logins.iter().map(|login| LoginReference::of(&login_of(*login), address())).collect();
        let listed: BTreeSet<_> = references.iter().take(LOGINS_LISTED).cloned().collect();
        prop_assert_eq!(found.logins.listed(), &listed);
        prop_assert_eq!(found.logins.total(), references.len() as u64);
        prop_assert!(!found.logins.is_estimated());
        prop_assert_eq!(Some(found.start_time), references.first().map(|login| login.time));
        prop_assert_eq!(Some(found.end_time), references.last().map(|login| login.time));
        prop_assert_eq!(found.exceeded, logins.iter().flat_map(|login| sources(*login)).collect());
        let logins = || logins.iter().map(|login| login_of(*login));
        prop_assert_eq!(Some(found.account_id), logins().map(|login| login.user_identity_account_id).max());
        prop_assert_eq!(Some(found.user_identity_arn), logins().map(|login| login.user_identity_arn).max());
    }

    #[test]
    fn stored_logins_are_all_counted_and_the_earliest_listed(logins in logins(120)) {
        let references: BTreeSet<_> = logins.iter().map(|login| LoginReference::of(&login_of(*login), address())).collect();
        let restored = MatchedLogins::restore(references.clone(), Sample::default());
        prop_assert_eq!(restored.total(), references.len() as u64);
        prop_assert_eq!(restored.listed(), &references.into_iter().take(LOGINS_LISTED).collect::<BTreeSet<_>>());
    }
}

/// The store has these ids. With another id the same login is another incident, and is published again.
#[test]
fn an_id_is_stored_and_never_changes() {
    let columns = Columns::of(&login("one", after_noon(0)), address());
    let id = columns.id("2026-03-02".parse().unwrap());
    assert_eq!(id.to_string(), "d9737996-251f-5e1c-8a49-476710867c5b");
}

#[test]
fn the_account_of_the_record_is_shown_before_that_of_the_identity() {
    let of = |recipient: &str| {
        let login = Login { recipient_account_id: recipient.to_owned(), ..login("one", after_noon(0)) };
        Incident::of(
            &Login { user_identity_account_id: "444455556666".to_owned(), ..login },
            address(),
            BTreeSet::new(),
        )
        .account_id
    };
    assert_eq!((of("111122223333"), of("")), ("111122223333".to_owned(), "444455556666".to_owned()));
}

#[test]
fn an_incident_is_a_test_if_all_its_logins_are() {
    let of = |ids: &[&str]| {
        let mut found: Option<Incident> = None;
        for id in ids {
            let incident = Incident::of(&login(id, noon()), address(), BTreeSet::new());
            match &mut found {
                Some(known) => known.join(incident),
                None => found = Some(incident),
            }
        }
        found.unwrap().is_test()
    };
    assert!(of(&["pivotwatch-selftest-1"]) && of(&["pivotwatch-selftest-1", "pivotwatch-selftest-2"]));
    for ids in [&["one"][..], &["pivotwatch-selftest-1", "one"], &["x-pivotwatch-selftest-1"], &["pivotwatch-selftest"]]
    {
        assert!(!of(ids), "{ids:?}");
    }
}
