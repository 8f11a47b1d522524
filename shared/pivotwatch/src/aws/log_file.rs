//! Reads CloudTrail records from files: a trail's log files, and the other forms in which people keep records.
//!
//! A trail's log file is `{"Records":[...]}`, compressed with gzip
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html>). Exports have bare
//! records, on lines or in an array, EventBridge events with records, answers of `LookupEvents`, or events of
//! `CloudWatch` Logs. All forms are read, since the fields of each record decide.

use json_records::{
    Framing, Indexer, KeySet, Record, RecordReader, batch_start, parse_or_repair, repaired_for_sniffing,
};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::console_login;
use super::envelope::{ENVELOPE_KEYS, is_log_line, is_of_another, is_whole, is_within_another};
use super::event::record_of;
use super::log_events;
use super::outcome::{TrailIgnored, TrailOutcome, TrailRejected};
use crate::input::sniff::{KeySample, Keys, MOST_RECORDS, keys_in_lines};
use crate::input::{Input, Limits, ReadFault, is_unreadable_part};

/// The key of a log file's array.
const RECORDS: &str = "Records";

/// The key of the array in an answer of `LookupEvents`.
const EVENTS: &str = "Events";

/// The key of the array in an answer of `FilterLogEvents`.
const LOG_EVENTS: &str = "events";

/// The keys of batches. Those of sign-ins among the records can be longer than a record, too.
static BATCHES: KeySet =
    KeySet::with_batches(&ENVELOPE_KEYS, &[RECORDS, EVENTS, LOG_EVENTS, "records", "value", "results", "Results"])
        .with_beginnings(is_whole);

/// Receives the outcomes of a file's records, in the order of the file. A trait beside `entra::Receiver`, because `aws`
/// and `entra` do not know each other's outcomes.
pub trait TrailReceiver {
    /// Receives the outcome of one record.
    fn receive_record(&mut self, outcome: TrailOutcome);

    /// Takes a JSON object that is no CloudTrail record, if the receiver reads its log too. Returns whether it did.
    fn take_other_record(&mut self, _record: &[u8]) -> bool {
        false
    }
}

/// Whether a file with this beginning ([`Input::preview`]) has CloudTrail records.
#[must_use]
pub fn is_log_file(beginning: &[u8]) -> bool {
    if !beginning.starts_with(b"{") && !beginning.starts_with(b"[") {
        return false;
    }
    let beginning = &*repaired_for_sniffing(beginning);
    // A log file of five minutes without an event, or the answer of a quiet region.
    let is_empty = |array: &&str| {
        batch_start(beginning, array).is_some_and(|start| beginning[start..].trim_ascii_start().starts_with(b"]"))
    };
    [RECORDS, EVENTS].iter().any(is_empty)
        || KeySample::of(beginning, &BATCHES, MOST_RECORDS).records.iter().any(is_record)
        || keys_in_lines(beginning, &BATCHES).records.iter().any(is_record)
}

/// Whether these are the keys of a record, or of what another service of AWS puts around records.
fn is_record(keys: &Keys) -> bool {
    // S3's notifications have the same keys, and `s3` with the object.
    ["", "detail."].iter().any(|around| {
        let has = |name: &str| keys.contains(&format!("{around}{name}"));
        has("eventName") && has("eventTime") && has("userIdentity") && !has("s3")
    }) || ["CloudTrailEvent", "cloudTrailEvent"].iter().any(|name| keys.contains(*name))
        || ["logStreamName", "message"].iter().all(|name| keys.contains(*name))
        || ["messageType", "logGroup", "logStream", "logEvents"].iter().all(|name| keys.contains(*name))
}

/// Reads a file to its end, and passes the outcome of every record to `receiver`.
///
/// # Errors
/// [`ReadFault`] when the file cannot be read to its end. The outcomes before the fault are valid.
pub fn read(input: &mut Input<'_>, receiver: &mut dyn TrailReceiver) -> Result<(), ReadFault> {
    let framing = if has_records_in_lines(input.preview()?) { Framing::BatchLines } else { Framing::Values };
    let mut indexer = Indexer::<0>::new(&BATCHES, input.limits.depth);
    let (limits, mut has_unreadable_part) = (input.limits, false);
    if log_events::may_have_messages(input.preview()?) {
        input.limits.record = limits.record.saturating_mul(log_events::LIMIT_FACTOR);
    }
    let mut reader = input.records(framing, &mut indexer);
    let result = read_records(&mut reader, limits, receiver, &mut has_unreadable_part);
    // The part at which reading stopped is still in the buffer.
    has_unreadable_part |= result.is_err() && input.begins_unreadable_part();
    ReadFault::of_part(result, has_unreadable_part)
}

