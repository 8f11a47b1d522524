//! A hunt with tuning entries.

use std::fs;
use std::path::Path;

use pivotwatch_tests::tuning::entry;
use serde_json::{Value, json};

use super::{facts, hunt, objects, text};

fn office() -> Value {
    entry("office", &json!({"threshold": 50, "when": {"cidr": ["203.0.113.0/24"]}}))
}

fn other() -> Value {
    entry("other", &json!({"exclude": "failures", "when": {"app": ["Veeam*"]}}))
}

fn put(folder: &Path, entries: &[Value]) {
    fs::write(folder.join("tuning.json"), json!(entries).to_string()).unwrap();
}

const TUNED: [&str; 4] = ["--tuning", "tuning.json", "--format", "json"];

#[test]
fn a_hidden_incident_is_counted_and_not_printed() {
    let folder = facts("hidden");
    put(&folder, &[office(), other()]);
    let output = hunt(&folder, &TUNED);
    assert_eq!((output.status.code(), objects(&output)), (Some(0), Vec::new()));
    let said = text(&output.stderr);
    assert!(said.ends_with("\n0 incidents\n1 incident hidden by tuning entries (office 1)\n"), "{said}");
}

#[test]
fn hidden_incidents_are_printed_with_their_entries_on_request() {
    let folder = facts("all");
    put(&folder, &[office()]);
    let output = hunt(&folder, &[&TUNED[..], &["--hidden"]].concat());
    assert_eq!(output.status.code(), Some(10));
    assert_eq!(
        objects(&output).iter().map(|incident| &incident["hidden_by"]).collect::<Vec<_>>(),
        [&json!(["office"])]
    );
    insta::assert_snapshot!(text(&hunt(&folder, &["--tuning", "tuning.json", "--hidden"]).stdout));
}

#[test]
fn an_incident_that_no_entry_hides_is_printed_as_without_entries() {
    let folder = facts("shown");
    put(&folder, &[other()]);
    let (with, without) = (hunt(&folder, &TUNED), hunt(&folder, &["--format", "json"]));
    assert_eq!((with.status.code(), &with.stdout), (Some(10), &without.stdout));
    assert_eq!(objects(&with)[0]["hidden_by"], json!([]));
}

#[test]
fn entries_are_an_array_or_one_after_the_other() {
    let folder = facts("one-after-the-other");
    for text in [
        json!([office(), other()]).to_string(),
        format!("{}\n{}\n", office(), other()),
        format!("{:#}\n{:#}", office(), other()),
        office().to_string(),
    ] {
        fs::write(folder.join("tuning.json"), text).unwrap();
        assert_eq!(hunt(&folder, &TUNED).status.code(), Some(0));
    }
    fs::write(folder.join("tuning.json"), "").unwrap();
    assert_eq!(hunt(&folder, &TUNED).status.code(), Some(10), "no entry hides nothing");
}

#[test]
fn an_invalid_entry_is_named_and_ignored_and_the_hunt_is_trouble() {
    let folder = facts("invalid");
    put(&folder, &[entry("office", &json!({"threshold": 4, "when": {"cidr": ["203.0.113.0/20"]}}))]);
    let output = hunt(&folder, &TUNED);
    assert_eq!((output.status.code(), objects(&output).len()), (Some(1), 1));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("pivotwatch: tuning.json: the tuning entry office is invalid and was ignored: "),
        "{said}"
    );
}

#[test]
fn a_file_without_entries_is_trouble() {
    let folder = facts("no-entries");
    fs::write(folder.join("tuning.json"), "[{]").unwrap();
    // A device has no end.
    for path in ["tuning.json", "absent.json", "/dev/zero"] {
        let output = hunt(&folder, &["--tuning", path]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()), "{path}");
        assert!(text(&output.stderr).contains(path));
    }
    assert_eq!(hunt(&folder, &["--hidden"]).status.code(), Some(2), "nothing is hidden without entries");
}
