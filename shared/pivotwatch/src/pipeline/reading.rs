//! Reading an object, whatever it holds: failures, or logins.

use std::io;
use std::panic::{self, AssertUnwindSafe};

use crate::aws;
use crate::detection::Rule;
use crate::entra;
use crate::input::{Compression, Input, Limits, ReadFault};

/// The name of a CloudTrail log file among the shapes of exports.
pub(super) const LOG_FILE: &str = "cloudtrail";

/// What an object turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The name of its shape.
    pub shape: &'static str,
    /// How it was compressed.
    pub compression: Compression,
}

/// An object whose beginning was read and recognised.
pub struct Recognised<'a> {
    input: Input<'a>,
    export: Option<entra::RecognisedShape>,
}

/// Tells what an object is by its beginning.
///
/// # Errors
/// [`ReadFault`] when it is nothing that can be read.
pub fn recognise<'a>(bytes: impl io::Read + Send + 'a, limits: Limits) -> Result<Recognised<'a>, ReadFault> {
    let mut input = Input::open(bytes, limits)?;
    let mut found = recognise_head(input.preview()?);
    // What decides can come after a very long text in the first record, or after many records of other logs.
    while !found.as_ref().is_ok_and(|export| is_settled(export.as_ref())) {
        let Some(head) = input.longer_preview()? else { break };
        found = recognise_head(head);
    }
    let export = match found {
        Ok(export) => export,
        Err(fault) => match entra::recognise_forwarder(input.preview()?) {
            Some(export) => Some(export),
            None => return Err(input.damage().unwrap_or(fault)),
        },
    };
    Ok(Recognised { input, export })
}

/// Whether a longer beginning could not change what was recognised.
fn is_settled(export: Option<&entra::RecognisedShape>) -> bool {
    export.is_none_or(entra::RecognisedShape::is_settled)
}

/// The shape of an export that begins so, or `None` for a log file of CloudTrail.
fn recognise_head(head: &[u8]) -> Result<Option<entra::RecognisedShape>, ReadFault> {
    match entra::recognise(head) {
        Ok(export) => Ok(Some(export)),
        Err(_) if aws::is_log_file(head) => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl Recognised<'_> {
    /// What the object is.
    #[must_use]
    pub fn what(&self) -> Read {
        let shape = self.export.map_or(LOG_FILE, |export| export.name());
        Read { shape, compression: self.input.compression() }
    }

    /// Reads the object to its end and gives every record of it to `receiver`.
    ///
    /// The object is told by its bytes alone. Its `name`, a key or a path, is asked for one thing only, and only where
    /// the records do not say it: which log they come from.
    ///
    /// # Errors
    /// [`ReadFault`] when it breaks off; what was received before stays valid.
    pub fn read(
        mut self,
        name: &str,
        rule: &Rule,
        receiver: &mut (impl entra::Receiver + aws::TrailReceiver),
    ) -> Result<(), ReadFault> {
        match self.export {
            None => aws::read_log_file(&mut self.input, receiver),
            Some(export) => export.read(&mut self.input, name, rule, receiver),
        }
    }
}

/// Recognises an object, reads it to its end, and returns what it was.
///
/// # Errors
/// [`ReadFault`] when it is nothing that can be read, or breaks off; what was received before stays valid.
pub fn read(
    bytes: impl io::Read + Send,
    name: &str,
    rule: &Rule,
    limits: Limits,
    receiver: &mut (impl entra::Receiver + aws::TrailReceiver),
) -> Result<Read, ReadFault> {
    let recognised = recognise(bytes, limits)?;
    let what = recognised.what();
    recognised.read(name, rule, receiver)?;
    Ok(what)
}

/// Reads with `work`, and makes a panic in it a fault of the object. A defect of a reader then costs one object, not all
/// objects of the event or all files of a hunt.
///
/// # Errors
/// The fault that `work` returns, or [`ReadFault::Internal`] with the message of its panic.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, ReadFault>) -> Result<T, ReadFault> {
    // What `work` leaves half done is not used, except for the records that it had handed over whole.
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
        recognise(text.as_bytes(), Limits::default()).ok().map(|recognised| recognised.what().shape)
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
    fn a_panic_of_a_reader_is_a_fault_of_its_object() {
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
            let fault = guarded(work).unwrap_err();
            assert_eq!((fault.code(), fault.is_transient()), ("object.internal", false));
            assert!(fault.to_string().contains(message), "{fault}");
        }
        assert!(guarded(|| Ok(7)).is_ok_and(|value| value == 7));
    }

    #[test]
    fn what_people_write_into_a_record_does_not_decide_what_the_object_is() {
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
    fn a_first_record_that_is_damaged_or_goes_on_beyond_the_beginning_hides_nothing() {
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
    fn what_no_text_can_hold_hides_no_names() {
        let page = json!({"value": [of_graph("x")]}).to_string();
        assert_eq!(shape(&page.replace("\"x\"", "\"\\ud800\"")), Some("graph"));
        let array = json!([of_graph("x"), of_graph("y")]).to_string();
        assert_eq!(shape(&array.replace("\"x\"", "\"\\udc00\"")), Some("graph"));
    }
}