fn read_records(
    reader: &mut RecordReader<'_, '_, 0>,
    limits: Limits,
    receiver: &mut dyn TrailReceiver,
    has_unreadable_part: &mut bool,
) -> Result<(), ReadFault> {
    while let Some(record) = reader.next()? {
        match record {
            Record::Indexed(record) => read_object(record.text(), limits, receiver),
            Record::Raw(text) => read_object(text, limits, receiver),
            Record::Damaged(text) if is_array_of_objects(text) => read_elements(text, limits, receiver),
            Record::TooLong => receiver.receive_record(TrailOutcome::Rejected(TrailRejected::TooLong)),
            Record::TooDeep => receiver.receive_record(TrailOutcome::Rejected(TrailRejected::TooDeep)),
            Record::Damaged(text) => {
                *has_unreadable_part |= is_unreadable_part(text);
                receiver.receive_record(TrailOutcome::Rejected(TrailRejected::Malformed));
            }
        }
    }
    Ok(())
}

/// Parses an object, and offers one that is no CloudTrail record to the receiver.
fn read_object(text: &[u8], limits: Limits, receiver: &mut dyn TrailReceiver) {
    if text.len() > limits.record {
        // Framed whole beside messages. Only a record has the limit.
        let is_read =
            !is_record_of_its_own(text) && (read_one(text, limits, receiver) || receiver.take_other_record(text));
        if !is_read {
            receiver.receive_record(TrailOutcome::Rejected(TrailRejected::TooLong));
        }
        return;
    }
    let outcome = parse(text);
    let is_other = matches!(outcome, TrailOutcome::Rejected(TrailRejected::NotARecord));
    if !is_other || !(read_messages(text, limits, receiver) || receiver.take_other_record(text)) {
        // A login in an envelope that is not known.
        let is_login = is_other && has_login(text);
        receiver.receive_record(if is_login { TrailOutcome::Rejected(TrailRejected::OtherSource) } else { outcome });
    }
}

