//! Rows of Log Analytics, and responses of its query API.

use chrono::TimeDelta;
use pivotwatch::detection::Source;
use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch_tests::facts::{SignIn, noon};
use serde_json::{Value, json};

use crate::tools::{failures, read, read_whole};
use crate::writers::row;

fn record() -> Value {
    row(&SignIn::failed("id-1", noon()))
}

fn without(names: &[&str]) -> Value {
    let mut record = record();
    for name in names {
        record.as_object_mut().unwrap().remove(*name);
    }
    record
}

#[test]
fn the_time_is_the_sign_ins_or_else_that_of_logging() {
    assert_eq!(failures(record().to_string().as_bytes())[0].time, noon());
    let logged = failures(without(&["CreatedDateTime"]).to_string().as_bytes())[0].time;
    assert_eq!(logged, noon() + TimeDelta::minutes(3));
}

#[test]
fn the_source_is_that_of_the_category_the_table_or_the_interactivity() {
    let mut row = record();
    row["IsInteractive"] = json!(false);
    let source = |row: &Value| failures(row.to_string().as_bytes())[0].source;
    assert_eq!(source(&row), Source::Interactive, "the category knows better");
    row["Category"] = json!("");
    assert_eq!(source(&row), Source::Interactive, "and so does the table");
    row["Type"] = json!("AADNonInteractiveUserSignInLogs");
    assert_eq!(source(&row), Source::NonInteractive);
}

/// A query names the table of a row in a union: `union withsource=TableName`.
#[test]
fn the_source_is_that_of_the_table_by_any_name_of_its_column() {
    for column in ["TableName", "SourceTable"] {
        let mut row = without(&["Category", "Type", "IsInteractive"]);
        row[column] = json!("AADNonInteractiveUserSignInLogs");
        assert_eq!(failures(row.to_string().as_bytes())[0].source, Source::NonInteractive, "{column}");
        row["Type"] = json!("AADNonInteractiveUserSignInLogs");
        row[column] = json!("SigninLogs");
        assert_eq!(failures(row.to_string().as_bytes())[0].source, Source::NonInteractive, "{column}");
        row["Type"] = json!("");
        row[column] = json!("spray");
        assert_eq!(failures(row.to_string().as_bytes())[0].source, Source::Interactive, "{column}");
    }
}

/// `IsInteractive` makes no user of it.
#[test]
fn a_service_principal_without_a_user_is_no_user() {
    let mut row = without(&["Category", "Type", "UserPrincipalName"]);
    row["ServicePrincipalId"] = json!("1");
    for interactive in [json!(true), json!(false), json!(null)] {
        row["IsInteractive"] = interactive;
        let (_, outcomes) = read_whole(row.to_string().as_bytes());
        assert_eq!(outcomes, [Outcome::Ignored(Ignored::SourceNotCounted(Source::ServicePrincipal))], "{row}");
    }
    row["UserPrincipalName"] = json!("ann@contoso.example");
    row["IsInteractive"] = json!(true);
    assert_eq!(failures(row.to_string().as_bytes())[0].source, Source::Interactive);
}

#[test]
fn objects_of_one_table_are_texts_in_the_other() {
    for status in [json!({"errorCode": 50053}), json!("{\"errorCode\":50053,\"failureReason\":\"\\\"\"}")] {
        let mut row = without(&["ResultType"]);
        row["Status"] = status;
        assert_eq!(failures(row.to_string().as_bytes())[0].code.as_str(), "50053");
    }
}

#[test]
fn an_applications_row_without_address_and_result_is_ignored_by_its_source() {
    let row =
        r#"{"Category":"ServicePrincipalSignInLogs","CreatedDateTime":"2025-07-01T10:45:17.5824212Z","TenantId":"t"}"#;
    let (shape, outcomes) = read_whole(row.as_bytes());
    assert_eq!(shape, "log_analytics");
    assert_eq!(outcomes, [Outcome::Ignored(Ignored::SourceNotCounted(Source::ServicePrincipal))]);
}

fn answer(rows: &Value) -> String {
    let columns = json!([{"name": "TimeGenerated"}, {"name": "IPAddress"}, {"name": "ResultType"}, {"name": "Id"}]);
    json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}).to_string()
}

