//! Defender's advanced hunting.

use pivotwatch::detection::Source;
use pivotwatch::entra::{Ignored, Outcome};
use pivotwatch_tests::facts::{SignIn, noon};
use serde_json::json;

use crate::tools::{failures, read_whole};

#[test]
fn a_row_without_a_request_has_the_reports_identifier() {
    let row = |report: &str| {
        json!({
            "Timestamp": "2026-03-02T12:00:00Z",
            "LogonType": "[\"interactiveUser\"]",
            "ErrorCode": 50126,
            "IPAddress": "203.0.113.7",
            "ReportId": report,
        })
    };
    let found = failures(format!("{}\n{}\n", row("one"), row("two")).as_bytes());
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].identity, found[1].identity);
}

#[test]
fn the_kinds_of_a_logon_are_sources() {
    for (kind, expected) in [
        ("[\"nonInteractiveUser\"]", None),
        ("[\"servicePrincipal\"]", Some(Ignored::SourceNotCounted(Source::ServicePrincipal))),
        ("[\"other\"]", Some(Ignored::UnknownSignInCategory)),
    ] {
        let row = json!({
            "Timestamp": "2026-03-02T12:00:00Z", "LogonType": kind, "ErrorCode": 50126, "IPAddress": "203.0.113.7",
        });
        let (_, outcomes) = read_whole(row.to_string().as_bytes());
        match expected {
            Some(reason) => assert_eq!(outcomes, [Outcome::Ignored(reason)]),
            None => assert!(
                matches!(&outcomes[..], [Outcome::Failure(failure)] if failure.source == Source::NonInteractive)
            ),
        }
    }
}

#[test]
fn a_stream_may_mix_its_tables_with_azures_logs() {
    let other =
        json!({"category": "AdvancedHunting-DeviceEvents", "properties": {"Timestamp": "2026-03-02T12:00:00Z"}});
    let signed_in = json!({"category": "AdvancedHunting-EntraIdSignInEvents", "properties": {
        "Timestamp": "2026-03-02T12:00:00Z", "LogonType": "[\"interactiveUser\"]", "ErrorCode": 50126,
        "IPAddress": "203.0.113.7", "RequestId": "id",
    }});
    let azure = SignIn::failed("id", noon()).record();
    let (shape, outcomes) = read_whole(json!({"records": [other, signed_in, azure]}).to_string().as_bytes());
    assert_eq!(shape, "event_hub");
    assert_eq!(outcomes[0], Outcome::Ignored(Ignored::OtherCategory));
    let [Outcome::Failure(one), Outcome::Failure(other)] = &outcomes[1..] else { panic!("{outcomes:?}") };
    assert_eq!(one.identity, other.identity, "both are of one sign-in");
}
