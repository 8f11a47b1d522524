//! Facts for unit tests.

use chrono::{DateTime, TimeDelta, Utc};

use super::failure::Trace;
use super::sample::hash;
use super::{Address, Day, Failure, Login, Source, Tallies, Tally};

/// The moment around which facts happen.
pub(crate) fn noon() -> DateTime<Utc> {
    Day::of(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)).at(12 * 3600)
}

/// The moment `seconds` after noon.
pub(crate) fn after_noon(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

/// The address of all facts.
pub(crate) fn address() -> Address {
    Address::from(std::net::IpAddr::from([203, 0, 113, 7]))
}

/// A login of the IAM user alice.
pub(crate) fn login(event_id: &str, time: DateTime<Utc>) -> Login {
    Login {
        event_id: event_id.to_owned(),
        time,
        source_ip_address: address(),
        login_result: "Success".to_owned(),
        event_type_name: "AwsConsoleSignIn".to_owned(),
        user_identity_type: "IAMUser".to_owned(),
        user_identity_arn: "arn:aws:iam::111122223333:user/alice".to_owned(),
        user_identity_account_id: "111122223333".to_owned(),
        recipient_account_id: "111122223333".to_owned(),
        account_name: "alice".to_owned(),
        account_upn_suffix: String::new(),
        aws_region: "eu-north-1".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        mfa_used: "No".to_owned(),
    }
}

/// An interactive failure of ann.
pub(crate) fn failure(number: i64, time: DateTime<Utc>) -> Failure {
    Failure {
        address: address(),
        source: Source::Interactive,
        time,
        code: "50126".parse().unwrap(),
        identity: hash(&["id", &number.to_string()]),
        user: "ann@contoso.example".to_owned(),
        app: "Azure Portal".to_owned(),
        client_app: "Browser".to_owned(),
        operation: "Sign-in activity".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        trace: Trace::default(),
    }
}

/// The tallies of `failures`.
pub(crate) fn tallies(failures: impl IntoIterator<Item = Failure>) -> Tallies {
    let mut tallies = Tallies::new();
    for failure in failures {
        let tally: &mut Tally = tallies.entry((Day::of(failure.time), failure.source.into())).or_default();
        tally.add(&failure);
    }
    tallies
}
