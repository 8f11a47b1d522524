//! Rows that summarise several sign-ins are refused in every form, because each would count as one failure.

use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch::input::{Foreign, ReadFault};
use pivotwatch_tests::facts::{SignIn, noon};
use serde_json::{Value, json};

use crate::tools::read;

/// The columns that `summarize` makes, or that analysts name so.
const SUMMARIES: [(&str, &str); 8] = [
    ("count_", "700"),
    ("Count", "700"),
    ("FailedCount", "700"),
    ("dcount_UserPrincipalName", "7"),
    ("list_Id", "[\"a\",\"b\"]"),
    ("set_AppDisplayName", "[\"x\"]"),
    ("Attempts", "700"),
    ("countif_", "7"),
];

/// A row with these further columns.
fn row(further: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [("TimeGenerated", "2026-03-02T12:00:00Z"), ("IPAddress", "203.0.113.7"), ("ResultType", "50126")];
    own.iter().chain(further).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The row as tables, as rows of JSON, and as answers.
fn forms(row: &[(String, String)]) -> Vec<String> {
    let names: Vec<&str> = row.iter().map(|(name, _)| &**name).collect();
    let cells: Vec<&str> = row.iter().map(|(_, cell)| &**cell).collect();
    let object = Value::Object(row.iter().map(|(name, cell)| (name.clone(), json!(cell))).collect());
    let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    let columns: Vec<Value> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    vec![
        format!("{}\r\n{}\r\n", names.join(","), quoted.join(",")),
        format!("{}\n{}\n", names.join(";"), quoted.join(";")),
        object.to_string(),
        json!([object]).to_string(),
        json!({"value": [object]}).to_string(),
        json!({"Schema": [], "Results": [object]}).to_string(),
        json!({"rows": [object]}).to_string(),
        json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": [cells]}]}).to_string(),
        json!([{"FrameType": "DataTable", "Columns": columns, "Rows": [cells]}]).to_string(),
    ]
}

#[test]
fn a_row_that_summarises_sign_ins_is_refused_by_name() {
    for summary in SUMMARIES {
        for text in forms(&row(&[summary])) {
            let (received, result) = read(text.as_bytes());
            assert!(received.failures().is_empty(), "{text}");
            assert!(matches!(result, Err(ReadFault::NotAnExport(Foreign::SummarisedTable))), "{text}: {result:?}");
        }
    }
}

#[test]
fn a_sign_in_with_an_id_is_none() {
    for summary in SUMMARIES {
        for text in forms(&row(&[summary, ("Id", "one")])) {
            let (received, result) = read(text.as_bytes());
            assert!(result.is_ok() && received.failures().len() == 1, "{text}: {result:?}");
        }
    }
    for other in [("Country", "DE"), ("AccountId", "x"), ("sum", "x"), ("list", "x")] {
        for text in forms(&row(&[other])) {
            assert_eq!(read(text.as_bytes()).0.failures().len(), 1, "{text}");
        }
    }
}

#[test]
fn a_summary_among_sign_ins_costs_no_other_record() {
    let summary =
        Value::Object(row(&[("count_", "700")]).into_iter().map(|(name, cell)| (name, json!(cell))).collect());
    let one = SignIn::failed("one", noon()).record();
    for text in [format!("{one}\n{summary}\n"), format!("{summary}\n{one}\n")] {
        let (received, result) = read(text.as_bytes());
        assert!(result.is_ok(), "{text}: {result:?}");
        assert_eq!((received.failures().len(), received.outcomes.len()), (1, 2), "{text}");
        assert!(received.outcomes.contains(&Outcome::Rejected(Rejected::Summary)), "{text}");
    }
}
