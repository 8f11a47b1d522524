//! Objects that are refused, and the explanation for their writer.

use pivotwatch::input::{Foreign, ReadFault};
use serde_json::json;

use crate::tools::{gzip, read};

#[test]
fn an_object_that_is_no_export_is_refused_as_a_whole() {
    for (what, bytes) in [
        ("a picture", &b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"[..]),
        ("text", b"hello\nworld\n"),
        ("other JSON", br#"{"hello":"world"}"#),
        ("a CloudTrail file", br#"{"Records":[{"eventName":"ConsoleLogin"}]}"#),
        ("another log", br#"{"category":"AuditLogs","properties":{}}"#),
    ] {
        let (received, result) = read(bytes);
        assert!(matches!(result, Err(ReadFault::NotAnExport(_))), "{what}: {result:?}");
        assert!(received.failures().is_empty());
        let (_, result) = read(&gzip(bytes));
        assert!(matches!(result, Err(ReadFault::NotAnExport(_))), "{what}, compressed: {result:?}");
    }
}

#[test]
fn an_empty_object_is_reported_as_empty() {
    for bytes in [&b""[..], b" \n\n", b"\xef\xbb\xbf", &gzip(b"")] {
        let (_, result) = read(bytes);
        assert!(matches!(result, Err(ReadFault::Empty)), "{result:?}");
    }
}

fn refusal(bytes: &[u8]) -> Foreign {
    match read(bytes).1 {
        Err(ReadFault::NotAnExport(foreign)) => foreign,
        other => panic!("{other:?} for {}", String::from_utf8_lossy(bytes)),
    }
}

#[test]
fn a_refusal_names_the_format_of_the_object() {
    for (text, expected) in [
        ("hello\nworld\n", Foreign::NoText),
        ("[1, 2]", Foreign::OtherJson),
        (r#"{"error":{"code":"TokenExpired","message":"x"}}"#, Foreign::ErrorAnswer),
        (
            r#"{"value":[{"activityDateTime":"2026-03-02T12:00:00Z","activityDisplayName":"Add user"}]}"#,
            Foreign::AuditRecords,
        ),
        (
            "2026-03-02T12:00:00.000Z {\"eventName\":\"ConsoleLogin\",\"eventTime\":\"\",\"userIdentity\":{}}\n",
            Foreign::CloudTrailAfterText,
        ),
        ("<13>Mar  2 12:00:00 eh: {\"category\":\"SignInLogs\",\"properties\":{}}\n", Foreign::SignInsAfterText),
        ("name,colour\napple,red\n", Foreign::OtherTable),
        ("IPAddress,Colour\n203.0.113.7,red\n", Foreign::OtherTable),
        ("UserPrincipalName,IPAddress,ResultType\nann,203.0.113.7,50126\n", Foreign::TableWithoutTime),
        (
            "TimeGenerated [Local Time],IPAddress,ResultType\n4/28/2021 2:08 PM,203.0.113.7,50126\n",
            Foreign::TableWithoutTime,
        ),
        (
            "TimeGenerated [UTC],IPAddress,Type,count_\n2021-04-28T14:08:45Z,203.0.113.7,SigninLogs,7\n",
            Foreign::SummarisedTable,
        ),
        (
            "TimeGenerated [UTC],IPAddress,UserPrincipalName\n2021-04-28T14:08:45Z,203.0.113.7,ann\n",
            Foreign::TableWithoutCode,
        ),
        ("Event name,Event time,Source IP address\nConsoleLogin,2026-03-02,203.0.113.7\n", Foreign::CloudTrailTable),
        (
            "2026-03-02T12:00:00.000Z {\"eventVersion\":\"1\",\"eventTime\":\"\",\"eventSource\":\"\",\"eventName\":\"\"}\n",
            Foreign::CloudTrailAfterPrefix,
        ),
        (
            "TimeGenerated [UTC],UserPrincipalName,ResultType\n2021-04-28T14:08:45Z,ann,50126\n",
            Foreign::TableWithoutAddress,
        ),
        (
            "Date (UTC),Request ID,Authentication method,Succeeded,Result detail\n2021-04-28T14:08:45Z,1,Password,false,\n",
            Foreign::AuthenticationDetails,
        ),
    ] {
        assert_eq!(refusal(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_response_of_the_query_api_with_another_table_is_refused() {
    let answer = json!({"tables": [{
        "name": "PrimaryResult",
        "columns": [{"name": "TimeGenerated", "type": "datetime"}, {"name": "OperationName", "type": "string"}],
        "rows": [["2026-03-02T12:00:00Z", "Create"]],
    }]});
    assert_eq!(refusal(answer.to_string().as_bytes()), Foreign::OtherLogs);
    let answer = answer.to_string().replace("OperationName", "IPAddress");
    assert_eq!(refusal(answer.as_bytes()), Foreign::TableWithoutCode);
}

#[test]
fn an_export_with_damage_in_every_record_is_reported_as_damaged() {
    let page =
        "{\n  \"@odata.context\": \"x\",\n  \"value\": [\n    {\"createdDateTime\": \"\", \"status\": {}, }\n  ]\n}";
    assert_eq!(refusal(page.as_bytes()), Foreign::NothingWhole);
}
