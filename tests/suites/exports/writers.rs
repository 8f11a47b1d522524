//! Writes the same sign-ins in every shape, as the tools do.

use chrono::SecondsFormat;
use pivotwatch_tests::facts::SignIn;
use serde_json::{Value, json};

/// A way to export sign-ins.
pub(crate) struct Writer {
    /// The name of the shape that recognises it.
    pub(crate) shape: &'static str,
    /// How it differs from other writers of its shape.
    pub(crate) what: &'static str,
    pub(crate) write: fn(&[SignIn]) -> String,
}

/// The columns of the portal's table since 2026, of which sign-ins fill a few.
pub(crate) const PORTAL_COLUMNS: &str = "\"Date (UTC)\",\"Request ID\",\"User agent\",\"Correlation ID\",\"User ID\",\"User\",\"Username\",\"User type\",\"Cross tenant access type\",\"Incoming token type\",\"Authentication Protocol\",\"Unique token identifier\",\"Original transfer method\",\"Client credential type\",\"Token Protection - Sign In Session\",\"Token Protection - Sign In Session StatusCode\",\"Application\",\"Application ID \",\"App owner tenant ID\",\"Resource\",\"Resource ID \",\"Resource tenant ID\",\"Resource owner tenant ID\",\"Home tenant ID\",\"Home tenant name\",\"IP address\",\"Location\",\"Status\",\"Sign-in error code\",\"Failure reason\",\"Client app\",\"Device ID\",\"Browser\",\"Operating System\",\"Compliant\",\"Managed\",\"Join Type\",\"Multifactor authentication result\",\"Multifactor authentication auth method\",\"Multifactor authentication auth detail\",\"Authentication requirement\",\"Sign-in identifier\",\"Session ID\",\"IP address (seen by resource)\",\"Through Global Secure Access\",\"Global Secure Access IP address\",\"Autonomous system  number\",\"Flagged for review\",\"Token issuer type\",\"Incoming token type\",\"Token issuer name\",\"Latency\",\"Conditional Access\",\"Managed Identity type\",\"Associated Resource Id\",\"Federated Token Id\",\"Federated Token Issuer\"";

const QUERY_COLUMNS: &str = "CreatedDateTime [UTC],ResultType,Status_dynamic,UserPrincipalName,IPAddress,AppDisplayName,Id,CorrelationId,Category,IsInteractive";

