//! Answers of query APIs beside records, one a line.

use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use serde_json::{Value, json};

use crate::strangers::login;
use crate::tools::{RecordWriter, read};
use crate::writers::{defender, elastic, graph};

const COLUMNS: [&str; 5] = ["CreatedDateTime", "IPAddress", "ResultType", "Id", "Category"];

/// A row of cells.
fn row(one: &SignIn) -> Value {
    let graph = graph(one);
    json!([graph["createdDateTime"], graph["ipAddress"], one.code, one.id, "SignInLogs"])
}

/// Answers with three sign-ins each.
fn answers() -> Vec<Value> {
    let sign_ins = failed(3, noon());
    let rows: Vec<Value> = sign_ins.iter().map(row).collect();
    let objects: Vec<Value> = sign_ins.iter().map(graph).collect();
    let hits: Vec<Value> = objects.iter().map(|object| json!({"_index": "x", "_source": object})).collect();
    let named = |name: &str| COLUMNS.map(|column| json!({name: column}));
    vec![
        json!({"tables": [{"name": "PrimaryResult", "columns": named("name"), "rows": rows}]}),
        json!({"Tables": [{"TableName": "Table_0", "Columns": named("ColumnName"), "Rows": rows}]}),
        json!({"FrameType": "DataTable", "TableKind": "PrimaryResult", "Columns": named("ColumnName"), "Rows": rows}),
        json!([{"FrameType": "DataTable", "Columns": named("ColumnName"), "Rows": rows}]),
        json!({"properties": {"columns": named("name"), "rows": rows}}),
        json!({"columns": named("name"), "values": rows}),
        json!({"took": 1, "hits": {"total": 3, "hits": hits}}),
        json!({"body": {"value": objects}}),
        json!({"responses": [{"id": "1", "status": 200, "headers": {}, "body": {"@odata.context": "x", "value": objects}}]}),
        json!({"responses": [{"id": "2", "body": {"value": objects[..1]}}, {"id": "1", "body": {"value": objects[1..]}}]}),
        json!({"data": {"result": objects}}),
        json!({"rows": objects}),
        json!({"Schema": named("Name"), "Results": objects, "Stats": {}}),
    ]
}

#[test]
fn an_answer_beside_records_is_read_row_by_row() {
    let vector: RecordWriter = |one| json!({"message": one.record().to_string(), "source_type": "azure_event_hubs"});
    let writers: [(RecordWriter, usize); 6] =
        [(SignIn::record, 4), (graph, 4), (defender, 4), (elastic, 4), (vector, 4), (|_| login(), 0)];
    for (record, failures) in writers {
        let records = failed(4, noon()).iter().map(|one| record(one).to_string()).collect::<Vec<_>>();
        for (answer, position) in answers().into_iter().flat_map(|answer| [0, 2, 4].map(|at| (answer.clone(), at))) {
            let mut lines = records.clone();
            lines.insert(position, answer.to_string());
            let (received, result) = read((lines.join("\n") + "\n").as_bytes());
            assert!(result.is_ok(), "{answer}: {result:?}");
            assert_eq!(received.failures().len(), failures + 3, "{}: {answer} at {position}", records[0]);
            assert_eq!(received.outcomes.len() + received.trail.len(), 7, "{answer}: {:?}", received.outcomes);
        }
    }
}

#[test]
fn a_row_that_cannot_be_read_is_rejected_by_itself() {
    let mut answer = answers().remove(0);
    answer["tables"][0]["rows"][1] = json!(["2026-03-02T12:00:00Z"]);
    let record = SignIn::failed("one", noon()).record();
    let (received, _) = read(format!("{record}\n{answer}\n").as_bytes());
    assert_eq!(received.failures().len(), 3);
    assert_eq!(received.outcomes[2], Outcome::Rejected(Rejected::Malformed), "{:?}", received.outcomes);
}

#[test]
fn an_error_in_place_of_one_of_several_answers_is_a_rejected_record() {
    let objects: Vec<Value> = failed(3, noon()).iter().map(graph).collect();
    let error = json!({"id": "2", "status": 429, "body": {"error": {"code": "TooManyRequests", "message": "x"}}});
    let answer = json!({"id": "1", "status": 200, "body": {"value": objects}});
    for responses in [[&answer, &error], [&error, &answer]] {
        let (received, result) = read(json!({"responses": responses}).to_string().as_bytes());
        assert!(result.is_ok(), "{result:?}");
        assert_eq!((received.failures().len(), received.outcomes.len()), (3, 4));
        assert!(received.outcomes.contains(&Outcome::Rejected(Rejected::Malformed)));
    }
}

/// A visitor can post an answer to an application, which logs it.
#[test]
fn an_answer_that_another_application_logged_adds_no_failure() {
    for answer in answers().into_iter().filter(Value::is_object) {
        for (own, value) in [("service", "shop"), ("level", "info"), ("msg", "x"), ("source_type", "http_server")] {
            let mut logged = answer.clone();
            logged[own] = json!(value);
            for record in [SignIn::failed("one", noon()).record(), graph(&SignIn::failed("one", noon()))] {
                let (received, _) = read(format!("{record}\n{logged}\n").as_bytes());
                assert_eq!((received.failures().len(), received.outcomes.len()), (1, 2), "{logged}");
            }
        }
    }
}

/// A file that begins with an answer, or has one anywhere, loses no record of another kind.
#[test]
fn records_between_answers_are_read_in_any_order_and_framing() {
    let login_in_text = json!({"message": login().to_string(), "source_type": "aws_s3"});
    let others = [
        (graph(&SignIn::failed("one", noon())), 1, 0),
        (json!({"value": [graph(&SignIn::failed("one", noon())), login()]}), 1, 1),
        (json!([login(), graph(&SignIn::failed("one", noon()))]), 1, 1),
        (login_in_text, 0, 1),
        (json!({"msg": "x", "level": "info"}), 0, 0),
    ];
    // Alone, a list of `data` is no answer: logs of applications have it.
    for answer in answers().into_iter().filter(|answer| answer.get("data").is_none()) {
        for (other, failures, logins) in &others {
            for documents in [[&answer, other, other], [other, &answer, other], [other, other, &answer]] {
                for delimiter in ["\n", "\r\n", "\n\u{feff}", "", ",\n"] {
                    let text = documents.map(Value::to_string).join(delimiter);
                    let (received, result) = read(text.as_bytes());
                    assert!(result.is_ok(), "{text}: {result:?}");
                    let expected = (3 + 2 * failures, 2 * logins);
                    assert_eq!((received.failures().len(), received.trail.len()), expected, "{text}");
                }
            }
        }
    }
}
