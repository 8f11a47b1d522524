//! Any JSON object beside sign-ins changes the outcome of no other record, and none of another application adds a
//! failure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pivotwatch::detection::Failure;
use pivotwatch::entra::Outcome;
use pivotwatch_tests::facts::{SignIn, failed, noon};
use proptest::prelude::*;
use serde_json::value::RawValue;
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
    value().prop_filter("an object", Value::is_object)
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
        json!({"level": "info", "logger": "shop"}),
        json!({"pid": 1, "hostname": "h", "msg": "posted"}),
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
        // A logger's members replace no member that states a source.
        let is_logger = ["level", "pid"].iter().any(|key| application.get(key).is_some());
        let mut logged = match posted {
            Value::Object(posted) if place.is_empty() && !is_logger => posted,
            posted => {
                object(vec![(if place.is_empty() { "body" } else { place }, posted)]).as_object().unwrap().clone()
            }
        };
        // The application's own members replace those that were posted.
        logged.extend(application.as_object().unwrap().clone());
        Value::Object(logged)
    })
}

/// Sign-ins that a visitor posted to an application as a batch or an answer, as this application logs them.
fn logged_answer() -> impl Strategy<Value = String> {
    let posted = documents(&SignIn::failed("posted", noon())).into_iter().filter(Value::is_object).collect::<Vec<_>>();
    let application = prop::sample::select(vec![
        json!({"service": "shop"}),
        json!({"level": "info", "msg": "posted"}),
        json!({"lvl": 30, "ts": 1, "method": "POST", "url": "/login", "status": 200}),
        json!({"name": "shop", "hostname": "h", "pid": 1, "v": 0}),
        json!({"app": "shop", "request_id": "x"}),
        json!({"severity": "INFO", "logger": "com.shop", "thread": "main"}),
        json!({"@t": "x", "@mt": "posted"}),
        json!({"asctime": "x", "levelname": "INFO", "name": "shop"}),
        json!({"Time": "x", "Level": "Info", "Message": "posted"}),
        json!({"LogLevel": "Information", "EventId": 1}),
    ]);
    let form: [fn(Value) -> Value; 16] = [
        |posted| json!({"body": {"value": [posted]}}),
        |posted| json!({"body": posted, "headers": {}}),
        |posted| json!({"response": {"value": [posted]}}),
        |posted| json!({"response": posted}),
        |posted| json!({"result": {"value": [posted]}}),
        |posted| json!({"result": posted}),
        |posted| json!({"rows": [posted]}),
        |posted| json!({"data": {"result": [posted]}}),
        |posted| json!({"data": [posted]}),
        |posted| json!({"items": [posted]}),
        |posted| json!({"value": [posted]}),
        |posted| json!({"records": [posted]}),
        |posted| json!({"hits": {"hits": [{"_source": posted}]}}),
        |posted| json!({"responses": [{"status": 200, "body": {"value": [posted]}}]}),
        |posted| json!({"responses": [{"status": 200, "body": posted}]}),
        |_| {
            let cells = ["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "posted"];
            json!({"tables": [{"columns": ["CreatedDateTime", "IPAddress", "ResultType", "Id"], "rows": [cells]}]})
        },
    ];
    let form = prop::sample::select(form.to_vec());
    (prop::sample::select(posted), application, form, any::<bool>()).prop_map(|(posted, own, form, comes_first)| {
        let [own, posted] = [own, form(posted)].map(|object| object.to_string());
        let [own, posted] = [&own, &posted].map(|object| &object[1..object.len() - 1]);
        if comes_first { format!("{{{own},{posted}}}") } else { format!("{{{posted},{own}}}") }
    })
}

/// An export with places for another object.
struct Export {
    writer: &'static Writer,
    /// Documents or, of one array or batch, its elements.
    pieces: Vec<String>,
    before: String,
    between: &'static str,
    after: &'static str,
    failures: Vec<Failure>,
}

impl Export {
    /// `None` if it is no JSON, or one document that is neither an answer nor has an array of records.
    fn of(writer: &'static Writer) -> Option<Self> {
        let text = (writer.write)(&failed(6, noon()));
        let documents =
            serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<Box<RawValue>>();
        let documents = documents.map(|document| document.map(|raw| raw.get().to_owned()));
        let documents = documents.collect::<Result<Vec<_>, _>>().ok()?;
        let (pieces, before, between, after) = match &documents[..] {
            [document] if writer.shape != "api_answer" => {
                let (before, array) = document.split_at(document.find('[')?);
                let is_batch = matches!(before, "" | "{\"records\":");
                let array = if before.is_empty() { array } else { array.strip_suffix('}')? };
                let elements: Vec<Box<RawValue>> = serde_json::from_str(array).ok().filter(|_| is_batch)?;
                let after = if before.is_empty() { "]" } else { "]}" };
                let pieces = elements.iter().map(|element| element.get().to_owned()).collect();
                (pieces, format!("{before}["), ",", after)
            }
            _ => (documents, String::new(), "\n", "\n"),
        };
        let export = Self { writer, pieces, before, between, after, failures: Vec::new() };
        let failures = failures(&export.text(&export.pieces));
        Some(Self { failures, ..export })
    }

    fn text(&self, pieces: &[String]) -> String {
        format!("{}{}{}", self.before, pieces.join(self.between), self.after)
    }

    /// The export with another object among the records.
    fn beside(&self, position: usize, other: &impl ToString) -> String {
        let mut pieces = self.pieces.clone();
        pieces.insert(position.min(pieces.len()), other.to_string());
        self.text(&pieces)
    }
}

static EXPORTS: LazyLock<Vec<Export>> = LazyLock::new(|| WRITERS.iter().filter_map(Export::of).collect());

fn failures(text: &str) -> Vec<Failure> {
    read(text.as_bytes()).0.failures().into_iter().cloned().collect()
}

/// Enough to find each fault that this property has found, in most runs.
const CASES: u32 = 1000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn no_object_changes_the_outcome_of_another_record(
        writer in 0..EXPORTS.len(),
        position in 0..7_usize,
        other in stranger(),
    ) {
        let export = &EXPORTS[writer];
        let text = export.beside(position, &other);
        let found = failures(&text);
        for failure in &export.failures {
            prop_assert!(found.contains(failure), "{} {} at {}: {}", export.writer.shape, export.writer.what, position, other);
        }
    }

    #[test]
    fn no_object_of_another_application_adds_a_failure(
        writer in 0..EXPORTS.len(),
        position in 0..7_usize,
        other in logged(),
    ) {
        let export = &EXPORTS[writer];
        prop_assert_eq!(&failures(&export.beside(position, &other)), &export.failures, "{} {} at {}: {}", export.writer.shape, export.writer.what, position, other);
    }

    /// Many writers end the last line without a line feed.
    #[test]
    fn a_line_feed_at_the_end_changes_nothing(
        writer in 0..EXPORTS.len(),
        other in prop_oneof![stranger().prop_map(|other| other.to_string()), logged_answer()],
    ) {
        let export = &EXPORTS[writer];
        let mut text = export.beside(export.pieces.len(), &other);
        text.truncate(text.trim_end().len());
        let outcomes = read(text.as_bytes()).0.outcomes;
        text.push('\n');
        prop_assert_eq!(outcomes, read(text.as_bytes()).0.outcomes, "{} {}: {}", export.writer.shape, export.writer.what, other);
    }

    #[test]
    fn no_answer_that_another_application_logged_adds_a_failure(
        writer in 0..EXPORTS.len(),
        position in 0..7_usize,
        other in logged_answer(),
        times in 1..3_usize,
    ) {
        let export = &EXPORTS[writer];
        prop_assert_eq!(&failures(&export.beside(position, &other)), &export.failures, "{} {} at {}: {}", export.writer.shape, export.writer.what, position, other);
        let others = vec![other.clone(); times];
        let many_lines = other.replace(",\"", ",\n\"");
        for alone in [others.join("\n"), others.concat(), format!("[{}]", others.join(",")), many_lines] {
            prop_assert!(failures(&alone).is_empty(), "{}", alone);
        }
    }
}