#[test]
fn a_row_that_does_not_fit_the_responses_columns_costs_that_row() {
    let good = json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "1"]);
    let answer = answer(&json!([good, ["2026-03-02T12:00:00Z", "203.0.113.7", "0"], good, []]));
    let (shape, outcomes) = read_whole(answer.as_bytes());
    assert_eq!((shape, outcomes.len()), ("api_answer", 4));
    assert_eq!(outcomes[1], Outcome::Rejected(Rejected::Malformed));
    assert_eq!(outcomes[3], Outcome::Rejected(Rejected::Malformed));
}

#[test]
fn invalid_unicode_costs_nothing_and_a_number_out_of_range_costs_the_row_that_needs_it() {
    let good = json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "1"]);
    let odd = json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "odd"]);
    let answer = answer(&json!([good, odd, good]));
    for (there, failures) in
        [(&b"\"\\ud800\""[..], 3), (b"\"\xff\"", 3), (b"\"\xe2\x82\"", 3), (b"\"\xc3\xa9\"", 3), (b"1e400", 2)]
    {
        let (before, after) = answer.split_once("\"odd\"").unwrap();
        let (_, outcomes) = read_whole(&[before.as_bytes(), there, after.as_bytes()].concat());
        assert_eq!(outcomes.len(), 3);
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failure(_))).count(), failures);
    }
}

#[test]
fn concatenated_responses_are_all_read() {
    let answer = answer(&json!([["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "1"]]));
    assert_eq!(failures(format!("{answer}\r\n\u{feff}{answer}\n").as_bytes()).len(), 2);
}

#[test]
fn a_cut_response_yields_the_rows_before_the_cut_and_reports_it() {
    let good = json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "1"]);
    let answer = answer(&json!([good, good, good]));
    let (received, result) = read(&answer.as_bytes()[..answer.len() - 10]);
    assert_eq!(result.unwrap_err().code(), "object.truncated");
    assert_eq!(received.failures().len(), 2);
    let (received, result) = read(answer.replacen("],[", "];[", 1).as_bytes());
    assert_eq!(result.unwrap_err().code(), "object.corrupt");
    assert_eq!(received.failures().len(), 1);
}

#[test]
fn a_cell_beyond_the_memory_limit_costs_its_row() {
    let row = |last: &str| json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", last]);
    let units = ["\"", "\\", "\u{1}", "\u{1f600}", "é"].map(|unit| (unit, 2 * 1024 * 1024 / unit.len()));
    for (unit, times) in units.into_iter().chain([("x", 20 * 1024 * 1024)]) {
        let long = row(&unit.repeat(times));
        let (received, result) = read(answer(&json!([row("1"), long, row("2")])).as_bytes());
        assert!(result.is_ok(), "{unit:?}: {result:?}");
        assert_eq!(received.failures().len(), 2, "{unit:?}");
        assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::TooLong), "{unit:?}");
    }
}

#[test]
fn a_row_beyond_the_memory_limit_without_a_string_stops_the_response() {
    let good = json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", "1"]);
    let long = json!(["2026-03-02T12:00:00Z", "203.0.113.7", "50126", vec![0; 9 * 1024 * 1024]]);
    let (received, result) = read(answer(&json!([good, long, good])).as_bytes());
    let fault = result.unwrap_err();
    assert_eq!(fault.code(), "object.corrupt", "{fault}");
    assert!(fault.to_string().contains("longer than a record may be"), "{fault}");
    assert_eq!(received.failures().len(), 1);
}

#[test]
fn rows_are_recognised_in_any_case() {
    let row = |id: usize| {
        format!(
            "\"TimeGenerated\":\"2026-03-02T12:00:00Z\",\"ResultType\":\"50126\",\"IPAddress\":\"203.0.113.7\",\"Id\":\"{id}\""
        )
    };
    let cases: [fn(String) -> String; 3] = [|row| row, |row| row.to_lowercase(), |row| row.to_uppercase()];
    for case in cases {
        let rows: Vec<String> = (0..3).map(|id| format!("{{{}}}", case(row(id)))).collect();
        for text in [rows.join("\n"), format!("[{}]", rows.join(","))] {
            assert_eq!(crate::tools::read(text.as_bytes()).0.failures().len(), 3, "{text}");
        }
    }
}
