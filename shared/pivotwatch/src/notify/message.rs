//! A message in its forms, one for each kind of reader, and their sizes.
//!
//! SNS refuses a message of more than 262,144 bytes, all its forms and attributes included. So each form has a bound of
//! its own, and the forms of a message at their bounds fit together. A form that is too large lists less of what it
//! counts, and says how much there is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::HttpsForm;

/// SNS accepts fewer than 100 characters, and rejects a message with a longer subject.
pub(super) const SUBJECT_LENGTH: usize = 99;

/// The largest text, in bytes of its JSON. It is sent once, and the finding and the chat form up to four times.
const TEXT_BYTES: usize = 80_000;

/// The largest finding and the largest chat form, in bytes of the JSON text that holds them.
const FORM_BYTES: usize = 42_000;

/// How much a form lists, tried in this order until the form is small enough.
const LISTED: [usize; 6] = [64, 16, 8, 4, 1, 0];

/// A message to the security team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// At most 99 printable ASCII characters.
    pub subject: String,
    /// The text for people, sent to every protocol without a form of its own, such as email.
    pub text: String,
    /// The custom notification of Amazon Q Developer in chat applications.
    pub chat: Value,
    /// The OCSF Detection Finding, for machines.
    pub finding: Value,
    /// The form for HTTP and HTTPS.
    pub https: HttpsForm,
    /// Attributes for the filter policies of subscriptions, at most ten with `lists`, since a queue with raw delivery
    /// takes no more. None is empty, which SNS refuses.
    pub attributes: BTreeMap<&'static str, String>,
    /// Attributes that are lists. None is empty.
    pub lists: BTreeMap<&'static str, Vec<String>>,
}

impl Message {
    /// The message in the notation of SNS's `MessageStructure=json`: a form for each protocol. Those that are not
    /// named, such as `email`, receive `default`.
    #[must_use]
    pub fn forms(&self) -> String {
        let finding = self.finding.to_string();
        let https = match self.https {
            HttpsForm::Chat => self.chat.to_string(),
            HttpsForm::Finding => finding.clone(),
        };
        // A long SMS fails, so it has the subject alone.
        let sms = &self.subject;
        json!({"default": self.text, "sms": sms, "http": https, "https": https, "sqs": finding, "lambda": finding})
            .to_string()
    }
}

/// The text that lists as much as fits, at most `most` of each kind.
pub(super) fn fitted_text(most: usize, text: impl Fn(usize) -> String) -> String {
    fitted(most, text, |text| fits(text, TEXT_BYTES))
}

/// The finding that lists as much as fits.
pub(super) fn fitted_form(most: usize, form: impl Fn(usize) -> Value) -> Value {
    fitted(most, form, form_fits)
}

/// Whether a finding or a chat form is small enough.
pub(super) fn form_fits(form: &Value) -> bool {
    fits(&form.to_string(), FORM_BYTES)
}

/// The form with the longest lists that fits, or the one without lists. What that has is bounded by itself.
pub(super) fn fitted<T>(most: usize, form: impl Fn(usize) -> T, fits: impl Fn(&T) -> bool) -> T {
    let listed = LISTED.into_iter().filter(|listed| *listed < most);
    let fitting = std::iter::once(most).chain(listed).map(&form).find(fits);
    fitting.unwrap_or_else(|| form(0))
}

/// Whether a text has at most so many bytes in JSON. The only control character in it is the line break, so JSON has at
/// most two bytes for each of its own.
fn fits(text: &str, bytes: usize) -> bool {
    let escaped = || text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).count();
    text.len() * 2 <= bytes || text.len() + escaped() <= bytes
}
