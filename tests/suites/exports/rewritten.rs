//! Exports that a tool rewrote: flattened names, objects as text, wrapped and copied rows.

use pivotwatch::detection::Source;
use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch::input::ReadFault;
use pivotwatch_tests::facts::{SignIn, at, failed, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tools::{Received, failures, read, read_whole};
use crate::writers::{array, defender, elastic, flat, graph, row};

const TIME: &str = "2026-03-02T12:00:00Z";

#[test]
fn flattened_names_are_read_in_tables_and_in_json() {
    for name in [
        "status.errorCode",
        "status/errorCode",
        "status_errorCode",
        "Status.ErrorCode",
        "ErrorCode",
        "status_error_code",
    ] {
        let csv = format!("CreatedDateTime,IpAddress,Id,{name}\n{TIME},203.0.113.7,1,50126\n{TIME},203.0.113.7,2,0\n");
        assert_eq!(failures(csv.as_bytes()).len(), 1, "{name}");
        let record = |code| json!({"createdDateTime": TIME, "ipAddress": "203.0.113.7", "id": code, name: code});
        let (shape, outcomes) = read_whole(format!("{}\n{}\n", record(50126), record(0)).as_bytes());
        assert_eq!(shape, "graph");
        assert!(matches!(outcomes[..], [Outcome::Failure(_), Outcome::Ignored(Ignored::NotAFailure)]), "{outcomes:?}");
    }
}

#[test]
fn columns_are_found_in_every_spelling() {
    for header in [
        "created_date_time,ip_address,status_error_code,id",
        "Created Date Time,IP Address,Error Code,ID",
        "properties.createdDateTime,properties.ipAddress,properties.status.errorCode,properties.id",
        "createdDateTime_t,ipAddress_s,status_errorCode_d,id_g",
    ] {
        let csv = format!("{header}\n{TIME},203.0.113.7,50126.0,1\n");
        assert_eq!(
            failures(csv.as_bytes()),
            failures(format!("CreatedDateTime,IPAddress,ErrorCode,Id\n{TIME},203.0.113.7,50126,1\n").as_bytes()),
            "{header}"
        );
    }
}

#[test]
fn the_code_is_read_from_objects_as_text_and_type_names_are_refused_by_name() {
    for (status, expected) in [
        ("@{errorCode=50126; failureReason=Invalid, or so; additionalDetails=}", None),
        ("class SignInStatus {\n  AdditionalDetails: \n  ErrorCode: 50126\n  FailureReason: Invalid\n}\n", None),
        ("{'errorCode': 50126, 'failureReason': 'Invalid', 'additionalDetails': None}", None),
        ("System.Object", Some(Rejected::TypeName)),
        ("Microsoft.Graph.PowerShell.Models.MicrosoftGraphSignInStatus", Some(Rejected::TypeName)),
        ("Failure", Some(Rejected::NoCode)),
        ("@{errorCode=501", Some(Rejected::NoCode)),
        ("@{errorCode=50126; failureReason=x; errorCode=0}", Some(Rejected::SeveralCodes)),
        ("@{errorCode=0; failureReason=x; errorCode=50126}", Some(Rejected::SeveralCodes)),
        ("@{errorCode=x; errorCode=50126}", Some(Rejected::SeveralCodes)),
        ("@{errorCode=50126; failureReason=; errorCode=50126}", None),
        ("@{errorCode=50126; errorCode=50126.0; errorCode=}", None),
        ("class SignInStatus { ErrorCode: 50126 FailureReason: x ErrorCode: 0 }", Some(Rejected::SeveralCodes)),
        ("{'errorCode': 50126, 'failureReason': 'x', 'errorCode': 0}", Some(Rejected::SeveralCodes)),
        ("{errorCode=50126, failureReason=x, errorCode=0}", Some(Rejected::SeveralCodes)),
    ] {
        let csv = format!("CreatedDateTime,IpAddress,Status\n{TIME},203.0.113.7,\"{status}\"\n");
        let record = json!({"createdDateTime": TIME, "ipAddress": "203.0.113.7", "status": status});
        for text in [csv, record.to_string()] {
            match (&read_whole(text.as_bytes()).1[..], expected) {
                ([Outcome::Failure(failure)], None) => assert_eq!(failure.code.as_str(), "50126"),
                ([Outcome::Rejected(reason)], Some(expected)) => assert_eq!(*reason, expected, "{text}"),
                (other, _) => panic!("{other:?} for {text}"),
            }
        }
    }
}

/// A text of the user's choice within an object that a tool wrote as text.
#[test]
fn many_members_before_the_code_do_not_hide_another_code() {
    let many = "a=1; ".repeat(100);
    for status in [
        format!("@{{errorCode=0; {many}errorCode=50126}}"),
        format!("@{{{many}errorCode=50126}}"),
        format!("@{{errorCode=50126; {many}}}"),
    ] {
        let csv = format!("CreatedDateTime,IpAddress,Status\n{TIME},203.0.113.7,{status}\n");
        assert_eq!(read_whole(csv.as_bytes()).1, [Outcome::Rejected(Rejected::SeveralCodes)], "{status}");
    }
}

#[test]
fn a_code_of_its_own_column_precedes_several_in_an_object() {
    let csv = format!(
        "CreatedDateTime,IpAddress,ResultType,Status\n{TIME},203.0.113.7,50126,@{{errorCode=0; errorCode=50126}}\n"
    );
    assert_eq!(failures(csv.as_bytes()).len(), 1);
}

proptest! {
    /// An object as text with any other members: its code is read, or is one of several and rejected.
    #[test]
    fn no_member_of_an_object_as_text_replaces_its_code(
        before in "([a-c]{1,2}=[a-z0-9=: ]{0,5}; ){0,3}",
        after in "(; ([a-c]{1,2}|errorCode|ErrorCode)=?[a-z0-9=: ]{0,5}){0,3}",
    ) {
        let status = format!("@{{{before}errorCode=50126{after}}}");
        let record = json!({"createdDateTime": TIME, "ipAddress": "203.0.113.7", "status": status});
        let outcomes = read_whole(record.to_string().as_bytes()).1;
        let is_right = match &outcomes[..] {
            [Outcome::Failure(failure)] => failure.code.as_str() == "50126",
            [Outcome::Rejected(Rejected::SeveralCodes)] => after.to_lowercase().contains("errorcode"),
            _ => false,
        };
        prop_assert!(is_right, "{}: {:?}", status, outcomes);
    }
}

#[test]
fn lines_before_the_header_are_skipped() {
    let header = "\"CreatedDateTime\";\"IpAddress\";\"ResultType\"";
    let row = format!("\"{TIME}\";\"203.0.113.7\";\"50126\"");
    for before in [
        "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n",
        "\u{feff}#TYPE System.Object\r\n",
        "sep=;\r\n",
        "\"sep=;\"\n",
        "\u{feff}SEP=;\r\n\r\n",
        "sep=;\r\n#TYPE System.Object\r\n",
        "\u{feff}#TYPE System.Object\r\nsep=;\r\n\u{feff}",
        "#TYPE System.Object\r",
    ] {
        assert_eq!(failures(format!("{before}{header}\r\n{row}\r\n").as_bytes()).len(), 1, "{before:?}");
    }
    let comma = format!("sep=,\n{header}\n{row}\n").replace(';', ",");
    assert_eq!(failures(comma.as_bytes()).len(), 1);
}

#[test]
fn objects_in_a_response_are_read_under_every_key() {
    let all = failed(3, noon());
    for name in ["Results", "results", "value", "primaryResults", "PrimaryResults", "rows", "Rows", "data", "items"] {
        for (record, expected) in [(&defender as &dyn Fn(&SignIn) -> Value, 3), (&row, 3), (&graph, 3)] {
            let answer =
                json!({"Stats": {"x": [{"y": 1}]}, "Schema": [{"Name": "Timestamp"}], name: array(&all, record)});
            for text in [answer.to_string(), serde_json::to_string_pretty(&answer).unwrap()] {
                assert_eq!(failures(text.as_bytes()).len(), expected, "{name}: {text}");
            }
        }
    }
}

#[test]
fn arrays_in_a_response_are_read_by_its_columns_at_any_position() {
    let rows = json!([[TIME, "203.0.113.7", "50126", "1"], [TIME, "203.0.113.7", "0", "2"]]).to_string();
    let names = ["TimeGenerated", "IPAddress", "ResultType", "Id"];
    let columns = |name: &str| array_of(&names, name);
    for text in [
        format!("{{\"tables\":[{{\"rows\":{rows},\"name\":\"x\",\"columns\":{}}}]}}", columns("name")),
        format!("{{\"Tables\":[{{\"TableName\":\"x\",\"Columns\":{},\"Rows\":{rows}}}]}}", columns("ColumnName")),
        format!("{{\"columns\":{},\"rows\":{rows}}}", columns("name")),
        format!("{{\"rows\":{rows},\"columns\":{}}}", json!(names)),
        format!("{{\"columns\":{},\"values\":{rows}}}", columns("name")),
        format!(
            "[{{\"FrameType\":\"DataSetHeader\",\"Version\":\"v2.0\"}},{{\"FrameType\":\"DataTable\",\"TableKind\":\
             \"PrimaryResult\",\"Columns\":{},\"Rows\":{rows}}}]",
            columns("ColumnName")
        ),
    ] {
        let (shape, outcomes) = read_whole(text.as_bytes());
        assert_eq!(shape, "api_answer", "{text}");
        assert!(matches!(outcomes[..], [Outcome::Failure(_), Outcome::Ignored(_)]), "{outcomes:?}: {text}");
    }
    let (_, outcomes) = read_whole(
        format!("{{\"tables\":[{{\"rows\":{rows}}},{{\"columns\":{},\"rows\":{rows}}}]}}", columns("name")).as_bytes(),
    );
    assert_eq!(outcomes[..2], [const { Outcome::Rejected(Rejected::NoColumns) }; 2]);
    assert_eq!(outcomes.len(), 4);
}

fn array_of(names: &[&str], name: &str) -> Value {
    names.iter().map(|column| json!({name: column, "type": "string"})).collect()
}

#[test]
fn documents_of_a_search_may_have_lists_of_one_element() {
    let all = failed(2, noon());
    let listed = |one: &SignIn| {
        let document = flat(&elastic(one));
        let fields = document.as_object().unwrap();
        Value::Object(fields.iter().map(|(name, value)| (name.clone(), json!([value]))).collect())
    };
    let hits = |hit: &dyn Fn(&SignIn) -> Value| json!({"took": 1, "hits": {"total": 2, "hits": array(&all, hit)}});
    let expected = failures(array(&all, elastic).to_string().as_bytes());
    assert_eq!(expected.len(), 2);
    for text in [
        array(&all, listed).to_string(),
        array(&all, |one| json!({"fields": listed(one)})).to_string(),
        hits(&|one| json!({"_index": "x", "_source": elastic(one)})).to_string(),
        hits(&|one| json!({"_index": "x", "fields": listed(one)})).to_string(),
    ] {
        assert_eq!(failures(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn the_time_of_a_search_is_never_that_of_a_sign_in() {
    let logged = at("2026-03-02T12:03:00Z");
    let search = "2026-03-20T09:15:00Z";
    let header = "TimeGenerated [UTC],_OriginalTimeGenerated [UTC],IPAddress,ResultType,Id,Type";
    for (original, table, expected) in [
        ("2026-03-02T12:03:00Z", "Spray_SRCH", Some(logged)),
        ("2026-03-02T12:03:00Z", "", Some(logged)),
        ("2026-03-02T12:03:00Z", "SigninLogs", Some(logged)),
        ("", "Spray_SRCH", None),
        ("", "SigninLogs", Some(at(search))),
    ] {
        let csv = format!("{header}\n{search},{original},203.0.113.7,50126,1,{table}\n");
        let record = json!({
            "TimeGenerated": search, "_OriginalTimeGenerated": original, "IPAddress": "203.0.113.7",
            "ResultType": "50126", "Id": "1", "Type": table,
        });
        for text in [csv, record.to_string()] {
            match (&read_whole(text.as_bytes()).1[..], expected) {
                ([Outcome::Failure(failure)], Some(expected)) => assert_eq!(failure.time, expected, "{text}"),
                ([outcome], None) => assert_eq!(*outcome, Outcome::Rejected(Rejected::NoTime), "{text}"),
                (other, _) => panic!("{other:?} for {text}"),
            }
        }
    }
}

#[test]
fn the_time_of_ingestion_is_never_that_of_a_sign_in() {
    for name in ["_TimeReceived", "ingestion_time()", "_IngestionTime", "IngestionTime", "TimeGenerated1"] {
        let csv = format!("{name},IPAddress,ResultType\n{TIME},203.0.113.7,50126\n");
        assert!(read(csv.as_bytes()).1.is_err(), "{name}");
    }
}

#[test]
fn the_name_of_a_table_hides_no_sign_in() {
    for table in ["Spray_SRCH", "SignIns_CL", "MyCopy", "PrimaryResult"] {
        let mut record = row(&SignIn::failed("id-1", noon()));
        record["Type"] = json!(table);
        record["Category"] = json!("");
        record["IsInteractive"] = json!(false);
        let found = failures(record.to_string().as_bytes());
        assert_eq!((found.len(), found[0].source), (1, Source::NonInteractive), "{table}");
    }
}

#[test]
fn a_table_that_does_not_quote_loses_the_row_with_the_quote() {
    let header = "CreatedDateTime,Id,ResultType,Category,UserPrincipalName,IPAddress,UserAgent";
    let table = |quotes: &[(usize, &str)], end: &str| {
        let agent = |number| quotes.iter().find(|(row, _)| *row == number).map_or("x", |(_, agent)| agent);
        let rows =
            (0..2000).map(|number| format!("{TIME},id{number},50126,SignInLogs,ann,203.0.113.7,{}", agent(number)));
        format!("{header}\n{}{end}", rows.collect::<Vec<_>>().join("\n"))
    };
    for (quotes, lost, is_ambiguous) in [
        (&[(5, "\"Mozilla")][..], 1, false),
        (&[(5, "\"Mozilla"), (1500, "\"Mozilla")], 2, false),
        (&[(2, "5\"x"), (5, "\"Mozilla"), (1500, "x\"")], 1, false),
        (&[(1999, "5\"screen")], 0, false),
        (&[(5, "\"Mozilla"), (1500, "x\"")], 1496, true),
    ] {
        for end in ["", "\n"] {
            let (Received { outcomes, .. }, result) = read(table(quotes, end).as_bytes());
            let rejected = outcomes.iter().filter(|one| **one == Outcome::Rejected(Rejected::Malformed)).count();
            assert_eq!((outcomes.len(), rejected), (2000, lost), "{quotes:?}");
            assert_eq!(matches!(result, Err(ReadFault::Corrupt(_))), is_ambiguous, "{quotes:?}: {result:?}");
        }
    }
}
