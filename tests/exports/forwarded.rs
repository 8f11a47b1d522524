//! What forwarders make of records.

use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch_tests::facts::{SignIn, noon};
use serde_json::json;

use crate::tools::{read, read_whole};

#[test]
fn wrapped_and_bare_records_may_stand_in_one_file() {
    let record = SignIn::failed("id", noon()).record();
    let export =
        format!("{}\n{record}\n{}\nbroken\n", json!({"event": record, "routing": {}}), json!({"message": "started"}));
    let (_, outcomes) = read_whole(export.as_bytes());
    assert!(matches!(outcomes[0], Outcome::Failure(_)) && outcomes[0] == outcomes[1]);
    assert_eq!(outcomes[2..], [Outcome::Ignored(Ignored::OtherCategory), Outcome::Rejected(Rejected::Malformed)]);
}

#[test]
fn another_log_in_a_wrapping_is_another_log() {
    let export = format!(
        "{}\n{}\n",
        json!({"event": SignIn::failed("id", noon()).record()}),
        json!({"event": {"category": "AuditLogs"}}),
    );
    assert_eq!(read_whole(export.as_bytes()).1[1], Outcome::Ignored(Ignored::OtherCategory));
}

#[test]
fn a_wrapping_with_bytes_that_are_no_text_does_not_hide_its_record() {
    let text = json!({"event": SignIn::failed("id", noon()).record()}).to_string();
    let (before, after) = text.split_once("ann@").unwrap();
    let bytes = [before.as_bytes(), b"\xff@", after.as_bytes()].concat();
    let (received, result) = read(&bytes);
    assert_eq!(result.unwrap().shape, "forwarded");
    assert_eq!(received.failures().len(), 1);
}

#[test]
fn a_forwarders_own_members_are_not_taken_for_the_record() {
    let record = SignIn::failed("id", noon()).record();
    let lone = record.to_string().replace("ann@", "\\ud800@");
    for wrapping in [
        json!({"event": {"dataset": "azure.signinlogs"}, "message": record.to_string()}),
        json!({"event": {"kind": "event"}, "attributes": record}),
        json!({"_raw": lone, "source": "azure:eventhub"}),
    ] {
        let (shape, outcomes) = read_whole(wrapping.to_string().as_bytes());
        assert_eq!(shape, "forwarded");
        assert!(matches!(outcomes[..], [Outcome::Failure(_)]), "{wrapping}");
    }
}
