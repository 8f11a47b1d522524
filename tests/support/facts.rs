//! Facts as logs have them: lines of sign-in exports and console login events.

use std::io::Write;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// The address of most tests.
pub const ADDRESS: &str = "203.0.113.7";

/// The user of most tests.
pub const USER: &str = "ann@contoso.example";

/// The base of the tests' times, in the past, so that no test depends on today's date.
#[must_use]
pub fn noon() -> DateTime<Utc> {
    at("2026-03-02T12:00:00Z")
}

/// Parses a time.
#[must_use]
pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
}

/// A sign-in as a diagnostic setting exports it.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The record id.
    pub id: String,
    /// The time of the sign-in.
    pub time: DateTime<Utc>,
    /// The address.
    pub address: String,
    /// The result code.
    pub code: String,
    /// Azure's category.
    pub category: String,
    /// The user.
    pub user: String,
}

impl SignIn {
    /// The correlation id.
    #[must_use]
    pub fn correlation_id(&self) -> String {
        format!("correlation-{}", self.id)
    }

    /// The application.
    #[must_use]
    pub const fn app(&self) -> &'static str {
        "Azure Portal"
    }

    /// A failed interactive sign-in.
    #[must_use]
    pub fn failed(id: &str, time: DateTime<Utc>) -> Self {
        Self {
            id: id.to_owned(),
            time,
            address: ADDRESS.to_owned(),
            code: "50126".to_owned(),
            category: "SignInLogs".to_owned(),
            user: USER.to_owned(),
        }
    }

    /// The record. Its envelope is two minutes later than the sign-in, as Azure logs it.
    #[must_use]
    pub fn record(&self) -> Value {
        let logged = self.time + TimeDelta::minutes(2);
        json!({
            "time": logged.to_rfc3339_opts(SecondsFormat::Micros, true),
            "resourceId": "/tenants/0a0a0a0a-0000-4000-8000-000000000000/providers/Microsoft.aadiam",
            "operationName": "Sign-in activity",
            "category": self.category,
            "resultType": self.code,
            "callerIpAddress": self.address,
            "correlationId": self.correlation_id(),
            "properties": {
                "id": self.id,
                "createdDateTime": self.time.to_rfc3339_opts(SecondsFormat::Micros, false),
                "userPrincipalName": self.user,
                "appDisplayName": self.app(),
                "ipAddress": self.address,
                "status": {"errorCode": self.code.parse::<u64>().unwrap_or(0)},
                "isInteractive": true,
            },
        })
    }
}

/// `count` failed interactive sign-ins, a minute apart, the first at `first`.
#[must_use]
pub fn failed(count: i64, first: DateTime<Utc>) -> Vec<SignIn> {
    (0..count).map(|number| SignIn::failed(&format!("sign-in-{number}"), first + TimeDelta::minutes(number))).collect()
}

/// An export: one record a line.
#[must_use]
pub fn lines(sign_ins: &[SignIn]) -> Vec<u8> {
    sign_ins.iter().flat_map(|sign_in| format!("{}\n", sign_in.record()).into_bytes()).collect()
}

/// An export: all records in one batch.
#[must_use]
pub fn batch(sign_ins: &[SignIn]) -> Vec<u8> {
    json!({"records": sign_ins.iter().map(SignIn::record).collect::<Vec<_>>()}).to_string().into_bytes()
}

/// A trail's log file.
#[must_use]
pub fn log_file(records: &[Value]) -> Vec<u8> {
    json!({"Records": records}).to_string().into_bytes()
}

/// The bytes, compressed.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// A CloudTrail record of an IAM user's successful console login.
#[must_use]
pub fn console_login(event_id: &str, time: DateTime<Utc>) -> Value {
    json!({
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/alice",
            "accountId": "111122223333",
            "userName": "alice",
        },
        "eventTime": time.to_rfc3339_opts(SecondsFormat::Secs, true),
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "eu-north-1",
        "sourceIPAddress": ADDRESS,
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "requestParameters": null,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MobileVersion": "No", "MFAUsed": "Yes"},
        "eventID": event_id,
        "readOnly": false,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
    })
}

/// A CloudTrail record as EventBridge delivers it.
#[must_use]
pub fn event(record: &Value) -> Value {
    json!({
        "version": "0",
        "detail-type": "AWS Console Sign In via CloudTrail",
        "source": "aws.signin",
        "account": "111122223333",
        "region": "eu-north-1",
        "detail": record,
    })
}

/// S3's notification of objects written under these keys. The keys need no encoding.
#[must_use]
pub fn written(keys: &[&str]) -> Value {
    let records: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "exports"}, "object": {"key": key}},
            })
        })
        .collect();
    json!({"Records": records})
}
