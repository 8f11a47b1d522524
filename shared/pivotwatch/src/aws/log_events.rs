//! Events of CloudWatch Logs, with records of CloudTrail as texts: messages of a subscription, and answers of
//! `aws logs filter-log-events`.
//!
//! | JSON | of |
//! |---|---|
//! | `{"logGroup":"...","logStream":"...","logEvents":[{"message":"{...}"}]}` | a [subscription] |
//! | `{"events":[{"logStreamName":"...","message":"{...}"}]}` | an answer of [`FilterLogEvents`] |
//!
//! [subscription]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
//! [`FilterLogEvents`]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
//!
//! Every application can log to CloudWatch Logs, and a visitor can post a login to an application. So a text counts
//! only where the stream or the group is CloudTrail's. CloudTrail itself names the stream:
//! `111122223333_CloudTrail_us-east-1`.

use json_records::parse_or_repair;
use serde::Deserialize;

/// Bytes of the longest message of a subscription, in lengths of the longest record. It has up to 1 MiB of events, in
/// which each quote has a backslash.
pub(super) const LIMIT_FACTOR: usize = 16;

/// The member of a message with its events.
const EVENTS: &[u8] = b"\"logEvents\"";

/// Whether a file with this beginning can have messages of a subscription. A text can look so too, and decides nothing
/// but how much of a file is held.
pub(super) fn may_have_messages(beginning: &[u8]) -> bool {
    memchr::memmem::find(beginning, EVENTS).is_some()
}

/// The members of a message, an answer, and an element of an answer, whose array is read like any batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogEvents {
    log_group: Option<String>,
    log_stream: Option<String>,
    #[serde(rename = "logEvents")]
    sent: Option<Vec<LogEvent>>,
    #[serde(rename = "events")]
    found: Option<Vec<FoundEvent>>,
    log_stream_name: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct LogEvent {
    message: String,
}

#[derive(Deserialize)]
struct FoundEvent {
    #[serde(rename = "logStreamName")]
    stream: String,
    message: String,
}

impl LogEvents {
    /// The texts of the events in a group or a stream of CloudTrail.
    fn of_trail(self) -> Vec<String> {
        let is_trail = |name: &String| name.to_ascii_lowercase().contains("cloudtrail");
        if let Some(events) = self.sent {
            let is_trail = self.log_group.iter().chain(&self.log_stream).any(is_trail);
            return events.into_iter().filter(|_| is_trail).map(|event| event.message).collect();
        }
        let element = self.log_stream_name.zip(self.message).map(|(stream, message)| FoundEvent { stream, message });
        let found = self.found.into_iter().flatten().chain(element);
        found.filter(|event| is_trail(&event.stream)).map(|event| event.message).collect()
    }
}

/// The messages that CloudTrail logged. Empty if the text has no events, or only those of other logs.
pub(super) fn messages(text: &[u8]) -> Vec<String> {
    let events = parse_or_repair(text, |text| serde_json::from_slice::<LogEvents>(text).ok());
    events.map(LogEvents::of_trail).unwrap_or_default()
}
