//! Records of diagnostic settings, and the outcomes that records of every shape share.

use chrono::TimeDelta;
use pivotwatch::detection::{Failure, Source};
use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch_tests::facts::{self, SignIn, at, noon};
use serde_json::{Value, json};

use crate::tools::{failures, read, read_whole};

/// The outcome of a single record after a good one.
fn outcome(record: &Value) -> Outcome {
    let good = SignIn::failed("good", noon()).record();
    let (received, result) = read(format!("{good}\n{record}\n").as_bytes());
    assert_eq!(result.unwrap().shape, "diagnostic");
    received.outcomes[1].clone()
}

fn failure(record: &Value) -> Failure {
    match outcome(record) {
        Outcome::Failure(failure) => failure,
        other => panic!("{other:?} for {record}"),
    }
}

fn record() -> Value {
    SignIn::failed("id-1", noon()).record()
}

fn with(path: &str, value: impl Into<Value>) -> Value {
    let mut record = record();
    let (parent, key) = path.rsplit_once('/').unwrap();
    record.pointer_mut(parent).unwrap()[key] = value.into();
    record
}

fn without(path: &str) -> Value {
    let mut record = record();
    let (parent, key) = path.rsplit_once('/').unwrap();
    record.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    record
}

#[test]
fn a_failed_sign_in_is_read_with_the_time_at_which_it_happened() {
    let failure = failure(&record());
    assert_eq!(failure.time, noon(), "and not the envelope's, which is later");
    assert_eq!(failure.source, Source::Interactive);
    assert_eq!((failure.code.as_str(), failure.user.as_str()), ("50126", facts::USER));
    assert_eq!((failure.address.to_string().as_str(), failure.app.as_str()), (facts::ADDRESS, "Azure Portal"));
}

#[test]
fn success_and_the_two_interrupts_are_not_counted() {
    for code in ["0", "50125", "50140", " 0 "] {
        assert_eq!(outcome(&with("/resultType", code)), Outcome::Ignored(Ignored::NotAFailure), "{code:?}");
    }
}

#[test]
fn a_code_is_the_same_as_number_and_as_text() {
    assert_eq!(failure(&with("/resultType", 50126)), failure(&with("/resultType", "50126")));
    assert_eq!(outcome(&with("/resultType", 0)), Outcome::Ignored(Ignored::NotAFailure));
}

#[test]
fn a_code_that_is_a_word_or_missing_is_read_from_the_status() {
    assert_eq!(failure(&with("/resultType", "Failure")).code.as_str(), "50126");
    assert_eq!(failure(&without("/resultType")).code.as_str(), "50126");
    let mut success = with("/resultType", "Success");
    success["properties"]["status"]["errorCode"] = json!(0);
    assert_eq!(outcome(&success), Outcome::Ignored(Ignored::NotAFailure));
}

#[test]
fn loopback_is_not_counted() {
    for address in ["127.0.0.1", "::1"] {
        assert_eq!(outcome(&with("/properties/ipAddress", address)), Outcome::Ignored(Ignored::Loopback));
    }
}

#[test]
fn each_category_is_a_source_and_only_the_rules_two_are_counted() {
    assert_eq!(failure(&with("/category", "SignInLogs")).source, Source::Interactive);
    assert_eq!(failure(&with("/category", "signinlogs")).source, Source::Interactive);
    assert_eq!(failure(&with("/category", "NonInteractiveUserSignInLogs")).source, Source::NonInteractive);
    for (category, reason) in [
        ("ServicePrincipalSignInLogs", Ignored::SourceNotCounted(Source::ServicePrincipal)),
        ("ManagedIdentitySignInLogs", Ignored::SourceNotCounted(Source::ManagedIdentity)),
        ("ADFSSignInLogs", Ignored::SourceNotCounted(Source::Adfs)),
        ("MicrosoftServicePrincipalSignInLogs", Ignored::UnknownSignInCategory),
        ("AuditLogs", Ignored::OtherCategory),
    ] {
        assert_eq!(outcome(&with("/category", category)), Outcome::Ignored(reason), "{category}");
    }
}

#[test]
fn the_address_is_the_sign_ins_or_else_the_callers() {
    assert_eq!(failure(&with("/callerIpAddress", "198.51.100.1")).address.to_string(), facts::ADDRESS);
    assert_eq!(failure(&with("/properties/ipAddress", "")).address.to_string(), facts::ADDRESS);
    assert_eq!(failure(&without("/properties/ipAddress")).address.to_string(), facts::ADDRESS);
    assert_eq!(failure(&with("/properties/ipAddress", "[2001:db8::7]:443")).address.to_string(), "2001:db8::7");
}

