//! Answers of query APIs beside records, one a line.

use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use serde_json::{Value, json};

use crate::strangers::login;
use crate::tools::read;
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

type Writer = fn(&SignIn) -> Value;

#[test]
fn an_answer_beside_records_is_read_row_by_row() {
    let vector: Writer = |one| json!({"message": one.record().to_string(), "source_type": "azure_event_hubs"});
    let writers: [(Writer, usize); 6] =
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
        assert!(received.outcomes.contains(&Outcome::Rejected(Rejected::PartialAnswer)));
    }
}

/// A visitor can post an answer to an application, which logs it: alone in its file, or beside exports.
#[test]
fn an_answer_that_another_application_logged_adds_no_failure() {
    let own = [("service", "shop"), ("level", "info"), ("msg", "x"), ("source_type", "http_server"), ("app", "shop")];
    let own = own.into_iter().chain([("lvl", "info"), ("ts", "1"), ("hostname", "h"), ("url", "/"), ("pid", "1")]);
    for (answer, (own, value)) in
        answers().into_iter().flat_map(|answer| own.clone().map(move |own| (answer.clone(), own)))
    {
        if !answer.is_object() {
            continue;
        }
        let answer = answer.to_string();
        let members = &answer[1..answer.len() - 1];
        for logged in [format!("{{\"{own}\":\"{value}\",{members}}}"), format!("{{{members},\"{own}\":\"{value}\"}}")] {
            for text in [
                logged.clone(),
                format!("{logged}\n{logged}\n"),
                format!("[{logged},{logged}]"),
                logged.replace(",\"", ",\n\""),
            ] {
                assert!(read(text.as_bytes()).0.failures().is_empty(), "{text}");
            }
            let others = [SignIn::failed("one", noon()).record(), graph(&SignIn::failed("one", noon()))];
            for other in others.into_iter().chain([json!({"body": {"value": [graph(&SignIn::failed("one", noon()))]}})])
            {
                let (received, _) = read(format!("{other}\n{logged}\n").as_bytes());
                assert_eq!((received.failures().len(), received.outcomes.len()), (1, 2), "{other} {logged}");
            }
        }
    }
}

/// The documents of an answer, in every framing.
fn framed(documents: &[Value]) -> [String; 4] {
    let joined =
        |delimiter: &str, write: fn(&Value) -> String| documents.iter().map(write).collect::<Vec<_>>().join(delimiter);
    [
        joined("\n", Value::to_string),
        joined("", Value::to_string),
        joined("\n", |document| serde_json::to_string_pretty(document).unwrap()),
        json!(documents).to_string(),
    ]
}

#[test]
fn a_record_in_place_of_a_list_is_read() {
    let records: [fn(&SignIn) -> Value; 4] = [SignIn::record, graph, defender, elastic];
    for record in records {
        let [one, two, three] = ["1", "2", "3"].map(|id| record(&SignIn::failed(id, noon())));
        let response = |body: &Value| json!({"id": "1", "status": 200, "headers": {}, "body": body});
        let list = json!({"@odata.context": "x", "value": [three]});
        for documents in [
            vec![json!({"responses": [response(&one), response(&two), response(&list)]})],
            vec![json!({"responses": [response(&list), response(&json!({"value": one})), response(&two)]})],
            vec![json!({"responses": [response(&one), response(&two), response(&three)]})],
            [&one, &two, &three].map(|body| json!({"body": body, "headers": {}})).to_vec(),
            [&one, &two, &three].map(|response| json!({"response": response})).to_vec(),
            [&one, &two, &three].map(|result| json!({"result": {"data": result}})).to_vec(),
        ] {
            // Among records of the same kind, objects that are not recognised alone are read, too.
            let beside = [documents.clone(), vec![record(&SignIn::failed("4", noon()))]].concat();
            for text in framed(&beside) {
                let (received, result) = read(text.as_bytes());
                assert!(result.is_ok(), "{text}: {result:?}");
                assert_eq!((received.failures().len(), received.outcomes.len()), (4, 4), "{text}");
            }
        }
    }
}

#[test]
fn a_text_or_another_object_in_place_of_rows_is_rejected_by_name() {
    let one = graph(&SignIn::failed("one", noon()));
    let list = json!({"id": "0", "status": 200, "body": {"value": [one]}});
    for body in [json!({"value": [one]}).to_string().into(), json!("eyJ2YWx1ZSI6W119"), json!({"x": 1})] {
        let answer = json!({"responses": [list, {"id": "1", "status": 200, "body": body}]});
        let (received, result) = read(answer.to_string().as_bytes());
        assert!(result.is_ok(), "{answer}: {result:?}");
        assert_eq!((received.failures().len(), received.outcomes.len()), (1, 2), "{answer}");
        assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::NoRows), "{answer}");
    }
    let logged = json!({"service": "shop", "responses": [{"id": "1", "body": json!({"value": [one]}).to_string()}]});
    assert_eq!(read(logged.to_string().as_bytes()).0.outcomes, [Outcome::Ignored(Ignored::OtherCategory)]);
    for body in [json!(null), json!({}), json!({"value": []}), json!("")] {
        let answer = json!({"responses": [list, {"id": "1", "status": 204, "body": body}]});
        assert_eq!(read(answer.to_string().as_bytes()).0.outcomes.len(), 1, "{answer}");
    }
}