pub(crate) const WRITERS: &[Writer] = &[
    Writer { shape: "diagnostic", what: "a storage account's lines", write: |all| lines(all, SignIn::record) },
    Writer { shape: "diagnostic", what: "set out over many lines", write: |all| pretty(all, SignIn::record) },
    Writer { shape: "diagnostic", what: "an array", write: |all| array(all, SignIn::record).to_string() },
    Writer {
        shape: "event_hub",
        what: "one batch",
        write: |all| json!({"records": array(all, SignIn::record)}).to_string(),
    },
    Writer {
        shape: "event_hub",
        what: "a batch a line",
        write: |all| {
            all.chunks(2).map(|some| json!({"records": array(some, SignIn::record)}).to_string() + "\n").collect()
        },
    },
    Writer {
        shape: "event_hub",
        what: "rows of Log Analytics",
        write: |all| json!({"records": array(all, row)}).to_string(),
    },
    Writer {
        shape: "event_hub",
        what: "Defender's stream",
        write: |all| json!({"records": array(all, streamed)}).to_string(),
    },
    Writer { shape: "graph", what: "a page", write: page },
    Writer {
        shape: "graph",
        what: "concatenated pages",
        write: |all| all.chunks(2).map(page).collect::<Vec<_>>().join("\n"),
    },
    Writer { shape: "graph", what: "the portal's download", write: |all| array(all, graph).to_string() },
    Writer { shape: "graph", what: "lines", write: |all| lines(all, graph) },
    Writer {
        shape: "graph",
        what: "PowerShell's pages",
        write: |all| {
            let pages = all.chunks(2).map(|some| serde_json::to_string_pretty(&array(some, graph)).unwrap());
            format!("\u{feff}{}", pages.collect::<Vec<_>>().join("\r\n"))
        },
    },
    Writer { shape: "graph", what: "PowerShell's objects", write: |all| pretty(all, powershell) },
    Writer { shape: "graph", what: "by mongoexport", write: |all| lines(all, mongo) },
    Writer { shape: "portal_csv", what: "as downloaded", write: |all| portal_csv(all, ",") },
    Writer {
        shape: "portal_csv",
        what: "saved by a spreadsheet",
        write: |all| format!("\u{feff}{}", portal_csv(all, ";")),
    },
    Writer { shape: "log_analytics", what: "a data export", write: |all| lines(all, row) },
    Writer {
        shape: "log_analytics",
        what: "a saved answer",
        write: |all| serde_json::to_string_pretty(&array(all, row)).unwrap(),
    },
    Writer { shape: "log_analytics", what: "by pandas", write: |all| array(all, pandas).to_string() },
    Writer {
        shape: "log_analytics_csv",
        what: "from an American browser",
        write: |all| query_csv(all, "%-m/%-d/%Y, %-I:%M:%S%.3f %p"),
    },
    Writer { shape: "log_analytics_csv", what: "before 2020", write: |all| query_csv(all, "%Y-%m-%dT%H:%M:%S%.3fZ") },
    Writer { shape: "log_analytics_csv", what: "year first", write: |all| query_csv(all, "%Y/%m/%d %-H:%M:%S%.3f") },
    Writer { shape: "api_answer", what: "whole", write: api_answer },
    Writer { shape: "defender", what: "lines", write: |all| lines(all, defender) },
    Writer { shape: "defender_csv", what: "as downloaded", write: defender_csv },
    Writer {
        shape: "forwarded",
        what: "by LimaCharlie",
        write: |all| lines(all, |one| json!({"routing": {"event_type": "x"}, "event": one.record()})),
    },
    Writer {
        shape: "forwarded",
        what: "by LimaCharlie, of Graph",
        write: |all| lines(all, |one| json!({"event": graph(one), "routing": {}})),
    },
    Writer {
        shape: "forwarded",
        what: "by Datadog",
        write: |all| lines(all, |one| json!({"_id": "x", "service": "azure", "attributes": one.record()})),
    },
    Writer {
        shape: "forwarded",
        what: "by Cribl",
        write: |all| lines(all, |one| json!({"_time": 1, "_raw": one.record().to_string()})),
    },
    Writer {
        shape: "forwarded",
        what: "by LimaCharlie, a batch a document",
        write: |all| batches(all, |batch| json!({"event": batch, "routing": {"event_type": "json"}})),
    },
    Writer {
        shape: "forwarded",
        what: "by Filebeat, a batch a document",
        write: |all| {
            batches(all, |batch| {
                json!({
                    "message": batch.to_string(),
                    "kafka": {"topic": "insights-logs-signinlogs", "key": ""},
                    "event": {"dataset": "azure.events"},
                })
            })
        },
    },
    Writer {
        shape: "forwarded",
        what: "by Vector",
        write: |all| {
            lines(
                all,
                |one| json!({"message": one.record().to_string(), "source_type": "azure_event_hubs", "offset": 1}),
            )
        },
    },
    Writer { shape: "diagnostic", what: "by Cribl, parsed", write: |all| lines(all, cribl) },
    Writer { shape: "diagnostic", what: "by Panther", write: |all| lines(all, panther) },
    Writer { shape: "diagnostic", what: "flattened", write: |all| lines(all, |one| flat(&one.record())) },
    Writer {
        shape: "api_answer",
        what: "of Elasticsearch, with an event hub's message in each document",
        write: |all| {
            elastic_answer(all, |one| {
                json!({
                    "@timestamp": time(one), "input": {"type": "azure-eventhub"}, "message": one.record().to_string(),
                })
            })
        },
    },
    Writer { shape: "elastic", what: "documents", write: |all| lines(all, elastic) },
    Writer {
        shape: "elastic",
        what: "documents of a search",
        write: |all| lines(all, |one| json!({"_source": elastic(one)})),
    },
    Writer { shape: "elastic", what: "flat documents", write: |all| lines(all, |one| flat(&elastic(one))) },
    Writer { shape: "elastic_csv", what: "by Kibana", write: kibana_csv },
];

