//! Parses a tuning entry from JSON, and reports all its faults. The format is that of the table, of the deployment's
//! variables and of files.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::conditions::{FailureConditions, LoginConditions, ThresholdConditions};
use super::entry::{Effect, Entry, Period};
use super::lost_threshold::LostThreshold;
use super::network::{self, Networks};
use super::pattern::Patterns;
use crate::detection::failure::Code;
use crate::detection::parameters::Threshold;
use crate::detection::rule::Rule;

/// Why an entry is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum EntryFault {
    #[error("it is no tuning entry: {0}")]
    Malformed(String),
    #[error("it has more than {most} bytes of JSON", most = LONGEST)]
    TooLong,
    #[error("the condition {0:?} has a control character")]
    ControlCharacter(&'static str),
    #[error("{0:?} is no id: use 1 to 64 of the characters a-z, 0-9 and -")]
    Id(String),
    #[error("another entry has the same id")]
    Duplicate,
    #[error("it needs one of \"exclude\" and \"threshold\"")]
    Effect,
    #[error("it has no condition: name at least one under \"when\"")]
    NoCondition,
    #[error("the condition {condition:?} does not go with {effect}, which takes {}", allowed.join(", "))]
    Condition { condition: &'static str, effect: &'static str, allowed: &'static [&'static str] },
    #[error("the condition {0:?} has no value")]
    NoValue(&'static str),
    #[error("{0:?} is no network, such as 192.0.2.0/24 or 2001:db8:7::/48, with no bit set beyond the prefix")]
    Network(String),
    #[error("{0:?} is no result code of a failure, such as 50126")]
    Code(String),
    #[error("{0}")]
    Name(String),
    #[error("the threshold {0} is not a number above the rule's threshold {1}, up to {most}", most = Threshold::MAX.get())]
    Threshold(i64, u32),
    #[error("{0:?} is missing")]
    Missing(&'static str),
    #[error("it needs either \"expires_at\" or \"permanent\": true")]
    End,
    #[error("it starts at its end or later")]
    Period,
    #[error("it applies to too much: add a condition, or say \"force\": true")]
    TooWide,
}

/// An entry that is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEntry {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// All its faults, at least one.
    pub faults: Vec<EntryFault>,
    /// The threshold that it may have been.
    pub lost_threshold: Option<LostThreshold>,
}

impl InvalidEntry {
    /// The stable code for logs and alarms.
    pub const CODE: &'static str = "tuning.invalid";

    /// A valid entry with the id of another. The other one's threshold holds.
    #[must_use]
    pub fn duplicate(id: String) -> Self {
        Self { id: Some(id), faults: vec![EntryFault::Duplicate], lost_threshold: None }
    }

    /// The faults in one sentence.
    #[must_use]
    pub fn explanation(&self) -> String {
        self.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// What holds while the entry is invalid, if that is more than that it does not apply.
    #[must_use]
    pub fn consequence(&self) -> Option<&'static str> {
        self.lost_threshold.as_ref().map(|_| "meanwhile the rule's own threshold holds for its networks")
    }

