//! A message in its forms, one for each kind of reader.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::HttpsForm;

/// SNS accepts fewer than 100 characters, and rejects a message with a longer subject.
pub(super) const SUBJECT_LENGTH: usize = 99;

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
    /// Attributes for the filter policies of subscriptions. None is empty, which SNS refuses.
    pub attributes: BTreeMap<&'static str, String>,
    /// Attributes that are lists. None is empty.
    pub lists: BTreeMap<&'static str, Vec<String>>,
}

impl Message {
    /// The message in the notation of SNS's `MessageStructure=json`: the form of each protocol.
    #[must_use]
    pub fn forms(&self) -> String {
        let finding = self.finding.to_string();
        let https = match self.https {
            HttpsForm::Chat => self.chat.to_string(),
            HttpsForm::Finding => finding.clone(),
        };
        // SNS cuts an SMS into parts of 140 bytes, and delivers 1,600 bytes at most.
        json!({
            "default": self.text,
            "email": self.text,
            "sms": self.subject,
            "http": https,
            "https": https,
            "sqs": finding,
            "lambda": finding,
        })
        .to_string()
    }
}
