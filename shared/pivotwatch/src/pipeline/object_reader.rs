//! Recognises the format of an object, and reads it with the reader of that format: a sign-in export, or a log file.

use std::io;
use std::panic::{self, AssertUnwindSafe};

use crate::aws;
use crate::detection::Rule;
use crate::entra;
use crate::input::{Compression, Input, Limits, ReadFault};

/// The name of a CloudTrail log file among the shapes of exports.
pub(super) const LOG_FILE: &str = "cloudtrail";

/// The format of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectFormat {
    /// The name of its shape.
    pub shape: &'static str,
    /// How it was compressed.
    pub compression: Compression,
}

/// An object whose format is recognised, ready to be read.
pub struct RecognisedObject<'a> {
    input: Input<'a>,
    /// The shape of an export, `None` for a log file.
    export: Option<entra::RecognisedShape>,
}

/// Recognises an object by its first bytes.
///
/// # Errors
/// [`ReadFault`] when its format is not recognised.
pub fn recognise<'a>(bytes: impl io::Read + Send + 'a, limits: Limits) -> Result<RecognisedObject<'a>, ReadFault> {
    let mut input = Input::open(bytes, limits)?;
    let mut found = recognise_head(input.preview()?);
    // The deciding keys can follow a very long text in the first record, or many records of other logs.
    while !found.as_ref().is_ok_and(|export| is_settled(export.as_ref())) {
        let Some(head) = input.longer_preview()? else { break };
        found = recognise_head(head);
    }
    let is_whole = input.is_whole_ahead();
    let head = input.preview()?;
    let export = match found {
        Ok(export) => export,
        Err(fault) => match entra::recognise_other_logs(head, is_whole) {
            Some(export) => Some(export),
            None => return Err(input.damage().unwrap_or(fault)),
        },
    };
    Ok(RecognisedObject { input, export })
}

/// Whether further bytes cannot change the result.
fn is_settled(export: Option<&entra::RecognisedShape>) -> bool {
    export.is_none_or(entra::RecognisedShape::is_settled)
}

/// The shape of an export with these first bytes, or `None` for a log file.
fn recognise_head(head: &[u8]) -> Result<Option<entra::RecognisedShape>, ReadFault> {
    match entra::recognise(head) {
        Ok(export) => Ok(Some(export)),
        Err(_) if aws::is_log_file(head) => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl RecognisedObject<'_> {
    /// The format of the object.
    #[must_use]
    pub fn format(&self) -> ObjectFormat {
        let shape = self.export.map_or(LOG_FILE, |export| export.name());
        ObjectFormat { shape, compression: self.input.compression() }
    }

    /// Reads the object to its end, and passes the outcome of every record to `receiver`.
    ///
    /// The bytes alone decide the format. The `name`, a key or a path, is used only for the source of records that do
    /// not name their log.
    ///
    /// # Errors
    /// [`ReadFault`] when the object cannot be read to its end. The outcomes before the fault are valid.
    pub fn read(
        mut self,
        name: &str,
        rule: &Rule,
        receiver: &mut (impl entra::Receiver + aws::TrailReceiver),
    ) -> Result<(), ReadFault> {
        let limits = self.input.limits;
        match self.export {
            None => {
                let mut sign_ins = entra::SignInsAmongOthers::new(name, rule, limits);
                let mut records = LogFileReceiver { receiver, sign_ins: &mut sign_ins, limits };
                let result = aws::read_log_file(&mut self.input, &mut records);
                // Also after a fault: the records before it are valid.
                sign_ins.finish(receiver);
                result
            }
            Some(export) => export.read(&mut self.input, name, rule, &mut ExportReceiver { receiver, limits }),
        }
    }
}

/// Receives the records of an export, and reads the CloudTrail records among them.
struct ExportReceiver<'r, R> {
    receiver: &'r mut R,
    limits: Limits,
}

impl<R: entra::Receiver + aws::TrailReceiver> entra::Receiver for ExportReceiver<'_, R> {
    fn receive(&mut self, outcome: entra::Outcome) {
        self.receiver.receive(outcome);
    }

    fn warn(&mut self, warning: entra::Warning) {
        self.receiver.warn(warning);
    }

    fn wants_successes(&self) -> bool {
        self.receiver.wants_successes()
    }

    fn succeeded(&mut self, success: &entra::SuccessTexts<'_>) {
        self.receiver.succeeded(success);
    }

    fn take_other_log(&mut self, record: &[u8]) -> bool {
        aws::read_trail_record(record, self.limits, self.receiver)
    }

    fn times(&mut self) -> entra::TimeCollector<'_> {
        self.receiver.times()
    }
}

/// Receives the records of a log file, and reads the sign-ins among them.
struct LogFileReceiver<'r, 'a, R> {
    receiver: &'r mut R,
    sign_ins: &'r mut entra::SignInsAmongOthers<'a>,
    limits: Limits,
}

impl<R: entra::Receiver + aws::TrailReceiver> aws::TrailReceiver for LogFileReceiver<'_, '_, R> {
    fn receive_record(&mut self, outcome: aws::TrailOutcome) {
        self.receiver.receive_record(outcome);
    }

    fn take_other_record(&mut self, record: &[u8]) -> bool {
        // A forwarder's document can carry CloudTrail records.
        self.sign_ins.read(record, &mut ExportReceiver { receiver: self.receiver, limits: self.limits })
    }
}

