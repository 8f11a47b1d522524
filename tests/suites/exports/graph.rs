//! Microsoft Graph's sign-ins.

use pivotwatch::detection::Source;
use pivotwatch::entra::{Ignored, Outcome};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use serde_json::{Value, json};

use crate::tools::{failures, read, read_whole};
use crate::writers::{array, graph};

fn record() -> Value {
    graph(&SignIn::failed("id-1", noon()))
}

fn outcome(record: &Value) -> Outcome {
    let (shape, outcomes) = read_whole(json!({"value": [record]}).to_string().as_bytes());
    assert_eq!(shape, "graph");
    outcomes[0].clone()
}

fn source(record: &Value) -> Source {
    match outcome(record) {
        Outcome::Failure(failure) => failure.source,
        other => panic!("{other:?} for {record}"),
    }
}

#[test]
fn the_source_is_that_of_the_event_types_or_else_of_the_interactivity() {
    let with = |kinds: Value, interactive: Value| {
        let mut record = record();
        record["signInEventTypes"] = kinds;
        record["isInteractive"] = interactive;
        record
    };
    assert_eq!(source(&with(json!(["interactiveUser"]), json!(false))), Source::Interactive);
    assert_eq!(source(&with(json!(["nonInteractiveUser"]), json!(true))), Source::NonInteractive);
    assert_eq!(source(&with(json!(null), json!(false))), Source::NonInteractive, "v1.0 has no kinds");
    assert_eq!(source(&with(json!([]), json!(true))), Source::Interactive);
    assert_eq!(source(&with(json!(null), json!(null))), Source::Interactive, "all that Graph gives unasked");
    for (kinds, reason) in [
        (json!(["servicePrincipal"]), Ignored::SourceNotCounted(Source::ServicePrincipal)),
        (json!(["managedIdentity"]), Ignored::SourceNotCounted(Source::ManagedIdentity)),
        (json!(["unknownFutureValue"]), Ignored::UnknownSignInCategory),
    ] {
        assert_eq!(outcome(&with(kinds, json!(true))), Outcome::Ignored(reason));
    }
}

#[test]
fn a_success_with_the_failure_reason_other_is_a_success() {
    let mut record = record();
    record["status"] = json!({"errorCode": 0, "failureReason": "Other.", "additionalDetails": null});
    assert_eq!(outcome(&record), Outcome::Ignored(Ignored::NotAFailure));
}

#[test]
fn arrays_pages_and_bare_records_may_be_concatenated() {
    let all = failed(4, noon());
    let page = json!({"@odata.context": "x", "value": array(&all[..2], graph), "@odata.count": 2});
    let export = format!("\u{feff}{:#}\r\n{:#}\r\n{}{}", json!([]), page, array(&all[2..3], graph), graph(&all[3]));
    assert_eq!(read_whole(export.as_bytes()).0, "graph");
    assert_eq!(failures(export.as_bytes()).len(), 4);
}

#[test]
fn an_hour_without_sign_ins_is_an_empty_export() {
    for export in ["[]", "{\"@odata.context\":\"x\",\"value\":[]}", "[\n]\n"] {
        let (received, result) = read(export.as_bytes());
        assert_eq!((result.unwrap().shape, received.outcomes.len()), ("graph", 0), "{export}");
    }
}

#[test]
fn a_cut_page_yields_the_records_before_the_cut_and_reports_it() {
    let page = json!({"@odata.context": "x", "value": array(&failed(3, noon()), graph)}).to_string();
    let (received, result) = read(&page.as_bytes()[..page.len() - 50]);
    assert_eq!(result.unwrap_err().code(), "object.truncated");
    assert_eq!(received.failures().len(), 2);
}
