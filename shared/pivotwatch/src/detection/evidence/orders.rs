//! The report of an incident does not depend on the order of its facts, nor on how they are merged.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::detection::fixtures::{address, after_noon, failure, login};
use crate::detection::successes::{Successes, user_hash};
use crate::detection::tally::TallyKey;
use crate::detection::{Day, FailedLogin, Failure, Source};

#[derive(Clone, Debug)]
enum Fact {
    Failure(Failure),
    FailedLogin(FailedLogin),
    /// The user, and the second of the first day.
    Success(u8, u32),
    Login(Login),
}

const USERS: u8 = 20;

fn user(number: u8) -> String {
    if number == 0 { "alice@contoso.example".to_owned() } else { format!("user{number}@contoso.example") }
}

/// Facts of few numbers, so that some are duplicates; of duplicates, some differ.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let second = || select(vec![-90_000_i64, -40_000, -10, 0, 10, 50_000]);
    let failures = (0..40_i64, second(), 0..USERS, select(vec!["50126", "50074", "53003"]), any::<bool>()).prop_map(
        |(number, second, of, code, interactive)| {
            let source = if interactive { Source::Interactive } else { Source::NonInteractive };
            let code = code.parse().unwrap();
            Fact::Failure(Failure { user: user(of), code, source, ..failure(number, after_noon(second)) })
        },
    );
    let failed_logins = (0..4_u8, second()).prop_map(|(number, second)| {
        Fact::FailedLogin(FailedLogin {
            event_id: number.to_string(),
            time: after_noon(second),
            source_ip_address: address(),
            user: user(number),
        })
    });
    let successes = (0..USERS, 0..100_u32).prop_map(|(user, second)| Fact::Success(user, second));
    let logins = (0..3_u8, second())
        .prop_map(|(number, second)| Fact::Login(login(&format!("{number} {second}"), after_noon(second))));
    vec(prop_oneof![6 => failures, 1 => failed_logins, 3 => successes, 1 => logins], 10..80)
}

fn evidence_of<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Evidence {
    let mut evidence = Evidence::none(address());
    for fact in facts {
        match fact {
            Fact::Failure(failure) => {
                let TallyKey { day, kind, .. } = TallyKey::of(failure);
                evidence.tallies.entry((day, kind)).or_default().add(failure);
            }
            Fact::FailedLogin(failed) => {
                let TallyKey { day, kind, .. } = TallyKey::of_login(failed);
                evidence.tallies.entry((day, kind)).or_default().add_login(failed);
            }
            Fact::Success(of, second) => {
                let mut successes = Successes::default();
                successes.add(user_hash(&user(*of)), *second);
                let key = (Day::of(after_noon(0)), Source::Interactive.into());
                evidence.tallies.entry(key).or_default().add_successes(&successes);
            }
            Fact::Login(login) => evidence.logins.push(login.clone()),
        }
    }
    evidence
}

fn reports_of(evidence: &Evidence) -> Vec<IncidentReport> {
    incidents(evidence, &Rule::default(), &Tuning::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_order_of_the_same_facts_and_any_merge_of_them_gives_the_same_reports(
        (facts, shuffled) in facts().prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        in_first in vec(any::<bool>(), 80),
        in_second in vec(any::<bool>(), 80),
    ) {
        let expected = reports_of(&evidence_of(&facts));
        prop_assert_eq!(&reports_of(&evidence_of(&shuffled)), &expected);
        prop_assert_eq!(&reports_of(&evidence_of(facts.iter().chain(&shuffled))), &expected);

        // Two parts, some of whose facts are in both.
        let part = |has: &[bool], of_other: &[bool], default: bool| {
            let has = has.iter().zip(of_other).map(|(has, other)| *has || default && !*other).collect::<Vec<_>>();
            evidence_of(shuffled.iter().zip(has).filter(|(_, has)| *has).map(|(fact, _)| fact))
        };
        let mut merged = part(&in_first, &in_second, true);
        let second = part(&in_second, &in_first, false);
        for (key, tally) in second.tallies {
            merged.tallies.entry(key).or_default().merge(&tally);
        }
        merged.logins.extend(second.logins);
        prop_assert_eq!(&reports_of(&merged), &expected);
    }
}