#[test]
fn a_strangers_record_of_cloudtrail_is_a_login_in_every_shape() {
    for export in EXPORTS.iter() {
        let (received, result) = read(export.beside(2, &login()).as_bytes());
        let what = format!("{} {}", export.writer.shape, export.writer.what);
        assert!(result.is_ok(), "{what}");
        assert_eq!(received.trail.len(), 1, "{what}");
        assert!(received.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failure(_))), "{what}");
    }
}

#[test]
fn exports_of_every_json_shape_have_places_for_others() {
    assert!(EXPORTS.iter().all(|export| export.failures.len() == 6));
    let shapes: BTreeSet<_> = EXPORTS.iter().map(|export| export.writer.shape).collect();
    let others = WRITERS.iter().map(|writer| writer.shape).filter(|shape| !shapes.contains(shape));
    assert_eq!(others.filter(|shape| !shape.ends_with("_csv")).count(), 0);
}

/// The statement of another application counts at any position in a line that looks like a batch.
#[test]
fn a_key_after_the_array_of_a_batch_shows_another_application() {
    let posted = SignIn::failed("posted", noon()).record();
    for statement in ["\"service\":\"shop\"", "\"source_type\":\"http_server\"", "\"x\":1,\"sourcetype\":\"shop\""] {
        for line in [
            format!("{{\"records\":[{posted}],{statement}}}"),
            format!("{{{statement},\"records\":[{posted}]}}"),
            format!("{{\"records\":[{posted}],\"x\":[],{statement}}}"),
            format!("{{\"records\":[{posted}],{statement},\"x\":[]}}"),
        ] {
            for export in EXPORTS.iter().filter(|export| export.after == "\n") {
                for position in [1, export.pieces.len()] {
                    let text = export.beside(position, &line);
                    assert_eq!(failures(&text), export.failures, "{}: {line}", export.writer.what);
                    assert_eq!(failures(text.trim_end()), export.failures, "{}: {line}", export.writer.what);
                }
            }
        }
    }
}

