//! The published samples of CloudTrail, in `tests/fixtures/cloudtrail`: the logins in them, written down by hand.

use std::collections::BTreeSet;
use std::fs;

use pivotwatch::aws::{self, TrailOutcome, TrailReceiver};
use pivotwatch::detection::{Address, Login, Rule};
use pivotwatch::entra::{self, Outcome};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;
use pivotwatch_tests::facts::at;
use serde_json::Value;

use crate::published::{fixtures, samples};

/// The folder of the samples.
pub(crate) const FIXTURE: &str = "cloudtrail";

const LOG_FILE: &str = "111122223333_CloudTrail_us-east-1_20260302T1230Z_AbCdEfGhIjKlMnOp.json";
const SIGN_INS: &str = "sign_in_events.jsonl";
const EVENTS: &str = "event_bridge.json";

const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

#[derive(Default)]
struct TrailOutcomes(Vec<TrailOutcome>);

impl TrailReceiver for TrailOutcomes {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        self.0.push(outcome);
    }
}

impl entra::Receiver for TrailOutcomes {
    fn receive(&mut self, outcome: Outcome) {
        panic!("{outcome:?} is in no log file of CloudTrail");
    }
}

fn bytes(sample: &str) -> Vec<u8> {
    fs::read(fixtures().join(FIXTURE).join(sample)).unwrap()
}

/// The outcome of each record of a sample: a login, or the reason why it is none.
fn outcomes(sample: &str) -> Vec<Result<Login, &'static str>> {
    let bytes = bytes(sample);
    let mut received = TrailOutcomes::default();
    let read = object_reader::read(&bytes[..], sample, &Rule::default(), Limits::default(), &mut received).unwrap();
    assert_eq!(read.shape, "cloudtrail", "{sample}");
    received.0.into_iter().map(result).collect()
}

fn result(outcome: TrailOutcome) -> Result<Login, &'static str> {
    match outcome {
        TrailOutcome::Login(login) => Ok(*login),
        TrailOutcome::FailedLogin(_) => Err("a failed login"),
        TrailOutcome::Ignored(reason) => Err(reason.name()),
        TrailOutcome::Rejected(reason) => Err(reason.name()),
    }
}

/// What most of the samples have.
fn login(event_id: &str) -> Login {
    Login {
        event_id: event_id.to_owned(),
        time: at("2026-03-02T12:23:15Z"),
        source_ip_address: Address::parse("203.0.113.20").unwrap(),
        login_result: "Success".to_owned(),
        event_type_name: "AwsConsoleSignIn".to_owned(),
        user_identity_type: "IAMUser".to_owned(),
        user_identity_arn: "arn:aws:iam::111122223333:user/alice".to_owned(),
        user_identity_account_id: "111122223333".to_owned(),
        recipient_account_id: "111122223333".to_owned(),
        account_name: "alice".to_owned(),
        account_upn_suffix: String::new(),
        aws_region: "us-east-1".to_owned(),
        user_agent: BROWSER.to_owned(),
        mfa_used: "No".to_owned(),
    }
}

fn root(event_id: &str, mfa_used: &str) -> Login {
    Login {
        user_identity_type: "Root".to_owned(),
        user_identity_arn: "arn:aws:iam::111122223333:root".to_owned(),
        account_name: "arn:aws:iam::111122223333:root".to_owned(),
        mfa_used: mfa_used.to_owned(),
        ..login(event_id)
    }
}

/// A login of `name@contoso.example` with a role.
fn federated(event_id: &str, role: &str, name: &str) -> Login {
    Login {
        user_identity_type: "AssumedRole".to_owned(),
        user_identity_arn: format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}@contoso.example"),
        account_name: name.to_owned(),
        account_upn_suffix: "contoso.example".to_owned(),
        ..login(event_id)
    }
}

#[test]
fn a_published_log_file_has_its_logins_among_other_calls() {
    let with_mfa = Login {
        time: at("2026-03-02T12:27:45Z"),
        mfa_used: "Yes".to_owned(),
        ..login("10000000-0000-4000-8000-000000000003")
    };
    assert_eq!(
        outcomes(LOG_FILE),
        [
            Err("not_a_console_login"),
            Ok(login("10000000-0000-4000-8000-000000000001")),
            Err("not_a_console_login"),
            Ok(with_mfa),
        ]
    );
}

#[test]
fn every_kind_of_user_in_the_published_sign_ins_is_a_login_with_all_its_fields() {
    let user = Login {
        user_identity_arn: "arn:aws:iam::111122223333:user/anaya".to_owned(),
        account_name: "anaya".to_owned(),
        recipient_account_id: String::new(),
        aws_region: "us-east-2".to_owned(),
        ..login("20000000-0000-4000-8000-000000000001")
    };
    let by_saml = federated("20000000-0000-4000-8000-000000000007", "Federated-Admin", "bob");
    let by_identity_center = Login {
        source_ip_address: Address::parse("2001:db8::20").unwrap(),
        aws_region: "us-west-2".to_owned(),
        ..federated(
            "20000000-0000-4000-8000-000000000008",
            "AWSReservedSSO_AdministratorAccess_0123456789abcdef",
            "carol",
        )
    };
    assert_eq!(
        outcomes(SIGN_INS),
        [
            Ok(user),
            Err("a failed login"),
            Err("a failed login"),
            Ok(root("20000000-0000-4000-8000-000000000004", "YES")),
            Err("a failed login"),
            Err("not_a_console_login"),
            Err("a failed login"),
            Ok(by_saml),
            Ok(by_identity_center),
            Err("not_a_console_login"),
        ]
    );
}

/// The expected logins of [`EVENTS`].
fn logins_of_events() -> [Login; 2] {
    let global = Login {
        aws_region: "global".to_owned(),
        recipient_account_id: String::new(),
        ..root("30000000-0000-4000-8000-000000000001", "Yes")
    };
    let of_2016 = Login {
        source_ip_address: Address::parse("0.0.0.0").unwrap(),
        recipient_account_id: String::new(),
        ..root("30000000-0000-4000-8000-000000000002", "No")
    };
    [global, of_2016]
}

#[test]
fn published_events_of_event_bridge_are_logins_in_a_file_and_by_themselves() {
    let expected = logins_of_events().map(Ok);
    assert_eq!(outcomes(EVENTS), expected);
    let bytes = bytes(EVENTS);
    let events = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>().map(Result::unwrap);
    let received: Vec<_> = events.map(|event| result(aws::parse_record(aws::record_of(&event).unwrap()))).collect();
    assert_eq!(received, expected);
}

#[test]
fn every_sample_of_cloud_trail_is_read() {
    assert_eq!(samples(FIXTURE), [LOG_FILE, SIGN_INS, EVENTS].map(str::to_owned).into_iter().collect::<BTreeSet<_>>());
}
