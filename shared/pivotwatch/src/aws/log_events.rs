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

#[derive(Deserialize)]
#[serde(untagged)]
enum LogEvents {
    Message {
        #[serde(rename = "logGroup")]
        group: String,
        #[serde(rename = "logStream")]
        stream: String,
        #[serde(rename = "logEvents")]
        events: Vec<LogEvent>,
    },
    Answer {
        events: Vec<FoundEvent>,
    },
    /// An element of an answer, whose array is read like any batch.
    Found(FoundEvent),
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
        let is_trail = |name: &str| name.to_ascii_lowercase().contains("cloudtrail");
        let found = match self {
            Self::Message { group, stream, events } => {
                let is_trail = is_trail(&group) || is_trail(&stream);
                return events.into_iter().filter(|_| is_trail).map(|event| event.message).collect();
            }
            Self::Answer { events } => events,
            Self::Found(event) => vec![event],
        };
        found.into_iter().filter(|event| is_trail(&event.stream)).map(|event| event.message).collect()
    }
}

/// The messages that CloudTrail logged. Empty if the text has no events, or only those of other logs.
pub(super) fn messages(text: &[u8]) -> Vec<String> {
    let events = parse_or_repair(text, |text| serde_json::from_slice::<LogEvents>(text).ok());
    events.map(LogEvents::of_trail).unwrap_or_default()
}
