//! `tuning test`: a dry run over files.

use std::fs;
use std::path::Path;
use std::process::Output;

use pivotwatch_tests::tuning;
use serde_json::{Value, json};

use super::{facts, folder, objects, pivotwatch, text};

fn test(folder: &Path, more: &[&str]) -> Output {
    let arguments = ["tuning", "test", "--tuning", "tuning.json", "--entra", "entra", "--cloudtrail", "cloudtrail"];
    pivotwatch(folder, &[&arguments, more].concat())
}

fn put(folder: &Path, entries: &[Value]) {
    fs::write(folder.join("tuning.json"), json!(entries).to_string()).unwrap();
}

fn entry(id: &str, threshold: u64, network: &str) -> Value {
    tuning::entry(id, &json!({"threshold": threshold, "when": {"cidr": [network]}}))
}

#[test]
fn a_dry_run_counts_the_incidents_that_each_entry_hides() {
    let folder = facts("dry-run");
    let invalid = entry("invalid", 3, "192.0.2.0/24");
    put(&folder, &[entry("office", 50, "203.0.113.0/24"), entry("elsewhere", 50, "192.0.2.0/24"), invalid]);
    let output = test(&folder, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "one entry is invalid");
    let found: Vec<_> = objects(&output)
        .iter()
        .map(|line| [&line["id"], &line["state"], &line["hidden"], &line["high"]].map(Value::clone))
        .collect();
    let expected = [
        [json!("office"), json!("active"), json!(1), json!(0)],
        [json!("elsewhere"), json!("active"), json!(0), json!(0)],
        [json!("invalid"), json!("invalid"), json!(0), json!(0)],
    ];
    assert_eq!(found, expected);
    assert_eq!(objects(&output)[0]["incidents"].as_array().unwrap().len(), 1);

    let output = test(&folder, &[]);
    insta::assert_snapshot!(text(&output.stdout));
    let said = text(&output.stderr);
    assert!(said.contains("the tuning entry invalid is invalid and was ignored"), "{said}");
    assert!(said.ends_with("0 incidents\n1 incident hidden by tuning entries (office 1)\n"), "{said}");
}

#[test]
fn files_are_recognised_by_their_content_whatever_names_them() {
    let folder = facts("dry-run-files");
    put(&folder, &[entry("office", 50, "203.0.113.0/24")]);
    let hidden = |paths: &[&str]| {
        let arguments = ["tuning", "test", "--tuning", "tuning.json", "--format", "json"];
        let output = pivotwatch(&folder, &[&arguments, paths].concat());
        let hidden = objects(&output).first().map(|line| line["hidden"].clone());
        (output.status.code(), hidden)
    };
    for paths in [
        &["entra", "cloudtrail"][..],
        &["cloudtrail", "entra"],
        &["entra", "--cloudtrail", "cloudtrail"],
        &["cloudtrail", "--entra", "entra"],
        &["--entra", "entra", "--cloudtrail", "cloudtrail"],
    ] {
        assert_eq!(hidden(paths), (Some(0), Some(json!(1))), "{paths:?}");
    }
    assert_eq!(hidden(&["entra"]).0, Some(1), "there is no CloudTrail record");
    for paths in [&[][..], &["--entra", "entra"], &["--cloudtrail", "cloudtrail"]] {
        assert_eq!(hidden(paths), (Some(2), None), "{paths:?}");
    }
}

#[test]
fn an_invalid_threshold_is_reported_with_what_holds_in_its_place() {
    let folder = facts("dry-run-lost");
    let mut narrow = entry("narrow", 7, "203.0.113.0/24");
    narrow["colour"] = json!("red");
    put(&folder, &[entry("wide", 50, "203.0.0.0/16"), narrow]);
    let consequence = "meanwhile the rule's own threshold holds for its networks";
    let output = test(&folder, &["--format", "json"]);
    assert_eq!((output.status.code(), &objects(&output)[0]["hidden"]), (Some(1), &json!(0)));
    assert!(text(&output.stderr).contains(consequence), "{}", text(&output.stderr));
    for arguments in [
        &["tuning", "list", "--file", "tuning.json"][..],
        &["tuning", "show", "narrow", "--file", "tuning.json"],
        &["hunt", "--tuning", "tuning.json", "--entra", "entra", "--cloudtrail", "cloudtrail"],
    ] {
        let output = pivotwatch(&folder, arguments);
        assert_eq!(output.status.code(), Some(1));
        let all = (text(&output.stdout) + &text(&output.stderr)).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(all.contains("the rule's own threshold holds"), "{all}");
    }
}

#[test]
fn a_dry_run_uses_the_rule_of_the_deployment() {
    let folder = facts("dry-run-rule");
    put(&folder, &[entry("office", 50, "203.0.113.0/24")]);
    let hidden = |more: &[&str]| {
        let output = test(&folder, &[&["--format", "json"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        objects(&output)[0]["hidden"].as_u64().unwrap()
    };
    assert_eq!(hidden(&[]), 1);
    assert_eq!(hidden(&["--rule-threshold", "6"]), 0, "there is no incident");
    assert_eq!(hidden(&["--rule-sources", "adfs"]), 0);
}

#[test]
fn files_without_records_or_without_entries_are_trouble() {
    let empty = folder("dry-run-empty");
    put(&empty, &[]);
    assert_eq!(test(&empty, &[]).status.code(), Some(1));
    let folder = facts("dry-run-broken");
    fs::write(folder.join("tuning.json"), "[{]").unwrap();
    let output = test(&folder, &[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
}
