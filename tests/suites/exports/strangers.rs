//! Any JSON object beside sign-ins changes the outcome of no other record, and none of another application adds a failure.

use std::sync::LazyLock;

use pivotwatch::detection::Failure;
use pivotwatch::entra::Outcome;
use pivotwatch_tests::facts::{SignIn, failed, noon};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::tools::read;
use crate::writers::{WRITERS, Writer};

/// A login in CloudTrail's own form.
pub(crate) fn login() -> Value {
    json!({
        "eventVersion": "1.08", "userIdentity": {"type": "IAMUser", "userName": "alice"},
        "eventTime": "2026-03-02T12:30:00Z", "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin",
        "sourceIPAddress": "203.0.113.7", "responseElements": {"ConsoleLogin": "Success"},
    })
}

/// Keys that shapes, forwarders, pages, answers and CloudTrail use.
const KEYS: [&str; 48] = [
    "category",
    "time",
    "resultType",
    "properties",
    "callerIpAddress",
    "createdDateTime",
    "CreatedDateTime",
    "status",
    "TimeGenerated",
    "Type",
    "ResultType",
    "IPAddress",
    "Timestamp",
    "ErrorCode",
    "LogonType",
    "azure",
    "source.ip",
    "azure.signinlogs.category",
    "azure.signinlogs.result_type",
    "_source",
    "fields",
    "message",
    "log",
    "_raw",
    "event",
    "attributes",
    "records",
    "Records",
    "value",
    "results",
    "Results",
    "items",
    "data",
    "rows",
    "tables",
    "columns",
    "hits",
    "body",
    "response",
    "FrameType",
    "eventName",
    "eventTime",
    "userIdentity",
    "detail",
    "s3",
    "service",
    "routing",
    "msg",
];

/// The single documents of JSON that the writers write of a sign-in.
fn documents(one: &SignIn) -> Vec<Value> {
    let written = WRITERS.iter().filter(|writer| !writer.shape.ends_with("_csv"));
    written
        .filter_map(|writer| {
            serde_json::from_str((writer.write)(std::slice::from_ref(one)).trim_start_matches('\u{feff}')).ok()
        })
        .collect()
}

fn value() -> impl Strategy<Value = Value> {
    let mut success = SignIn::failed("stranger", noon());
    "0".clone_into(&mut success.code);
    let whole =
        documents(&success).into_iter().chain([login(), json!({"Records": [login()]}), json!({"detail": login()})]);
    let scalar = prop::sample::select(vec![
        json!(null),
        json!(5),
        json!(true),
        json!("x"),
        json!(""),
        json!("SignInLogs"),
        json!("50126"),
        json!("2026-03-02T12:00:00Z"),
        json!([]),
        json!({}),
        json!("{\"category\":1}"),
        json!("[{}]"),
    ]);
    let leaf = prop_oneof![3 => scalar, 1 => prop::sample::select(whole.collect::<Vec<_>>())];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(&KEYS[..]), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

fn stranger() -> impl Strategy<Value = Value> {
    value().prop_filter("an object", |value| value.is_object())
}

/// A sign-in that a visitor posted to an application, as this application logs it.
fn logged() -> impl Strategy<Value = Value> {
    let posted = documents(&SignIn::failed("posted", noon())).into_iter().filter(Value::is_object).collect::<Vec<_>>();
    let application = prop::sample::select(vec![
        json!({"service": "shop"}),
        json!({"service": {"name": "shop"}}),
        json!({"service.name": "shop"}),
        json!({"source": "nodejs", "service": "shop", "level": "info"}),
        json!({"source_type": "http_server", "path": "/feedback"}),
        json!({"event": {"dataset": "nginx.access"}}),
        json!({"event.dataset": "nginx.access"}),
        json!({"sourcetype": "shop"}),
        json!({"data_stream": {"dataset": "shop"}}),
    ]);
    let place = prop::sample::select(
        &["", "event", "attributes", "_source", "message", "log", "_raw", "data", "value", "records", "body"][..],
    );
    (prop::sample::select(posted), application, place, 0..4).prop_map(|(posted, application, place, form)| {
        let posted = match form {
            1 => json!([posted]),
            2 => json!({"data": [posted]}),
            3 => json!(posted.to_string()),
            _ => posted,
        };
        let mut logged = match posted {
            Value::Object(posted) if place.is_empty() => posted,
            posted => {
                object(vec![(if place.is_empty() { "body" } else { place }, posted)]).as_object().unwrap().clone()
            }
        };
        // The application's own members replace those that were posted.
        logged.extend(application.as_object().unwrap().clone());
        Value::Object(logged)
    })
}

/// The lines of an export; `None` if its documents do not have a line each.
fn lines(writer: &Writer) -> Option<Vec<String>> {
    let text = (writer.write)(&failed(6, noon()));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_document = |line: &String| serde_json::from_str::<Value>(line).is_ok();
    (lines.len() > 1 && lines.iter().all(is_document)).then_some(lines)
}

/// The writers of a document a line, with their lines and the failures in these.
static LINES: LazyLock<Vec<(&'static Writer, Vec<String>, Vec<Failure>)>> = LazyLock::new(|| {
    let of = |writer| {
        let lines = lines(writer)?;
        let failures = failures(&lines);
        Some((writer, lines, failures))
    };
    WRITERS.iter().filter_map(of).collect()
});

/// The lines of a writer with another object among them.
fn beside(writer: usize, position: usize, other: &Value) -> (&'static Writer, Vec<Failure>, Vec<Failure>) {
    let (writer, lines, expected) = &LINES[writer];
    let mut lines = lines.clone();
    lines.insert(position.min(lines.len()), other.to_string());
    (writer, expected.clone(), failures(&lines))
}

fn failures(lines: &[String]) -> Vec<Failure> {
    let (received, _) = read((lines.join("\n") + "\n").as_bytes());
    received.failures().into_iter().cloned().collect()
}

/// Whether a file of batches takes this for a batch of its own.
fn is_batch_of_event_hub(writer: &Writer, other: &Value) -> bool {
    writer.shape == "event_hub" && other.to_string().starts_with("{\"records\":[")
}

/// Enough to find each fault that this property has found, in most runs.
const CASES: u32 = 1000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn no_object_changes_the_outcome_of_another_record(
        writer in 0..LINES.len(),
        position in 0..7_usize,
        other in stranger(),
    ) {
        let (writer, expected, found) = beside(writer, position, &other);
        for failure in &expected {
            prop_assert!(found.contains(failure), "{} {} at {}: {}", writer.shape, writer.what, position, other);
        }
    }

    #[test]
    fn no_object_of_another_application_adds_a_failure(
        writer in 0..LINES.len(),
        position in 0..7_usize,
        other in logged(),
    ) {
        let (writer, expected, found) = beside(writer, position, &other);
        prop_assume!(!is_batch_of_event_hub(writer, &other));
        prop_assert_eq!(found, expected, "{} {} at {}: {}", writer.shape, writer.what, position, other);
    }
}

#[test]
fn a_strangers_record_of_cloudtrail_is_a_login_in_every_shape() {
    for (writer, lines, _) in LINES.iter() {
        let mut lines = lines.clone();
        lines.insert(2, login().to_string());
        let (received, result) = read((lines.join("\n") + "\n").as_bytes());
        assert!(result.is_ok());
        assert_eq!(received.trail.len(), 1, "{} {}", writer.shape, writer.what);
        assert!(received.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failure(_))), "{}", writer.what);
    }
}