#[test]
fn a_record_that_cannot_be_used_is_rejected_by_its_reason() {
    let mut no_address = without("/properties/ipAddress");
    no_address["callerIpAddress"] = json!("");
    let mut no_time = without("/properties/createdDateTime");
    no_time.as_object_mut().unwrap().remove("time");
    let both = |within: &str, around: &str, text: &str| {
        let mut record = with(within, text);
        record[around] = json!(text);
        record
    };
    let address = |text| both("/properties/ipAddress", "callerIpAddress", text);
    let time = |text| both("/properties/createdDateTime", "time", text);
    let mut no_code = without("/resultType");
    no_code["properties"]["status"] = json!({});
    for (record, reason) in [
        (no_address, Rejected::NoAddress),
        (address("203.0.113.XXX"), Rejected::RedactedAddress),
        (address("not an address"), Rejected::BadAddress),
        (no_time, Rejected::NoTime),
        (time("yesterday"), Rejected::BadTime),
        (time("03/04/2026 10:00:00"), Rejected::AmbiguousTime),
        (no_code, Rejected::NoCode),
        (without("/category"), Rejected::NoCategory),
        (json!("a text"), Rejected::Malformed),
        (json!([1, 2]), Rejected::Malformed),
        (json!(7), Rejected::Malformed),
    ] {
        assert_eq!(outcome(&record), Outcome::Rejected(reason), "{record}");
    }
}

#[test]
fn of_two_equivalent_fields_the_first_that_parses_counts() {
    for text in ["203.0.113.XXX", "<null>", "-", "N/A", "not an address", " "] {
        let mut record = with("/properties/ipAddress", text);
        record["callerIpAddress"] = json!("198.51.100.1");
        assert_eq!(failure(&record).address.to_string(), "198.51.100.1", "{text}");
    }
    for text in ["yesterday", "03/04/2026 10:00:00", "null", "(null)"] {
        assert_eq!(failure(&with("/properties/createdDateTime", text)).time, noon() + TimeDelta::minutes(2), "{text}");
    }
    for text in ["Failure", "None", "n/a", "System.Object"] {
        assert_eq!(failure(&with("/resultType", text)).code.as_str(), "50126", "{text}");
    }
}

#[test]
fn a_placeholder_is_no_id() {
    let without_id = failure(&without("/properties/id")).identity;
    for id in ["-", "<null>", "None", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(failure(&with("/properties/id", id)).identity, without_id, "{id}");
    }
}

#[test]
fn without_the_sign_ins_time_the_time_of_logging_counts() {
    assert_eq!(failure(&without("/properties/createdDateTime")).time, noon() + TimeDelta::minutes(2));
}

#[test]
fn a_field_of_an_unexpected_type_costs_only_itself() {
    for (path, value) in [
        ("/properties/appDisplayName", json!(null)),
        ("/properties/userPrincipalName", json!({"name": "ann"})),
        ("/properties/conditionsSatisfied", json!(1)),
        ("/correlationId", json!([1])),
        ("/properties/status", json!("text")),
        ("/Level", json!(1e300)),
    ] {
        failure(&with(path, value));
    }
}

#[test]
fn a_duplicate_has_the_same_identity_and_a_second_result_another() {
    let again = with("/time", "2026-03-02T12:09:00Z");
    assert_eq!(failure(&record()).identity, failure(&again).identity);
    assert_ne!(failure(&record()).identity, failure(&with("/resultType", "50053")).identity);
}

#[test]
fn other_spellings_of_a_time_are_read() {
    for (text, expected) in [
        ("2026-03-02T07:00:00-05:00", at("2026-03-02T12:00:00Z")),
        ("2026-03-02 12:00:00.983201900", at("2026-03-02T12:00:00.983201900Z")),
        ("3/13/2026 1:48:53 PM", at("2026-03-13T13:48:53Z")),
    ] {
        assert_eq!(failure(&with("/properties/createdDateTime", text)).time, expected, "{text}");
    }
}