    /// The faults and the consequence in one sentence.
    #[must_use]
    pub fn explanation_with_consequence(&self) -> String {
        [Some(&*self.explanation()), self.consequence()].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    id: String,
    exclude: Option<Exclude>,
    threshold: Option<i64>,
    when: Option<WrittenConditions>,
    reason: Option<String>,
    author: Option<String>,
    created_at: Option<DateTime<Utc>>,
    starts_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    permanent: bool,
    #[serde(default)]
    force: bool,
    removed_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Exclude {
    Failures,
    Logins,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenConditions {
    cidr: Option<Vec<String>>,
    user: Option<Vec<String>>,
    app: Option<Vec<String>>,
    operation: Option<Vec<String>>,
    client_app: Option<Vec<String>>,
    user_agent: Option<Vec<String>>,
    code: Option<Vec<WrittenCode>>,
    code_class: Option<Vec<String>>,
    source: Option<Vec<String>>,
    principal: Option<Vec<String>>,
    account: Option<Vec<String>>,
    region: Option<Vec<String>>,
}

/// A result code, which DynamoDB's console and people write as a text or a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenCode {
    Text(String),
    Number(u64),
}

/// The conditions that go with each effect.
const OF_FAILURES: [&str; 9] =
    ["cidr", "user", "app", "operation", "client_app", "user_agent", "code", "code_class", "source"];
const OF_LOGINS: [&str; 5] = ["cidr", "principal", "account", "region", "user_agent"];
const OF_THRESHOLDS: [&str; 2] = ["cidr", "source"];

/// Bytes of the longest entry, so that it fits into a message and into the record of its announcement.
const LONGEST: usize = 16 * 1024;

/// The longest id.
const ID_LENGTH: usize = 64;

impl Entry {
    /// Parses an entry for `rule`.
    ///
    /// # Errors
    /// [`InvalidEntry`] with all faults.
    pub fn parse(value: &Value, rule: &Rule) -> Result<Self, InvalidEntry> {
        Self::parse_or_faults(value, rule).map_err(|faults| {
            let id = value.get("id").and_then(Value::as_str).filter(|id| id.len() <= ID_LENGTH);
            InvalidEntry { id: id.map(str::to_owned), faults, lost_threshold: LostThreshold::of(value) }
        })
    }

    fn parse_or_faults(value: &Value, rule: &Rule) -> Result<Self, Vec<EntryFault>> {
        if !value.is_object() {
            return Err(vec![EntryFault::Malformed("it is no JSON object".to_owned())]);
        }
        if value.to_string().len() > LONGEST {
            return Err(vec![EntryFault::TooLong]);
        }
        // Deserialising also accepts an array in place of an object, and an object in place of a name.
        let has_form = |name: &str, is: fn(&Value) -> bool| value.get(name).is_none_or(is);
        if !has_form("when", Value::is_object) || !has_form("exclude", Value::is_string) {
            let fault = "\"when\" is no object, or \"exclude\" is no text".to_owned();
            return Err(vec![EntryFault::Malformed(fault)]);
        }
        let written =
            WrittenEntry::deserialize(value).map_err(|error| vec![EntryFault::Malformed(error.to_string())])?;
        let mut parser = EntryParser { faults: Vec::new() };
        let entry = parser.entry(written, without_removal(value), rule);
        match entry {
            Some(entry) if parser.faults.is_empty() => Ok(entry),
            _ => Err(parser.faults),
        }
    }
}

struct EntryParser {
    faults: Vec<EntryFault>,
}

impl EntryParser {
    fn entry(&mut self, written: WrittenEntry, value: Value, rule: &Rule) -> Option<Entry> {
        if !is_id(&written.id) {
            self.faults.push(EntryFault::Id(written.id.clone()));
        }
        let conditions = written.when.unwrap_or_default();
        let has_condition = conditions.named().iter().any(|(_, values)| values.is_some());
        if !has_condition {
            self.faults.push(EntryFault::NoCondition);
        }
        for (name, values) in conditions.named() {
            if values == Some(0) {
                self.faults.push(EntryFault::NoValue(name));
            }
        }
        let reason = self.required("reason", written.reason);
        let author = self.required("author", written.author);
        for (name, values) in conditions.texts() {
            if values.iter().flatten().any(|text| text.chars().any(char::is_control)) {
                self.faults.push(EntryFault::ControlCharacter(name));
            }
        }
        let (effect, is_selective) = match (written.exclude, written.threshold) {
            (Some(Exclude::Failures), None) => {
                let conditions = self.failure_conditions(conditions);
                let is_selective = conditions.are_selective();
                (Some(Effect::ExcludeFailures(conditions)), is_selective)
            }
            (Some(Exclude::Logins), None) => {
                let conditions = self.login_conditions(conditions);
                let is_selective = conditions.are_selective();
                (Some(Effect::ExcludeLogins(conditions)), is_selective)
            }
            (None, Some(threshold)) => {
                let conditions = self.threshold_conditions(conditions);
                let is_selective = conditions.networks.are_narrow();
                let threshold = self.threshold(threshold, rule);
                (threshold.map(|threshold| Effect::Threshold { threshold, conditions }), is_selective)
            }
            _ => {
                self.faults.push(EntryFault::Effect);
                (None, true)
            }
        };
        if has_condition && !is_selective && !written.force {
            self.faults.push(EntryFault::TooWide);
        }
        let period = Period::in_seconds(written.starts_at, written.expires_at);
        if written.permanent == period.expires_at.is_some() {
            self.faults.push(EntryFault::End);
        }
        if period.starts_at.zip(period.expires_at).is_some_and(|(start, end)| start >= end) {
            self.faults.push(EntryFault::Period);
        }
        Some(Entry {
            id: written.id,
            effect: effect?,
            period,
            reason,
            author,
            created_at: written.created_at,
            written: value,
            removed_at: written.removed_at,
        })
    }

    fn failure_conditions(&mut self, written: WrittenConditions) -> FailureConditions {
        self.refuse_others(&written, "\"exclude\": \"failures\"", &OF_FAILURES);
        FailureConditions {
            networks: self.networks(written.cidr),
            user: patterns(written.user),
            app: patterns(written.app),
            operation: patterns(written.operation),
            client_app: patterns(written.client_app),
            user_agent: patterns(written.user_agent),
            codes: written.code.map(|codes| self.each(codes, code)),
            classes: self.names(written.code_class),
            sources: self.names(written.source),
        }
    }

    fn login_conditions(&mut self, written: WrittenConditions) -> LoginConditions {
        self.refuse_others(&written, "\"exclude\": \"logins\"", &OF_LOGINS);
        LoginConditions {
            networks: self.networks(written.cidr),
            principal: patterns(written.principal),
            account: patterns(written.account),
            region: patterns(written.region),
            user_agent: patterns(written.user_agent),
        }
    }

    fn threshold_conditions(&mut self, written: WrittenConditions) -> ThresholdConditions {
        self.refuse_others(&written, "\"threshold\"", &OF_THRESHOLDS);
        ThresholdConditions { networks: self.networks(written.cidr), sources: self.names(written.source) }
    }

    /// Reports the conditions that do not go with the effect.
    fn refuse_others(&mut self, written: &WrittenConditions, effect: &'static str, allowed: &'static [&'static str]) {
        let named = written.named().into_iter().filter(|(name, values)| values.is_some() && !allowed.contains(name));
        self.faults.extend(named.map(|(condition, _)| EntryFault::Condition { condition, effect, allowed }));
    }

    fn threshold(&mut self, written: i64, rule: &Rule) -> Option<u32> {
        let threshold =
            u32::try_from(written).ok().filter(|it| (rule.threshold + 1..=Threshold::MAX.get()).contains(it));
        if threshold.is_none() {
            self.faults.push(EntryFault::Threshold(written, rule.threshold));
        }
        threshold
    }

    fn required(&mut self, name: &'static str, text: Option<String>) -> String {
        text.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| {
            self.faults.push(EntryFault::Missing(name));
            String::new()
        })
    }

    fn networks(&mut self, written: Option<Vec<String>>) -> Networks {
        let parse = |text: String| network::parse(text.trim()).ok_or(EntryFault::Network(text));
        written.map_or_else(Networks::default, |texts| Networks::of(self.each(texts, parse)))
    }

    fn names<T: Ord + std::str::FromStr<Err: ToString>>(
        &mut self,
        written: Option<Vec<String>>,
    ) -> Option<BTreeSet<T>> {
        let parse = |text: String| text.trim().parse().map_err(|unknown: T::Err| EntryFault::Name(unknown.to_string()));
        written.map(|texts| self.each(texts, parse))
    }

    /// Parses each value, and reports those that are invalid.
    fn each<W, T, C: FromIterator<T>>(&mut self, values: Vec<W>, parse: impl Fn(W) -> Result<T, EntryFault>) -> C {
        let parsed = values.into_iter().filter_map(|value| parse(value).map_err(|fault| self.faults.push(fault)).ok());
        parsed.collect()
    }
}

impl WrittenConditions {
    /// Every condition with the number of its values; `None` if it is not named.
    fn named(&self) -> [(&'static str, Option<usize>); 12] {
        let [cidr, user, app, operation, client_app, user_agent, code_class, source, principal, account, region] =
            self.texts().map(|(name, values)| (name, values.as_ref().map(Vec::len)));
        let code = ("code", self.code.as_ref().map(Vec::len));
        [cidr, user, app, operation, client_app, user_agent, code, code_class, source, principal, account, region]
    }

    /// Every condition on texts.
    fn texts(&self) -> [(&'static str, &Option<Vec<String>>); 11] {
        [
            ("cidr", &self.cidr),
            ("user", &self.user),
            ("app", &self.app),
            ("operation", &self.operation),
            ("client_app", &self.client_app),
            ("user_agent", &self.user_agent),
            ("code_class", &self.code_class),
            ("source", &self.source),
            ("principal", &self.principal),
            ("account", &self.account),
            ("region", &self.region),
        ]
    }
}

fn without_removal(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove("removed_at");
    }
    value
}

fn is_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ID_LENGTH).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// Whether a record can have the code: digits, at most as many as a [`Code`] has.
fn is_code(text: &str) -> bool {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && Code::from(text).is_ok()
}

fn code(written: WrittenCode) -> Result<String, EntryFault> {
    match written {
        WrittenCode::Number(number) => code(WrittenCode::Text(number.to_string())),
        WrittenCode::Text(text) => {
            let trimmed = text.trim();
            if is_code(trimmed) { Ok(trimmed.to_owned()) } else { Err(EntryFault::Code(text)) }
        }
    }
}

fn patterns(written: Option<Vec<String>>) -> Patterns {
    written.map_or_else(Patterns::default, Patterns::of)
}
