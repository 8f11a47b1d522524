//! Decides whether an object around CloudTrail records is one of AWS.
//!
//! A visitor can post a login to an application, which logs it or sends it to an event bus of its own. So an object
//! around a record counts only if its source or service is one of AWS, or if all its members are AWS's. One around an
//! array of records counts unless it has keys of log lines, or names another application. A login in any other object
//! is rejected, since a forwarder may have added a member.

use std::collections::BTreeMap;

use json_records::{Key, KeySet, parse_or_repair};
use serde_json::value::RawValue;

use crate::input::log_line::{APPLICATION_KEYS, LOGGER_KEYS, NO_SLOT, joined, record_keys};

/// Keys with the name of an application or of a service of AWS.
const ORIGIN_KEYS: [&str; 6] = ["source", "service", "service.name", "ddsource", "sourcetype", "source_type"];

/// The key by which EventBridge says what an event is: `AWS Console Sign In via CloudTrail`.
const DETAIL_TYPE: &str = "detail-type";

/// All members that AWS writes around records: of `EventBridge` events, log files, and answers of `LookupEvents` by the
/// command line and the SDKs. They are compared without regard to case, which the SDKs write differently.
const KEYS_OF_AWS: [&str; 23] = [
    "$metadata",
    "AccessKeyId",
    "CloudTrailEvent",
    "Events",
    "EventId",
    "EventName",
    "EventSource",
    "EventTime",
    "NextToken",
    "ReadOnly",
    "Records",
    "Resources",
    "ResponseMetadata",
    "Username",
    "account",
    "detail",
    DETAIL_TYPE,
    "id",
    "region",
    "replay-name",
    "source",
    "time",
    "version",
];

/// Further keys of log lines, collectors and HTTP requests, which AWS never writes around records.
const OTHER_KEYS: [&str; 16] = [
    "@timestamp",
    "Category",
    "Message",
    "Timestamp",
    "body",
    "event",
    "headers",
    "host",
    "message",
    "name",
    "path",
    "requestId",
    "status",
    "timestamp",
    "ts",
    "user",
];

const ENVELOPE_KEY_COUNT: usize = ORIGIN_KEYS.len() + APPLICATION_KEYS.len() + LOGGER_KEYS.len() + OTHER_KEYS.len();

/// All these keys. An object with one is framed whole, even if it has a batch's array.
pub(super) const ENVELOPE_KEYS: [(&str, Key); ENVELOPE_KEY_COUNT] =
    record_keys(joined(&[&ORIGIN_KEYS, &APPLICATION_KEYS, &LOGGER_KEYS, &OTHER_KEYS]), NO_SLOT);

/// Whether an object with this beginning, up to the bracket of a batch's array, is judged whole.
pub(super) fn is_whole(_: &KeySet, beginning: &[u8]) -> bool {
    is_log_line(&[beginning, b"]}"].concat())
}

/// Whether an object around an array of records can be one of another application. A batch of sign-ins and the answers
/// of some SDKs have further members, so only the known keys of log lines count.
pub(super) fn is_log_line(object: &[u8]) -> bool {
    judge(object, |members| {
        let mut keys = OTHER_KEYS.iter().chain(&LOGGER_KEYS);
        names_another(members) || !names_aws(members) && keys.any(|name| members.contains_key(*name))
    })
}

/// Whether an object around a record can be one of another application. A log line can have any keys, so only those of
/// AWS count as its own.
pub(super) fn is_within_another(object: &[u8]) -> bool {
    judge(object, |members| {
        let is_own = |name: &String| KEYS_OF_AWS.iter().any(|own| own.eq_ignore_ascii_case(name));
        names_another(members) || !names_aws(members) && !members.keys().all(is_own)
    })
}

/// Whether an object states that it is one of another application: it names one, or has a key of log lines.
pub(super) fn is_of_another(object: &[u8]) -> bool {
    judge(object, names_another)
}

type MemberMap<'a> = BTreeMap<String, &'a RawValue>;

fn names_another(members: &MemberMap<'_>) -> bool {
    let is_other = |name: &&str| members.get(*name).is_some_and(|origin| !is_of_aws(origin.get()));
    ORIGIN_KEYS.iter().any(is_other) || APPLICATION_KEYS.iter().any(|name| members.contains_key(*name))
}

/// Whether the members name AWS, if they name no other.
fn names_aws(members: &MemberMap<'_>) -> bool {
    let is_of_cloud_trail = |text: &&RawValue| text.get().to_ascii_lowercase().contains("cloudtrail");
    ORIGIN_KEYS.iter().any(|name| members.contains_key(*name))
        || members.get(DETAIL_TYPE).is_some_and(is_of_cloud_trail)
}

fn judge(object: &[u8], is_another: impl Fn(&MemberMap<'_>) -> bool) -> bool {
    let judge = |object: &[u8]| Some(is_another(&serde_json::from_slice(object).ok()?));
    parse_or_repair(object, judge).unwrap_or(false)
}

/// Whether a text names a service of AWS: `aws.signin`, `cloudtrail`. An application can have AWS in its name.
fn is_of_aws(origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    let mut words = origin.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next();
    first == Some("aws") || first.into_iter().chain(words).any(|word| word == "cloudtrail")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_around_records_is_of_aws_or_of_an_application() {
        for (object, expected) in [
            (json!({"Records": []}), false),
            (json!({"version": "0", "detail-type": "x", "source": "aws.signin", "detail": {}}), false),
            (json!({"service": "cloudtrail", "Records": []}), false),
            (json!({"sourcetype": "aws:cloudtrail", "detail": {}}), false),
            (json!({"detail": {"source": "com.shop", "level": "info"}}), false),
            (json!({"version": "0", "detail-type": "LoginForm", "source": "com.shop.web", "detail": {}}), true),
            (json!({"service": "shop", "Records": []}), true),
            (json!({"service": {"name": "shop"}, "Records": []}), true),
            (json!({"app": "aws", "Records": []}), true),
            (json!({"source": "lawsuits", "Records": []}), true),
            (json!({"source": "shop.aws", "detail": {}}), true),
            (json!({"service.name": "shop", "@timestamp": "x", "detail": {}}), true),
            (json!({"source": "aws.signin", "@timestamp": "x", "host": {}, "detail": {}}), false),
            (json!({"detail-type": "AWS Console Sign In via CloudTrail", "host": "h", "detail": {}}), false),
            (json!({"levelname": "INFO", "name": "shop", "detail": {}}), true),
            (json!({"events": [], "nextToken": "x"}), false),
            (json!({"Events": [], "$metadata": {"httpStatusCode": 200}}), false),
            (json!({"Records": [], "body": "x"}), true),
            (json!({"detail": {}, "custom": 1}), true),
        ] {
            assert_eq!(is_within_another(object.to_string().as_bytes()), expected, "{object}");
        }
    }
}