pub(crate) fn array(all: &[SignIn], record: impl Fn(&SignIn) -> Value) -> Value {
    all.iter().map(record).collect()
}

fn lines(all: &[SignIn], record: impl Fn(&SignIn) -> Value) -> String {
    all.iter().map(|one| record(one).to_string() + "\n").collect()
}

/// Documents with batches of two.
fn batches(all: &[SignIn], document: impl Fn(Value) -> Value) -> String {
    all.chunks(2).map(|some| document(json!({"records": array(some, SignIn::record)})).to_string() + "\n").collect()
}

fn pretty(all: &[SignIn], record: impl Fn(&SignIn) -> Value) -> String {
    all.iter().map(|one| serde_json::to_string_pretty(&record(one)).unwrap() + "\n").collect()
}

fn time(one: &SignIn) -> String {
    one.time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn is_interactive(one: &SignIn) -> bool {
    one.category == "SignInLogs"
}

fn event_type(one: &SignIn) -> &'static str {
    if is_interactive(one) { "interactiveUser" } else { "nonInteractiveUser" }
}

fn status(one: &SignIn) -> Value {
    json!({"errorCode": one.code.parse::<u64>().unwrap(), "failureReason": "Other.", "additionalDetails": null})
}

/// Graph's beta version.
pub(crate) fn graph(one: &SignIn) -> Value {
    json!({
        "id": one.id,
        "createdDateTime": time(one),
        "userPrincipalName": one.user,
        "appDisplayName": "Azure Portal",
        "ipAddress": one.address,
        "correlationId": "c",
        "isInteractive": true,
        "signInEventTypes": [event_type(one)],
        "status": status(one),
        "mfaDetail": null,
        "appliedConditionalAccessPolicies": [{"conditionsSatisfied": "none"}],
    })
}

/// The same as objects of a PowerShell module, whose names have another case.
fn powershell(one: &SignIn) -> Value {
    json!({
        "AdditionalProperties": {},
        "AppDisplayName": "Azure Portal",
        "CreatedDateTime": time(one),
        "Id": one.id,
        "IpAddress": one.address,
        "SignInEventTypes": [event_type(one)],
        "Status": {"ErrorCode": one.code.parse::<u64>().unwrap(), "FailureReason": "Other."},
        "UserPrincipalName": one.user,
    })
}

/// The same as mongoexport writes it in its canonical mode.
fn mongo(one: &SignIn) -> Value {
    let mut record = graph(one);
    record["_id"] = json!({"$oid": "507f1f77bcf86cd799439011"});
    record["createdDateTime"] = json!({"$date": {"$numberLong": one.time.timestamp_millis().to_string()}});
    record["status"]["errorCode"] = json!({"$numberInt": one.code});
    record
}

fn page(all: &[SignIn]) -> String {
    json!({
        "@odata.context": "https://graph.microsoft.com/beta/$metadata#auditLogs/signIns",
        "@odata.nextLink": "https://graph.microsoft.com/beta/auditLogs/signIns?$skiptoken=1",
        "value": array(all, graph),
    })
    .to_string()
}

/// A row of either table. Non-interactive sign-ins have objects as text.
pub(crate) fn row(one: &SignIn) -> Value {
    let (table, status) = if is_interactive(one) {
        ("SigninLogs", status(one))
    } else {
        ("AADNonInteractiveUserSignInLogs", json!(status(one).to_string()))
    };
    json!({
        "TimeGenerated": (one.time + chrono::TimeDelta::minutes(3)).to_rfc3339_opts(SecondsFormat::Nanos, true),
        "CreatedDateTime": time(one),
        "SourceSystem": "Azure AD",
        "Category": one.category,
        "Type": table,
        "ResultType": one.code,
        "Status": status,
        "IPAddress": one.address,
        "Id": one.id,
        "CorrelationId": "c",
        "UserPrincipalName": one.user,
        "AppDisplayName": "Azure Portal",
        "IsInteractive": is_interactive(one),
        "Level": 4,
    })
}