/// Recognises an object, reads it to its end, and returns its format.
///
/// # Errors
/// [`ReadFault`] when the format is not recognised, or the object cannot be read to its end. The outcomes before the
/// fault are valid.
pub fn read(
    bytes: impl io::Read + Send,
    name: &str,
    rule: &Rule,
    limits: Limits,
    receiver: &mut (impl entra::Receiver + aws::TrailReceiver),
) -> Result<ObjectFormat, ReadFault> {
    let recognised = recognise(bytes, limits)?;
    let format = recognised.format();
    recognised.read(name, rule, receiver)?;
    Ok(format)
}

/// Runs `work`, and turns its panic into a fault of the object. A bug in a reader then costs one object, not all
/// objects of the event or all files of a hunt.
///
/// # Errors
/// The fault of `work`, or [`ReadFault::Internal`] with the message of its panic.
pub fn catch_panics<T>(work: impl FnOnce() -> Result<T, ReadFault>) -> Result<T, ReadFault> {
    // Unwind safe: only the outcomes that `work` had passed on whole are used after a panic.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        Err(ReadFault::Internal(message.unwrap_or("no message").to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shape(text: &str) -> Option<&'static str> {
        recognise(text.as_bytes(), Limits::default()).ok().map(|recognised| recognised.format().shape)
    }

    fn sign_in(said: &str) -> Value {
        json!({
            "category": "SignInLogs", "resultType": "50126",
            "properties": {"id": "a", "createdDateTime": "2026-03-02T12:00:00Z", "userDisplayName": said, "userAgent": said},
        })
    }

    fn of_graph(said: &str) -> Value {
        json!({"id": "a", "userDisplayName": said, "createdDateTime": "2026-03-02T12:00:00Z", "userPrincipalName": said})
    }

    fn login(said: &str) -> Value {
        json!({
            "userAgent": said, "eventName": "ConsoleLogin", "eventTime": "2026-03-02T12:00:00Z",
            "userIdentity": {"userName": said}, "requestParameters": {"category": said, "s3": said},
        })
    }

    fn lines(records: &[Value]) -> String {
        records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_readers_panic_is_a_fault_of_its_object() {
        let panics: [(fn(), &str); 3] = [
            (|| panic!("plain"), "plain"),
            (|| panic!("{} formatted", 7), "7 formatted"),
            (|| std::panic::panic_any(7), "no message"),
        ];
        for (panics, message) in panics {
            let work = || {
                panics();
                Ok(())
            };
            let fault = catch_panics(work).unwrap_err();
            assert_eq!((fault.code(), fault.is_transient()), ("object.internal", false));
            assert!(fault.to_string().contains(message), "{fault}");
        }
        assert!(catch_panics(|| Ok(7)).is_ok_and(|value| value == 7));
    }

    #[test]
    fn texts_of_a_record_do_not_decide_the_format() {
        let said =
            ["eventName", "eventTime", "userIdentity", "aws:s3", "category", "Records", "{\"category\":1}", "\u{1}"];
        let [sign_ins, of_graph, logins] =
            [sign_in, of_graph, login].map(|record| said.iter().map(|said| record(said)).collect::<Vec<_>>());
        assert_eq!(shape(&lines(&sign_ins)), Some("diagnostic"));
        assert_eq!(shape(&json!({"records": sign_ins}).to_string()), Some("event_hub"));
        assert_eq!(shape(&json!({"value": of_graph}).to_string()), Some("graph"));
        assert_eq!(shape(&lines(&logins)), Some(LOG_FILE));
        assert_eq!(shape(&json!({"Records": logins}).to_string()), Some(LOG_FILE));
        let mut shipped = login("x");
        shipped["message"] = json!(sign_in("x").to_string());
        assert_eq!(shape(&lines(&[shipped])), Some(LOG_FILE));
    }

    #[test]
    fn an_export_with_a_record_of_another_log_is_an_export() {
        let other = json!({"category": "Audit", "eventName": "x", "eventTime": "x", "userIdentity": {}});
        for records in [[sign_in("x"), other.clone()], [other, sign_in("x")]] {
            assert_eq!(shape(&json!({"records": records}).to_string()), Some("event_hub"));
            assert_eq!(shape(&lines(&records)), Some("diagnostic"));
        }
    }

    #[test]
    fn a_damaged_or_very_long_first_record_does_not_prevent_recognition() {
        let long = "x".repeat(300_000);
        let row =
            |said: &str| json!({"Timestamp": "2026-03-02T12:00:00Z", "ErrorCode": 50126, "LogonType": "", "x": said});
        for (record, expected) in
            [(&sign_in as &dyn Fn(&str) -> Value, "diagnostic"), (&login, LOG_FILE), (&row, "defender")]
        {
            let sound = json!([record("x"), record("y")]).to_string();
            let damaged = sound.replacen("\":", "\"", 1);
            let mut first = record("x");
            first["zz"] = json!(long);
            for text in [damaged.replacen("},{", "},\n{", 1), json!([first, record("x")]).to_string()] {
                assert_eq!(shape(&text), Some(expected), "{}", &text[..100]);
            }
        }
        let damaged =
            json!({"Records": [login("x"), login("y")]}).to_string().replacen("eventName\":", "eventName\"", 1);
        assert_eq!(shape(&damaged), Some(LOG_FILE));
    }

    #[test]
    fn invalid_escapes_in_texts_do_not_hide_keys() {
        let page = json!({"value": [of_graph("x")]}).to_string();
        assert_eq!(shape(&page.replace("\"x\"", "\"\\ud800\"")), Some("graph"));
        let array = json!([of_graph("x"), of_graph("y")]).to_string();
        assert_eq!(shape(&array.replace("\"x\"", "\"\\udc00\"")), Some("graph"));
    }
}