/// Whether a line is an array of objects.
fn is_array_of_objects(line: &[u8]) -> bool {
    line.trim_ascii_start().strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// Reads the records of an array or a batch in memory. Its end can be missing.
fn read_elements(text: &[u8], limits: Limits, receiver: &mut dyn TrailReceiver) {
    let mut input = Input::of_text(text.to_vec(), limits);
    let mut indexer = Indexer::<0>::new(&BATCHES, limits.depth);
    if read_records(&mut input.records(Framing::Values, &mut indexer), limits, receiver, &mut false).is_err() {
        receiver.receive_record(TrailOutcome::Rejected(TrailRejected::Malformed));
    }
}

/// Reads JSON of a file that may have other logs too: a record, what a service of AWS puts around records, or a batch.
/// Returns `false` if it is none of these. Then `receiver` has received nothing.
pub fn read_one(text: &[u8], limits: Limits, receiver: &mut dyn TrailReceiver) -> bool {
    let kind = |text: &[u8]| ObjectKind::of(std::str::from_utf8(text).ok()?.trim_start());
    match parse_or_repair(text, kind) {
        Some(ObjectKind::Record) => receiver.receive_record(parse(text)),
        Some(ObjectKind::Batch(batch)) => read_elements(batch.as_bytes(), limits, receiver),
        Some(ObjectKind::LoginOfApplication) => {
            receiver.receive_record(TrailOutcome::Rejected(TrailRejected::OtherSource));
        }
        Some(ObjectKind::Other) | None => return read_messages(text, limits, receiver),
    }
    true
}

/// Whether an object is a record, or holds one.
fn is_record_of_its_own(text: &[u8]) -> bool {
    let is_record = |text: &[u8]| Some(Kind::of(std::str::from_utf8(text).ok()?.trim_start())?.is_record());
    parse_or_repair(text, is_record).unwrap_or(false)
}

/// What an object or an array is.
enum ObjectKind {
    Record,
    /// The arrays of a batch.
    Batch(String),
    /// A login in an object that can be another application's.
    LoginOfApplication,
    Other,
}

impl ObjectKind {
    /// `None` if the text is neither an object nor an array.
    fn of(text: &str) -> Option<Self> {
        if text.starts_with('[') {
            return Some(if has_record(text) { Self::Batch(text.to_owned()) } else { Self::Other });
        }
        let kind = Kind::of(text)?;
        if kind.has_own_keys() {
            return Some(Self::Record);
        }
        let (found, is_foreign) = if kind.is_record() {
            (Self::Record, is_within_another(text.as_bytes()))
        } else if let Some(batch) = kind.batch() {
            (Self::Batch(batch), is_log_line(text.as_bytes()))
        } else {
            return Some(Self::Other);
        };
        Some(if !is_foreign {
            found
        } else if has_login(text.as_bytes()) {
            Self::LoginOfApplication
        } else {
            Self::Other
        })
    }
}

/// Whether a text has the name of the event of a login.
fn has_login(text: &[u8]) -> bool {
    memchr::memmem::find(&text.to_ascii_lowercase(), b"consolelogin").is_some()
}

/// Reads the records in messages of `CloudWatch` Logs. Returns `false` if the text has none, or only those of other
/// logs. Then `receiver` has received nothing.
fn read_messages(text: &[u8], limits: Limits, receiver: &mut dyn TrailReceiver) -> bool {
    let messages = log_events::messages(text);
    if !messages.is_empty() && is_of_another(text) {
        let has_login = messages.iter().any(|message| has_login(message.as_bytes()));
        if has_login {
            receiver.receive_record(TrailOutcome::Rejected(TrailRejected::OtherSource));
        }
        return has_login;
    }
    for message in &messages {
        if !read_one(message.as_bytes(), limits, receiver) {
            receiver.receive_record(TrailOutcome::Rejected(TrailRejected::NotARecord));
        }
    }
    !messages.is_empty()
}

/// Whether an array has a record.
fn has_record(array: &str) -> bool {
    let elements: Vec<&RawValue> = serde_json::from_str(array).unwrap_or_default();
    elements.iter().any(|element| Kind::of(element.get()).is_some_and(|kind| kind.is_record()))
}

/// The members that decide whether an object is of CloudTrail.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind<'a> {
    #[serde(borrow)]
    event_name: Option<&'a RawValue>,
    #[serde(borrow)]
    event_time: Option<&'a RawValue>,
    #[serde(borrow)]
    user_identity: Option<&'a RawValue>,
    #[serde(borrow)]
    s3: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow, rename = "CloudTrailEvent", alias = "cloudTrailEvent")]
    looked_up: Option<&'a RawValue>,
    #[serde(borrow, rename = "Records")]
    records: Option<&'a RawValue>,
    #[serde(borrow, rename = "Events")]
    events: Option<&'a RawValue>,
    #[serde(borrow, rename = "events")]
    java_events: Option<&'a RawValue>,
}

impl<'a> Kind<'a> {
    /// `None` if the text is no object.
    fn of(object: &'a str) -> Option<Self> {
        serde_json::from_str(object).ok().filter(|_| object.starts_with('{'))
    }

    fn is_record(&self) -> bool {
        self.has_own_keys()
            || self.looked_up.is_some()
            || self.detail.is_some_and(|detail| Self::of(detail.get()).is_some_and(|kind| kind.has_own_keys()))
    }

    fn has_own_keys(&self) -> bool {
        self.event_name.is_some() && self.event_time.is_some() && self.user_identity.is_some() && self.s3.is_none()
    }

    /// The arrays of a batch, one after another; `None` without a record in them.
    fn batch(&self) -> Option<String> {
        let arrays = [self.records, self.events, self.java_events];
        let arrays: Vec<&str> = arrays.into_iter().flatten().map(RawValue::get).collect();
        arrays.iter().any(|array| has_record(array)).then(|| arrays.concat())
    }
}

/// The outcome of a record. A user must not be able to hide a login by putting invalid UTF-8 into a field.
fn parse(text: &[u8]) -> TrailOutcome {
    parse_or_repair(text, parse_record).unwrap_or(TrailOutcome::Rejected(TrailRejected::Malformed))
}

/// Whether the first line is a record. Framing by lines is then safer, since a damaged line does not affect others.
fn has_records_in_lines(beginning: &[u8]) -> bool {
    let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has_record =
        |line: &[u8]| serde_json::from_slice::<Envelope<'_>>(line).ok().map(|envelope| envelope.has_record());
    line.starts_with(b"{") && parse_or_repair(line, has_record).unwrap_or(false)
}