/// The same after `DataFrame.to_json`.
fn pandas(one: &SignIn) -> Value {
    let mut row = row(one);
    row["CreatedDateTime"] = json!(one.time.timestamp_millis());
    row
}

pub(crate) fn defender(one: &SignIn) -> Value {
    json!({
        "Timestamp": time(one),
        "Application": "Azure Portal",
        "LogonType": format!("[\"{}\"]", event_type(one)),
        "ErrorCode": one.code.parse::<u64>().unwrap(),
        "CorrelationId": "c",
        "AccountUpn": one.user,
        "IPAddress": one.address,
        "ConditionalAccessStatus": 2,
        "RequestId": one.id,
        "ReportId": "report",
    })
}

fn streamed(one: &SignIn) -> Value {
    json!({
        "time": "2026-03-09T00:00:00Z",
        "tenantId": "t",
        "operationName": "Publish",
        "category": "AdvancedHunting-AADSignInEventsBeta",
        "properties": defender(one),
    })
}

fn cribl(one: &SignIn) -> Value {
    let mut record = one.record();
    record["_time"] = json!(1_772_452_800.5);
    record["cribl_pipe"] = json!("main");
    record
}

fn panther(one: &SignIn) -> Value {
    let mut record = one.record();
    let written = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S%.9f").to_string();
    record["time"] = json!(written(one.time + chrono::TimeDelta::minutes(2)));
    record["properties"]["createdDateTime"] = json!(written(one.time));
    record["p_log_type"] = json!("Azure.Audit");
    record
}

pub(crate) fn elastic(one: &SignIn) -> Value {
    json!({
        "@timestamp": "2026-03-09T00:00:00Z",
        "event": {"category": ["authentication"], "action": "Sign-in activity", "original": one.record().to_string()},
        "message": "This error occurred",
        "source": {"ip": one.address, "address": one.address},
        "azure": {
            "correlation_id": "c",
            "signinlogs": {
                "category": one.category,
                "result_type": one.code,
                "properties": {
                    "id": one.id,
                    "created_at": time(one),
                    "user_principal_name": one.user,
                    "app_display_name": "Azure Portal",
                    "is_interactive": false,
                    "status": {"error_code": one.code.parse::<u64>().unwrap()},
                },
            },
        },
    })
}

/// A document with paths as keys.
pub(crate) fn flat(document: &Value) -> Value {
    fn collect(path: &str, value: &Value, into: &mut serde_json::Map<String, Value>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    collect(&path, value, into);
                }
            }
            other => drop(into.insert(path.to_owned(), other.clone())),
        }
    }
    let mut members = serde_json::Map::new();
    collect("", document, &mut members);
    Value::Object(members)
}

/// Rows of a table, every cell quoted.
/// The answer of a search in Elasticsearch.
fn elastic_answer(all: &[SignIn], document: impl Fn(&SignIn) -> Value) -> String {
    let hits = array(all, |one| json!({"_index": "logs-azure", "_id": one.id, "_source": document(one)}));
    json!({"took": 1, "timed_out": false, "hits": {"total": {"value": all.len()}, "hits": hits}}).to_string()
}

pub(crate) fn table(columns: &str, separator: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let row = |cells: Vec<String>| cells.iter().map(quoted).collect::<Vec<_>>().join(separator) + "\r\n";
    format!("{}\r\n{}", columns.replace(',', separator), rows.map(row).collect::<String>())
}