/// Each object around a record is parsed with those within it, so few are entered.
#[test]
fn a_record_too_deep_in_an_answer_is_rejected() {
    let nested = |depth| (0..depth).fold(graph(&SignIn::failed("one", noon())), |inner, _| json!({"data": inner}));
    for (depth, expected) in [(1, 1), (2, 1), (3, 1), (10, 0), (60, 0)] {
        let answer = json!({"responses": [{"id": "1", "status": 200, "body": nested(depth)}]});
        let (received, _) = read(answer.to_string().as_bytes());
        assert_eq!(
            (received.failures().len(), received.outcomes.len()),
            (expected, 1),
            "{depth}: {:?}",
            received.outcomes
        );
    }
}

#[test]
fn an_answer_that_lacks_rows_by_its_own_statement_has_a_rejected_record() {
    for (name, value, is_partial) in [
        ("error", json!({"code": "PartialError", "message": "x"}), true),
        ("error", json!("x"), true),
        ("error", json!(null), false),
        ("Exceptions", json!(["x"]), true),
        ("Exceptions", json!([]), false),
        ("HasErrors", json!(true), true),
        ("HasErrors", json!(false), false),
        ("timed_out", json!(true), true),
        ("timed_out", json!(false), false),
        ("_shards", json!({"total": 5, "successful": 3, "failed": 2}), true),
        ("_shards", json!({"total": 5, "successful": 5, "failed": 0}), false),
        ("status", json!(504), true),
        ("status", json!(200), false),
        ("is_partial", json!(true), true),
    ] {
        for mut answer in answers().into_iter().filter(|answer| answer.is_object() && answer.get("Results").is_none()) {
            answer[name] = value.clone();
            let record = SignIn::failed("one", noon()).record();
            let own = usize::from(answer.get("data").is_some());
            let beside = if own == 1 { format!("{record}\n") } else { String::new() };
            let (received, result) = read(format!("{beside}{answer}").as_bytes());
            assert!(result.is_ok(), "{answer}: {result:?}");
            let partial = Outcome::Rejected(Rejected::PartialAnswer);
            let partial = received.outcomes.iter().filter(|outcome| **outcome == partial).count();
            assert_eq!((received.failures().len(), partial), (3 + own, usize::from(is_partial)), "{answer}");
        }
    }
}

#[test]
fn the_columns_of_a_fragmented_answer_are_those_of_its_header() {
    let rows: Vec<Value> = failed(6, noon()).iter().map(row).collect();
    let columns = COLUMNS.map(|column| json!({"ColumnName": column, "ColumnType": "string"}));
    let fragment = |rows: &[Value]| json!({"FrameType": "TableFragment", "TableId": 1, "FieldCount": 5, "TableFragmentType": "DataAppend", "Rows": rows});
    let frames = [
        json!({"FrameType": "DataSetHeader", "IsProgressive": true, "IsFragmented": true, "Version": "v2.0"}),
        json!({"FrameType": "DataTable", "TableId": 0, "TableKind": "QueryProperties", "Columns": [{"ColumnName": "Key"}], "Rows": []}),
        json!({"FrameType": "TableHeader", "TableId": 1, "TableKind": "PrimaryResult", "Columns": columns}),
        fragment(&rows[..2]),
        json!({"FrameType": "TableProgress", "TableId": 1, "TableProgress": 50.0}),
        fragment(&rows[2..]),
        json!({"FrameType": "TableCompletion", "TableId": 1, "RowCount": 6}),
        json!({"FrameType": "DataSetCompletion", "HasErrors": false, "Cancelled": false}),
    ];
    for text in framed(&frames) {
        let (received, result) = read(text.as_bytes());
        assert!(result.is_ok(), "{text}: {result:?}");
        assert_eq!((received.failures().len(), received.outcomes.len()), (6, 6), "{text}");
    }
    // A fragment after the completion has no columns.
    let late = [&frames[..7], &[fragment(&rows[..1])]].concat();
    for text in framed(&late) {
        let (received, _) = read(text.as_bytes());
        assert_eq!(received.outcomes.last(), Some(&Outcome::Rejected(Rejected::NoColumns)), "{text}");
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
