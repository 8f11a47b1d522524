//! Defender's advanced hunting.

use pivotwatch::detection::Source;
use pivotwatch::entra::{Ignored, Outcome};
use pivotwatch_tests::facts::{SignIn, noon};
use serde_json::json;

use crate::tools::{failures, read_whole};
use crate::writers::defender;

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

/// Sentinel copies the rows, with the time at which it received them and the name of the table.
#[test]
fn a_row_that_sentinel_copied_keeps_its_time_its_id_and_its_kind() {
    let sign_in = SignIn::failed("one", noon());
    let original = failures(defender(&sign_in).to_string().as_bytes());
    for name in ["AADSignInEventsBeta", "EntraIdSignInEvents"] {
        let mut copy = defender(&sign_in);
        copy["TimeGenerated"] = json!("2026-03-05T12:00:00Z");
        copy["Type"] = json!(name);
        for text in [copy.to_string(), json!([copy]).to_string(), json!({"value": [copy]}).to_string()] {
            let found = failures(text.as_bytes());
            assert_eq!(found, original, "{text}");
        }
    }
}

/// <https://learn.microsoft.com/defender-xdr/advanced-hunting-aadspnsignineventsbeta-table>
#[test]
fn a_sign_in_of_an_application_is_none_of_a_user() {
    let row = json!({
        "Timestamp": "2026-03-02T12:00:00Z", "Application": "backup", "ErrorCode": 7_000_215, "IPAddress": "203.0.113.7",
        "ServicePrincipalId": "1", "ServicePrincipalName": "backup", "IsManagedIdentity": false, "RequestId": "r",
    });
    let mut copy = row.clone();
    copy["TimeGenerated"] = json!("2026-03-02T12:05:00Z");
    for row in [row, copy] {
        let (_, outcomes) = read_whole(row.to_string().as_bytes());
        assert_eq!(outcomes, [Outcome::Ignored(Ignored::SourceNotCounted(Source::ServicePrincipal))], "{row}");
    }
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
        "IPAddress": "203.0.113.7", "RequestId": "id-1",
    }});
    let azure = SignIn::failed("id-1", noon()).record();
    let (shape, outcomes) = read_whole(json!({"records": [other, signed_in, azure]}).to_string().as_bytes());
    assert_eq!(shape, "event_hub");
    assert_eq!(outcomes[0], Outcome::Ignored(Ignored::OtherCategory));
    let [Outcome::Failure(one), Outcome::Failure(other)] = &outcomes[1..] else { panic!("{outcomes:?}") };
    assert_eq!(one.identity, other.identity, "both are of one sign-in");
}