/// The portal's value of a column.
pub(crate) fn portal_cell(one: &SignIn, column: &str) -> String {
    match column.trim_matches('"') {
        "Date (UTC)" => one.time.to_rfc3339_opts(SecondsFormat::Secs, true),
        "Request ID" => one.id.clone(),
        "User" => "A \"Nick\" Name, of many\nlines".to_owned(),
        "Username" => one.user.clone(),
        "Application" => "Azure Portal".to_owned(),
        "IP address" => one.address.clone(),
        "IP address (seen by resource)" | "Global Secure Access IP address" => "198.51.100.200".to_owned(),
        "Status" => if one.code == "0" { "Success" } else { "Failure" }.to_owned(),
        "Sign-in error code" => if one.code == "0" { "None" } else { &one.code }.to_owned(),
        "Failure reason" => "Other.".to_owned(),
        _ => String::new(),
    }
}

pub(crate) fn portal_csv(all: &[SignIn], separator: &str) -> String {
    let row = |one| PORTAL_COLUMNS.split(',').map(|column| portal_cell(one, column)).collect();
    table(PORTAL_COLUMNS, separator, all.iter().map(row))
}

/// A query's result with its times in this format.
pub(crate) fn query_csv(all: &[SignIn], form: &str) -> String {
    let row = |one: &SignIn| {
        let status = format!("{:#}", status(one));
        let interactive = is_interactive(one).to_string().to_uppercase();
        let time = one.time.format(form).to_string();
        let (user, address, app) = (one.user.clone(), one.address.clone(), "Azure Portal".to_owned());
        vec![
            time,
            one.code.clone(),
            status,
            user,
            address,
            app,
            one.id.clone(),
            "c".to_owned(),
            one.category.clone(),
            interactive,
        ]
    };
    format!("\u{feff}{}", table(QUERY_COLUMNS, ",", all.iter().map(row)))
}

fn api_answer(all: &[SignIn]) -> String {
    let columns = [
        "TimeGenerated",
        "CreatedDateTime",
        "Category",
        "ResultType",
        "Status",
        "IPAddress",
        "Id",
        "UserPrincipalName",
        "AppDisplayName",
    ];
    let cells = |one: &SignIn| -> Value {
        let row = row(one);
        let text = |column: &&str| match &row[*column] {
            Value::String(text) => json!(text),
            other => json!(other.to_string()),
        };
        columns.iter().map(text).collect()
    };
    let columns: Value = columns.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": array(all, cells)}], "render": {}})
        .to_string()
}

pub(crate) fn defender_csv(all: &[SignIn]) -> String {
    let columns = "Timestamp,Application,LogonType,ErrorCode,CorrelationId,AccountUpn,IPAddress,RequestId";
    let row = |one: &SignIn| {
        let row = defender(one);
        let text = |column| row[column].as_str().map_or_else(|| row[column].to_string(), str::to_owned);
        columns.split(',').map(text).collect()
    };
    table(columns, ",", all.iter().map(row))
}

/// The table that Kibana exports from Discover, in its notation of times, numbers and missing values.
pub(crate) fn kibana_csv(all: &[SignIn]) -> String {
    let columns = "@timestamp,azure.signinlogs.category,azure.signinlogs.properties.app_display_name,azure.signinlogs.properties.created_at,azure.signinlogs.properties.id,azure.signinlogs.properties.status.error_code,azure.signinlogs.properties.user_principal_name,azure.signinlogs.result_type,source.ip";
    let written = |time: chrono::DateTime<chrono::Utc>| time.format("%b %-d, %Y @ %H:%M:%S%.3f").to_string();
    let row = |one: &SignIn| {
        let [category, app, missing] = [&one.category, "Azure Portal", "-"].map(str::to_owned);
        let [logged, created] =
            [chrono::TimeDelta::minutes(2), chrono::TimeDelta::zero()].map(|delay| written(one.time + delay));
        let (id, code, user, address) = (one.id.clone(), grouped(&one.code), one.user.clone(), one.address.clone());
        vec![logged, category, app, created, id, code, user, missing, address]
    };
    table(columns, ",", all.iter().map(row))
}

/// A number with its digits in groups of three.
fn grouped(digits: &str) -> String {
    let starts_group = |position: usize| position > 0 && (digits.len() - position).is_multiple_of(3);
    let group = |(position, digit)| if starts_group(position) { format!(",{digit}") } else { format!("{digit}") };
    digits.chars().enumerate().map(group).collect()
}
