//! Messages of a subscription of CloudWatch Logs, with records of CloudTrail as texts: `{"logEvents":[{"message":"{...}"}]}`
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>).
//!
//! Every application can log to CloudWatch Logs, and a visitor can post a login to an application. So a text counts only
//! where the stream or the group is CloudTrail's. CloudTrail itself names the stream:
//! `111122223333_CloudTrail_us-east-1`.

use json_records::parse_or_repair;
use serde::Deserialize;

use super::log_file::{TrailReceiver, read_one};
use super::outcome::{TrailOutcome, TrailRejected};
use crate::input::Limits;

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "logGroup")]
    group: String,
    #[serde(rename = "logStream")]
    stream: String,
    #[serde(rename = "logEvents")]
    events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    message: String,
}

/// Reads the records of a message. Returns `false` if it is no message, or another log's. Then `receiver` has received
/// nothing.
pub(super) fn read(text: &[u8], limits: Limits, receiver: &mut dyn TrailReceiver) -> bool {
    let message = parse_or_repair(text, |text| serde_json::from_slice::<Message>(text).ok());
    let Some(Message { group, stream, events }) = message else { return false };
    if ![group, stream].iter().any(|name| name.to_ascii_lowercase().contains("cloudtrail")) {
        return false;
    }
    for LogEvent { message } in events {
        if !read_one(message.as_bytes(), limits, receiver) {
            receiver.receive_record(TrailOutcome::Rejected(TrailRejected::NotARecord));
        }
    }
    true
}