/// A batch that is longer than a record is entered before the keys after its array are known. Those before it count.
#[test]
fn a_key_before_the_array_of_a_long_batch_shows_another_application() {
    let mut posted = SignIn::failed("posted", noon());
    posted.user.push_str(&"x".repeat(400_000));
    let batches = documents(&posted).into_iter().filter(|document| document.get("category").is_some());
    let batches = batches
        .flat_map(|record| ["records", "value", "data"].map(|name| format!("{name:?}:[{record},{record},{record}]")));
    for (batch, statement) in batches.flat_map(|batch| {
        ["\"service\":\"shop\"", "\"level\":\"info\"", "\"@t\":\"x\"", "\"source\":\"shop\",\"x\":[]"]
            .map(|statement| (batch.clone(), statement))
    }) {
        let logged = format!("{{{statement},{batch}}}");
        let what = &logged[..60];
        for text in [logged.clone(), format!("{logged}\n"), format!("{logged}\n{logged}\n"), format!("[{logged}]")] {
            assert!(failures(&text).is_empty(), "{what}");
        }
        let quiet = json!({"records": [SignIn::failed("one", noon()).record()]});
        assert_eq!(failures(&format!("{quiet}\n{logged}")).len(), 1, "{what}");
        assert!(!failures(&format!("{{{batch}}}")).is_empty(), "{what}");
    }
}

/// Members that name nobody do not cost a batch.
#[test]
fn a_batch_with_further_members_after_its_array_is_read() {
    let record = SignIn::failed("one", noon()).record();
    let batch = json!({"records": [record]});
    for further in ["\"x\":1", "\"x\":[]", "\"x\":[{\"a\":1}]", "\"x\":{}"] {
        let line = format!("{{\"records\":[{record}],{further}}}");
        assert_eq!(failures(&format!("{batch}\n{line}\n{line}\n")).len(), 3, "{line}");
    }
}