#[test]
fn of_a_duplicate_field_the_last_one_with_a_value_counts() {
    let text = record().to_string();
    for (field, again) in [
        (r#""resultType":"50126""#, r#""resultType":"50053","resultType":"50126""#),
        (r#""ipAddress":"203.0.113.7""#, r#""ipAddress":"198.51.100.9","ipAddress":"203.0.113.7","ipAddress":null"#),
        (r#""category":"SignInLogs""#, r#""category":"AuditLogs","category":"SignInLogs""#),
        (r#""correlationId":"correlation-id-1""#, r#""correlationId":"x","correlationId":"correlation-id-1""#),
        (r#""isInteractive":true"#, r#""isInteractive":true,"isInteractive":1e400"#),
    ] {
        let twice = text.replace(field, again);
        assert_ne!(twice, text, "{field}");
        assert_eq!(failures(twice.as_bytes()), [failure(&record())], "{again}");
    }
}

#[test]
fn names_that_differ_in_case_alone_are_different_fields() {
    let mut record = record();
    record["level"] = json!("4");
    record["Level"] = json!(4);
    record["properties"]["IPAddress"] = json!("198.51.100.9");
    record["Category"] = json!("AuditLogs");
    assert_eq!(failure(&record).address.to_string(), facts::ADDRESS);
}

#[test]
fn invalid_utf_8_does_not_hide_a_record() {
    let text = record().to_string();
    for (text, user) in [
        (text.replace("ann@", r"\ud800ann@").into_bytes(), "\u{fffd}ann@contoso.example"),
        (
            [
                text.replace("ann@", "ann!").split_once('!').unwrap().0.as_bytes(),
                b"\xff@",
                text.split_once("ann@").unwrap().1.as_bytes(),
            ]
            .concat(),
            "ann\u{fffd}@contoso.example",
        ),
        (text.replace("Sign-in activity", r"\udc00").into_bytes(), facts::USER),
    ] {
        let found = failures(&text);
        assert_eq!(found.len(), 1, "{}", String::from_utf8_lossy(&text));
        assert_eq!(found[0].user, user);
    }
}

#[test]
fn objects_may_be_encoded_as_text() {
    let mut wrapped = record();
    wrapped["properties"]["status"] = json!(wrapped["properties"]["status"].to_string());
    wrapped["properties"] = json!(wrapped["properties"].to_string());
    wrapped["resultType"] = json!("Failure");
    assert_eq!(failure(&wrapped), failure(&record()));
}

#[test]
fn records_may_be_pretty_printed() {
    let records = [record(), with("/resultType", "0"), with("/properties/id", "other")];
    let pretty = records.iter().map(|record| serde_json::to_string_pretty(record).unwrap());
    for (separator, opening, closing) in [("\n", "", ""), ("", "", ""), (",\r\n", "[", "]")] {
        let export = format!("{opening}{}{closing}", pretty.clone().collect::<Vec<_>>().join(separator));
        let (shape, outcomes) = read_whole(export.as_bytes());
        assert_eq!((shape, outcomes.len()), ("diagnostic", 3), "{export}");
        assert_eq!(outcomes[1], Outcome::Ignored(Ignored::NotAFailure));
    }
}

#[test]
fn every_version_of_the_envelope_is_read() {
    for (field, value) in [
        ("Level", json!(4)),
        ("Level", json!("4")),
        ("level", json!("Informational")),
        ("durationMs", json!(0)),
        ("durationMs", json!("0")),
        ("resultSignature", json!("SUCCESS")),
        ("time", json!("11/14/2025 1:48:53 AM")),
        ("time", json!(null)),
    ] {
        let mut record = record();
        record[field] = value;
        assert_eq!(failure(&record).time, noon(), "{field}");
    }
}

#[test]
fn a_number_too_large_for_any_type_costs_its_record_only_in_a_requested_field() {
    let text = record().to_string();
    let unneeded = text.replace("\"isInteractive\":true", "\"processingTimeInMilliseconds\":1e400");
    assert_eq!(failures(unneeded.as_bytes()).len(), 1);
    let needed = text.replace("\"errorCode\":50126", "\"errorCode\":1e400");
    let (received, _) = read(format!("{text}\n{needed}\n").as_bytes());
    assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::Malformed));
}

#[test]
fn two_records_on_one_line_never_become_one_success() {
    let success = with("/resultType", "0").to_string();
    let (received, result) = read(format!("{}\n{success}{}\n", record(), record()).as_bytes());
    assert!(result.is_ok());
    assert_eq!(received.outcomes[1], Outcome::Ignored(Ignored::NotAFailure));
    assert_eq!(received.outcomes[2], received.outcomes[0]);

    let (received, _) = read(format!("{}\n{}{}\n", record(), &success[..success.len() / 2], record()).as_bytes());
    assert_eq!(received.outcomes[1..], [Outcome::Rejected(Rejected::Malformed)]);
}
