//! `explain`: the codes that it knows, and those that it does not.

use pivotwatch::detection::Rule;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{folder, objects, pivotwatch, text};

#[test]
fn codes_are_explained_in_a_table() {
    let output = pivotwatch(&folder("explain"), &["explain", "50126", "aadsts53003", "50140", "50053", "0"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn codes_are_explained_in_json() {
    let output =
        pivotwatch(&folder("explain_json"), &["explain", "--format", "json", "50126", "50053", "50074", "50125"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn an_unknown_code_is_reported_beside_the_known_ones() {
    let folder = folder("explain_unknown");
    let output = pivotwatch(&folder, &["explain", "--format", "json", "50126", "50127000", "050126"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = objects(&output);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["classes"], json!(["wrong_password"]));
    for (line, code) in lines[1..].iter().zip(["50127000", "050126"]) {
        let unknown = json!({"code": code, "meaning": null, "classes": [], "counted": true, "password_right": null});
        assert_eq!(*line, unknown);
        let said = format!("pivotwatch: {code} is not in the table of result codes; the rule counts it\n");
        assert!(text(&output.stderr).contains(&said), "{}", text(&output.stderr));
    }

    let output = pivotwatch(&folder, &["explain", "50127000"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    let row: Vec<_> = shown.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(row, ["50127000", "unknown", "yes", "unknown"]);
}

#[test]
fn what_is_no_code_is_a_wrong_argument() {
    let folder = folder("explain_wrong");
    for wrong in
        [&["explain"][..], &["explain", ""], &["explain", "50126", "wrong_password"], &["explain", "12345678901"]]
    {
        let output = pivotwatch(&folder, wrong);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{wrong:?}");
        let said = text(&output.stderr);
        assert!(wrong.len() == 1 || said.contains("one to ten digits, such as 50126"), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_number_is_explained_and_counted_by_the_rule(
        codes in prop::collection::vec(prop_oneof!["[0-9]{1,10}", "501[0-9]{2}", "0|50125|50140|50126"], 1..5),
    ) {
        let folder = folder("explain_any");
        let mut arguments = vec!["explain", "--format", "json"];
        arguments.extend(codes.iter().map(String::as_str));
        let output = pivotwatch(&folder, &arguments);
        let lines = objects(&output);
        prop_assert_eq!(lines.len(), codes.len());
        for (line, code) in lines.iter().zip(&codes) {
            prop_assert_eq!((&line["code"], &line["counted"]), (&json!(code), &json!(Rule::is_failure(code))));
        }
        let is_unknown = lines.iter().any(|line| line["meaning"] == Value::Null);
        prop_assert_eq!(output.status.code(), Some(i32::from(is_unknown)));
    }
}
