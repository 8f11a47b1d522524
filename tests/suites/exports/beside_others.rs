//! Records of other logs beside sign-ins hide no sign-in, with any keys.

use pivotwatch_tests::facts::{SignIn, failed, noon};
use serde_json::{Value, json};

use crate::RecordWriter;
use crate::tools::{failures, read};
use crate::writers::{defender, elastic, graph, row};

/// The lines of a file that has the record of another log among sign-ins.
fn beside(record: impl Fn(&SignIn) -> Value, other: &str) -> String {
    let mut lines: Vec<_> = failed(8, noon()).iter().map(|one| record(one).to_string()).collect();
    lines.insert(4, other.to_owned());
    lines.join("\n") + "\n"
}

/// Documents with the text of a sign-in.
fn vector(one: &SignIn) -> Value {
    json!({"message": one.record().to_string(), "source_type": "azure_event_hubs"})
}

/// None of the records hides a sign-in of an export, or adds a failure to it.
fn assert_no_effect(others: &[Value], writers: &[(&str, RecordWriter)]) {
    let mut wrong = Vec::new();
    for (shape, write) in writers {
        for other in others {
            let (received, _) = read(beside(write, &other.to_string()).as_bytes());
            if received.failures().len() != 8 {
                wrong.push(format!("{shape}, {other}: {}", received.failures().len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Analysts label rows, also in files with other records.
/// An application can give its lines any category.
#[test]
fn a_line_with_a_category_around_a_record_is_another_log() {
    let record = SignIn::failed("record", noon()).record();
    for key in ["data", "items", "body"] {
        for posted in [json!(record), json!([record])] {
            let line = json!({"category": "web", key: posted});
            assert_eq!(failures(format!("{record}\n{line}\n").as_bytes()).len(), 1, "{line}");
        }
    }
}

#[test]
fn a_category_that_an_analyst_added_hides_no_row_of_another_shape() {
    for write in [graph, row, defender] {
        let labelled: Vec<_> = (0..3)
            .map(|number| {
                let mut labelled = write(&SignIn::failed(&format!("labelled-{number}"), noon()));
                labelled["category"] = json!("suspicious");
                labelled
            })
            .collect();
        let mut damaged = labelled[0].clone();
        damaged["userPrincipalName"] = json!("an\u{1}n");
        let record = SignIn::failed("record", noon()).record();
        for text in [
            format!("{record}\n{}\n{}\n{}\n", labelled[0], labelled[1], labelled[2]),
            json!([record, labelled[0], labelled[1], labelled[2]]).to_string(),
            json!({"records": [record, labelled[0], labelled[1], labelled[2]]}).to_string(),
        ] {
            assert_eq!(failures(text.as_bytes()).len(), 4, "{text}");
            // A raw control character is repaired.
            let raw = text.replacen("labelled-0", "labelled-0\u{1}", 1);
            assert_eq!(failures(raw.as_bytes()).len(), 4, "{raw}");
        }
    }
}

#[test]
fn no_key_of_another_log_hides_sign_ins() {
    let answer =
        json!({"createdDateTime": "2026-03-02T12:00:00Z", "status": {"errorCode": 0}, "ipAddress": "192.0.2.1"});
    let others = [
        json!({"msg": "query", "rows": 5}),
        json!({"msg": "query", "rows": [answer]}),
        json!({"response": {"body": "x"}}),
        json!({"data": {"items": 3}}),
        json!({"azure.signinlogs.category": "SignInLogs", "azure.signinlogs.result_type": "0"}),
        json!({"TimeGenerated": "2026-03-02T12:00:00Z", "Type": "AppTraces"}),
        json!({"event": {"category": ["web"]}}),
        json!({"category": "shop", "level": "info"}),
        json!({"data": [[[[[[[[[1]]]]]]]]]}),
    ];
    assert_no_effect(
        &others,
        &[("diagnostic", SignIn::record), ("graph", graph), ("defender", defender), ("forwarded", vector)],
    );
}

/// The file's shape is Elastic's, whose documents need no provenance; what else is in it does.
#[test]
fn an_object_that_another_application_logged_beside_documents_is_no_sign_in() {
    let Value::Object(posted) = graph(&SignIn::failed("posted", noon())) else { panic!("a record is an object") };
    let mut logged = posted.clone();
    logged.insert("service".to_owned(), json!("shop"));
    for (other, failures) in [(posted, 9), (logged, 8)] {
        let (received, _) = read(beside(elastic, &Value::Object(other).to_string()).as_bytes());
        assert_eq!(received.failures().len(), failures);
    }
}

#[test]
fn no_value_of_another_log_is_taken_for_a_sign_in() {
    let posted = SignIn::failed("posted", noon()).record();
    let text = posted.to_string();
    let mut flat = posted.clone();
    flat["source_type"] = json!("http_server");
    let mut of_graph = graph(&SignIn::failed("posted", noon()));
    of_graph["service"] = json!({"name": "shop"});
    let others = [
        json!({"attributes": posted, "service": "shop", "source": "nodejs"}),
        json!({"attributes": {"data": [posted]}, "service": "shop", "source": "nodejs"}),
        json!({"event": posted, "service": {"name": "shop"}}),
        json!({"data": [posted], "source_type": "http_server"}),
        json!({"data": [posted], "level": "info", "msg": "posted"}),
        json!({"records": [posted], "service": "shop"}),
        json!({"value": [of_graph], "path": "/feedback"}),
        json!({"_raw": text, "_time": 1, "host": "shop"}),
        json!({"_source": posted, "service": {"name": "shop"}}),
        flat,
        of_graph,
    ];
    assert_no_effect(&others, &[("forwarded", vector), ("diagnostic", SignIn::record), ("graph", graph)]);
}

#[test]
fn sign_ins_after_more_kinds_of_records_than_are_looked_at_are_read() {
    let mut lines: Vec<_> = (0..1100).map(|kind| json!({"path": "/", format!("k{kind}"): 1}).to_string()).collect();
    lines.extend(failed(8, noon()).iter().map(|one| graph(one).to_string()));
    let (received, result) = read((lines.join("\n") + "\n").as_bytes());
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(received.failures().len(), 8);
}
