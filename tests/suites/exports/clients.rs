//! The client of a failure, by which a tuning entry can exclude it: client application, operation, user agent.

use serde_json::{Value, json};

use crate::tools::failures;

const TIME: &str = "2026-03-02T12:00:00Z";

/// Every shape with the three fields, and what it calls the operation; some have none.
fn exports() -> Vec<(&'static str, String, &'static str)> {
    let diagnostic = json!({
        "time": TIME, "category": "SignInLogs", "resultType": "50126", "operationName": "Sign-in activity",
        "properties": {
            "id": "1", "createdDateTime": TIME, "ipAddress": "203.0.113.7", "userPrincipalName": "ann@contoso.example",
            "clientAppUsed": "IMAP4", "userAgent": "curl/8.0"
        }
    });
    let log_analytics = json!({
        "TimeGenerated": TIME, "CreatedDateTime": TIME, "Type": "SigninLogs", "Id": "1", "ResultType": "50126",
        "IPAddress": "203.0.113.7", "OperationName": "Sign-in activity", "ClientAppUsed": "IMAP4", "UserAgent": "curl/8.0"
    });
    let graph = json!({
        "id": "1", "createdDateTime": TIME, "ipAddress": "203.0.113.7", "status": {"errorCode": 50126},
        "signInEventTypes": ["interactiveUser"], "clientAppUsed": "IMAP4", "userAgent": "curl/8.0"
    });
    let defender = json!({
        "Timestamp": TIME, "RequestId": "1", "IPAddress": "203.0.113.7", "ErrorCode": 50126, "AccountUpn": "ann",
        "LogonType": "[\"interactiveUser\"]", "ClientAppUsed": "IMAP4", "UserAgent": "curl/8.0"
    });
    let properties = json!({
        "id": "1", "created_at": TIME, "ip_address": "203.0.113.7", "status": {"error_code": 50126},
        "client_app_used": "IMAP4"
    });
    let elastic = json!({
        "@timestamp": TIME, "user_agent": {"original": "curl/8.0", "name": "curl"}, "event": {"dataset": "azure.signinlogs"},
        "azure": {"signinlogs": {
            "category": "SignInLogs", "operation_name": "Sign-in activity", "result_type": "50126", "properties": properties
        }}
    });
    let columns = "Date (UTC),Request ID,User agent,Username,IP address,Status,Sign-in error code,Client app";
    let portal = format!("{columns}\n{TIME},1,curl/8.0,ann,203.0.113.7,Failure,50126,IMAP4\n");
    let columns = "CreatedDateTime [UTC],ResultType,IPAddress,Id,Category,OperationName,ClientAppUsed,UserAgent";
    let query = format!("{columns}\n{TIME},50126,203.0.113.7,1,SignInLogs,Sign-in activity,IMAP4,curl/8.0\n");
    vec![
        ("diagnostic", diagnostic.to_string(), "Sign-in activity"),
        ("a batch", json!({"records": [diagnostic]}).to_string(), "Sign-in activity"),
        (
            "forwarded",
            json!({"message": diagnostic.to_string(), "source_type": "azure_event_hubs"}).to_string(),
            "Sign-in activity",
        ),
        ("Log Analytics", log_analytics.to_string(), "Sign-in activity"),
        ("Graph", json!({"value": [graph]}).to_string(), ""),
        ("Defender", defender.to_string(), ""),
        ("Elastic", elastic.to_string(), "Sign-in activity"),
        ("the portal's table", portal, ""),
        ("a query's table", query, "Sign-in activity"),
    ]
}

#[test]
fn every_shape_has_the_client_of_a_failure() {
    for (shape, export, operation) in exports() {
        let found = failures(export.as_bytes());
        let [failure] = &found[..] else { panic!("{shape}: {found:?}") };
        let client = [&failure.client_app, &failure.operation, &failure.user_agent];
        assert_eq!(client, ["IMAP4", operation, "curl/8.0"], "{shape}");
    }
}

/// Escapes and other types make the fast path decline.
#[test]
fn any_text_is_the_client_of_a_failure_and_any_other_value_is_none() {
    for (value, expected) in [
        (json!("caf\u{e9} \"x\"\n"), "caf\u{e9} \"x\""),
        (json!(""), ""),
        (json!(" "), ""),
        (Value::Null, ""),
        (json!(["a"]), "a"),
        (json!(["a", "b"]), ""),
        (json!({"a": "b"}), ""),
    ] {
        let record = json!({
            "time": TIME, "category": "SignInLogs", "resultType": "50126",
            "properties": {"id": "1", "createdDateTime": TIME, "ipAddress": "203.0.113.7", "userAgent": value}
        });
        let found = failures(record.to_string().as_bytes());
        assert_eq!(found.iter().map(|failure| failure.user_agent.as_str()).collect::<Vec<_>>(), [expected], "{value}");
    }
}