/// The outcome of a record; `None` if it is not JSON.
fn parse_record(text: &[u8]) -> Option<TrailOutcome> {
    let envelope = serde_json::from_slice::<Envelope<'_>>(text).ok()?;
    // An application's line can have an `eventName` of its own beside the `detail`, which no record has.
    let is_around_record = envelope.event_name.is_none() || envelope.detail.is_some() || envelope.looked_up.is_some();
    if !envelope.has_record() || envelope.event_name.is_some_and(|name| name.get().starts_with(['{', '['])) {
        return Some(TrailOutcome::Rejected(TrailRejected::NotARecord));
    }
    if is_around_record && is_within_another(text) {
        let reason = if has_login(text) { TrailRejected::OtherSource } else { TrailRejected::NotARecord };
        return Some(TrailOutcome::Rejected(reason));
    }
    // A trail logs all events of an account, and a `Value` is built for logins only.
    if envelope.detail.is_none() && envelope.looked_up.is_none() && !envelope.is_login() {
        return Some(TrailOutcome::Ignored(TrailIgnored::NotAConsoleLogin));
    }
    if let Some(record) = envelope.looked_up {
        // Some tools parse the text of the record.
        return Some(match serde_json::from_str::<String>(record.get()) {
            Ok(text) => parse(text.as_bytes()),
            Err(_) => parse(record.get().as_bytes()),
        });
    }
    let event = serde_json::from_slice::<Value>(text).ok()?;
    Some(record_of(&event).map_or(TrailOutcome::Rejected(TrailRejected::NotARecord), console_login::parse))
}

/// The fields of a record, or of an event with a record, that decide whether it can be a login.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    event_name: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow, rename = "CloudTrailEvent", alias = "cloudTrailEvent")]
    looked_up: Option<&'a RawValue>,
}

impl Envelope<'_> {
    fn has_record(&self) -> bool {
        self.event_name.is_some() || self.detail.is_some() || self.looked_up.is_some()
    }

    fn is_login(&self) -> bool {
        let name = self.event_name.and_then(|name| serde_json::from_str::<String>(name.get()).ok());
        name.is_some_and(|name| console_login::is_login(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct ReceivedOutcomes {
        logins: usize,
        others: Vec<&'static str>,
    }

    impl TrailReceiver for ReceivedOutcomes {
        fn receive_record(&mut self, outcome: TrailOutcome) {
            match outcome {
                TrailOutcome::Login(_) => self.logins += 1,
                TrailOutcome::FailedLogin(_) => self.others.push("failed_login"),
                TrailOutcome::Ignored(reason) => self.others.push(reason.name()),
                TrailOutcome::Rejected(reason) => self.others.push(reason.name()),
            }
        }
    }

    fn read_all(text: &str) -> (ReceivedOutcomes, Result<(), ReadFault>) {
        let mut input = Input::open(text.as_bytes(), Limits::default()).unwrap();
        assert!(is_log_file(input.preview().unwrap()), "{text}");
        let mut received = ReceivedOutcomes::default();
        let result = read(&mut input, &mut received);
        (received, result)
    }

    fn login(event_id: &str) -> Value {
        json!({
            "userIdentity": {}, "eventName": "ConsoleLogin", "eventTime": "2026-03-02T12:00:00Z", "eventID": event_id,
            "sourceIPAddress": "203.0.113.7", "responseElements": {"ConsoleLogin": "Success"},
        })
    }

    fn call() -> Value {
        json!({"eventName": "ListBuckets", "eventTime": "2026-03-02T12:00:00Z", "eventID": "c", "responseElements": null})
    }

    #[test]
    fn records_are_found_in_every_form_in_which_they_are_kept() {
        let file = json!({"Records": [login("a"), call(), login("b")]});
        let event = json!({"detail-type": "AWS Console Sign In via CloudTrail", "detail": login("a")});
        for (text, logins, others) in [
            (file.to_string(), 2, 1),
            (serde_json::to_string_pretty(&file).unwrap(), 2, 1),
            (json!([login("a"), event, call()]).to_string(), 2, 1),
            (format!("{}\n{}\n\n{}", login("a"), call(), login("b")), 2, 1),
            (format!("{}\n{event}\n{file}\n{file}", login("a")), 6, 2),
            (serde_json::to_string_pretty(&event).unwrap(), 1, 0),
            (json!({"Records": []}).to_string(), 0, 0),
        ] {
            let (received, result) = read_all(&text);
            assert!(result.is_ok(), "{text}");
            assert_eq!((received.logins, received.others.len()), (logins, others), "{text}");
        }
    }

    #[test]
    fn a_login_within_a_line_of_an_application_is_none_whatever_its_event_name() {
        for event_name in [json!(null), json!("form"), json!("ConsoleLogin")] {
            let line = json!({"source": "com.shop", "eventName": event_name, "detail": login("a")});
            let (received, result) = read_all(&format!("{line}\n{}\n", login("b")));
            assert!(result.is_ok(), "{line}");
            assert_eq!((received.logins, received.others.len()), (1, 1), "{line}");
        }
    }

    #[test]
    fn members_of_a_forwarder_cost_no_login_of_an_event_that_names_aws() {
        for own in [json!({"source": "aws.signin"}), json!({"detail-type": "AWS Console Sign In via CloudTrail"})] {
            let mut event = own;
            event["detail"] = login("a");
            event["@timestamp"] = json!("x");
            event["host"] = json!({"name": "collector"});
            let (received, result) = read_all(&format!("{}\n{event}\n", call()));
            assert!(result.is_ok());
            assert_eq!((received.logins, received.others.len()), (1, 1), "{event}");
        }
    }

    #[test]
    fn invalid_text_does_not_hide_a_login() {
        let mut login = login("a");
        login["userAgent"] = json!("odd");
        let file = json!({"Records": [login, call()]}).to_string();
        let event = json!({"detail-type": "AWS Console Sign In via CloudTrail", "detail": login}).to_string();
        let forms =
            [file.clone(), serde_json::to_string_pretty(&[login, call()]).unwrap(), format!("{event}\n{}\n", call())];
        let odd = [&b"\\ud800"[..], b"\xff", b"\x1b[0m", b"\t", b"\0", b"C:\\\\\t", b"\r"];
        for (form, odd) in forms.iter().flat_map(|form| odd.map(|odd| (form, odd))) {
            let (before, after) = form.split_once("odd").unwrap();
            let file = [before.as_bytes(), odd, after.as_bytes()].concat();
            let mut input = Input::open(&file[..], Limits::default()).unwrap();
            assert!(is_log_file(input.preview().unwrap()));
            let mut received = ReceivedOutcomes::default();
            assert!(read(&mut input, &mut received).is_ok());
            assert_eq!((received.logins, received.others.len()), (1, 1));
        }
    }

    #[test]
    fn a_record_that_a_tool_parsed_within_an_answer_is_read() {
        let looked_up = json!({"EventId": "a", "EventName": "ConsoleLogin", "CloudTrailEvent": login("a")});
        for text in [json!({"Events": [looked_up]}).to_string(), format!("{looked_up}\n")] {
            let (received, result) = read_all(&text);
            assert!(result.is_ok() && received.others.is_empty(), "{text}");
            assert_eq!(received.logins, 1, "{text}");
        }
    }

    #[test]
    fn columns_of_records_are_no_record() {
        let record = login("a");
        let columns: serde_json::Map<_, _> =
            record.as_object().unwrap().iter().map(|(name, value)| (name.clone(), json!({"0": value}))).collect();
        let (received, result) = read_all(&Value::Object(columns).to_string());
        assert!(result.is_ok());
        assert_eq!((received.logins, received.others), (0, vec!["login_of_other_source"]));
    }

    #[test]
    fn a_damaged_line_costs_that_line() {
        let (received, result) =
            read_all(&format!("{}\n{{\"eventName\": \"Cons\n7\n{{}}\n{}\n", login("a"), login("b")));
        assert!(result.is_ok());
        assert_eq!(received.logins, 2);
        assert_eq!(received.others, ["malformed", "malformed", "not_a_record"]);
    }

    #[test]
    fn a_truncated_file_gives_the_records_before_the_end_and_a_fault() {
        let file = json!({"Records": [login("a"), login("b")]}).to_string();
        let (received, result) = read_all(&file[..file.len() - 20]);
        assert!(matches!(result, Err(ReadFault::Truncated(_))));
        assert_eq!(received.logins, 1);
    }

    #[test]
    fn other_files_are_not_log_files() {
        for text in [
            r#"{"Records":[{"eventSource":"aws:s3","eventName":"x","eventTime":"2026-03-02T12:00:00Z","userIdentity":{},"s3":{}}]}"#,
            r#"{"records":[{"category":"SignInLogs"}]}"#,
            r#"{"category":"SignInLogs"}"#,
            "text",
        ] {
            assert!(!is_log_file(text.as_bytes()), "{text}");
        }
    }
}
