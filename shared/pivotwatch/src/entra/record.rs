//! Judges a record: the failure that it counts as, or the reason why it does not count.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::missing::is_type_name;
use super::outcome::{Ignored, Outcome, Rejected};
use super::time::{OrdersByColumn, TIMES, When};
use crate::detection::address::{Address, AddressFault};
use crate::detection::failure::{Code, Ordinals, Particulars, Trace};
use crate::detection::{Failure, Rule, Source};

/// The fields of a sign-in in any shape, as texts of the export. A missing field is empty.
#[derive(Clone, Debug)]
pub(super) struct Record<'a> {
    pub(super) source: Source,
    pub(super) id: Cow<'a, str>,
    /// The texts of its time columns. The record's time is the first that can be parsed.
    ///
    /// In order: the time of the sign-in, the log time of the row that a search copied, the log time of the row itself.
    pub(super) times: [Cow<'a, str>; TIMES],
    /// Its address is the first that can be parsed.
    pub(super) addresses: [Cow<'a, str>; 2],
    /// Its result code is the first that is a number.
    pub(super) codes: [Cow<'a, str>; 2],
    pub(super) user: Cow<'a, str>,
    pub(super) app: Cow<'a, str>,
    pub(super) client_app: Cow<'a, str>,
    pub(super) operation: Cow<'a, str>,
    pub(super) user_agent: Cow<'a, str>,
    pub(super) correlation_id: Cow<'a, str>,
    pub(super) tenant: Cow<'a, str>,
}

/// The outcome of a sign-in that is no failure, or that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotCounted {
    /// See [`Outcome::Ignored`].
    Ignored(Ignored),
    /// See [`Outcome::Rejected`].
    Rejected(Rejected),
}

impl From<NotCounted> for Outcome {
    fn from(outcome: NotCounted) -> Self {
        match outcome {
            NotCounted::Ignored(reason) => Self::Ignored(reason),
            NotCounted::Rejected(reason) => Self::Rejected(reason),
        }
    }
}

/// Decides from source and result codes alone: `Ok` is the code of a failure, `Err` the outcome of any other sign-in.
///
/// A word in place of the code (`Failure`) is skipped: some forwarders write a word, and the code into another field.
pub(super) fn failure_code(rule: &Rule, source: Source, codes: [&str; 2]) -> Result<Code, NotCounted> {
    if !rule.sources.contains(&source) {
        return Err(NotCounted::Ignored(Ignored::SourceNotCounted(source)));
    }
    let code = codes.into_iter().find_map(|text| code(text.trim())).ok_or_else(|| {
        NotCounted::Rejected(if codes.into_iter().any(is_type_name) {
            Rejected::TypeName
        } else if codes.contains(&SEVERAL_CODES) {
            Rejected::SeveralCodes
        } else {
            Rejected::NoCode
        })
    })?;
    if Rule::is_failure(&code) { Ok(code) } else { Err(NotCounted::Ignored(Ignored::NotAFailure)) }
}

/// Whether the evidence of a file's dates is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateEvidence {
    /// More dates can follow.
    Partial,
    /// No date follows, or the record waits for none.
    Final,
}

/// The outcome of a record, and its time.
pub(super) struct Judged<'a> {
    pub(super) outcome: Outcome,
    /// `None` if the outcome did not need the time.
    pub(super) when: Option<When<'a>>,
    /// The column whose other dates decided the day and the month of this failure.
    pub(super) dated_by: Option<usize>,
}

/// The time of a record, or the reason why it has none.
struct RecordTime<'a> {
    when: When<'a>,
    time: Result<DateTime<Utc>, Rejected>,
    /// The column whose other dates decided the day and the month.
    by: Option<usize>,
}

impl Record<'_> {
    /// The same as the function [`failure_code`].
    pub(super) fn failure_code(&self, rule: &Rule) -> Result<Code, NotCounted> {
        failure_code(rule, self.source, self.codes.each_ref().map(|text| &**text))
    }

    /// Whether its result code is that of a success.
    pub(super) fn is_success(&self) -> bool {
        is_success(self.codes.each_ref().map(|text| &**text))
    }

    /// Judges a failure with this code, as one of the records that `ordinals` numbers. `None` if its time depends on
    /// evidence that can still follow.
    pub(super) fn judge(
        &self,
        code: Code,
        dates: OrdersByColumn,
        evidence: DateEvidence,
        ordinals: &mut Ordinals,
    ) -> Option<Judged<'_>> {
        let unusable = match self.address() {
            Ok(address) if address.is_loopback() => Outcome::Ignored(Ignored::Loopback),
            Ok(address) => {
                let RecordTime { when, time, by } = self.dated(dates, evidence)?;
                let outcome = time.map_or_else(Outcome::Rejected, |time| {
                    Outcome::Failure(self.failure(code, address, time, ordinals))
                });
                return Some(Judged { outcome, when: Some(when), dated_by: by });
            }
            Err(fault) => Outcome::Rejected(fault),
        };
        Some(Judged { outcome: unusable, when: None, dated_by: None })
    }

    /// The texts of its times with their columns.
    pub(super) fn times(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let texts = self.times.iter().map(|text| text.trim().as_bytes()).enumerate();
        texts.filter(|(_, text)| !text.is_empty())
    }

    /// The first time that can be parsed, or the reason why none can: an ambiguous date or, without one, the first
    /// fault. `None` if evidence that can still follow may change the answer.
    fn dated(&self, dates: OrdersByColumn, evidence: DateEvidence) -> Option<RecordTime<'_>> {
        let mut unusable = RecordTime { when: When::NEVER, time: Err(Rejected::NoTime), by: None };
        for (column, text) in self.times() {
            let when = When::new(text, dates.of(column));
            let by_itself = When::by_itself(text).parse();
            let is_ambiguous = by_itself == Err(Rejected::AmbiguousTime);
            if is_ambiguous && evidence == DateEvidence::Partial && !dates.is_mixed(column) {
                return None;
            }
            let time = if is_ambiguous { when.parse() } else { by_itself };
            match time {
                Ok(_) => return Some(RecordTime { when, time, by: is_ambiguous.then_some(column) }),
                Err(fault) if unusable.time == Err(Rejected::NoTime) || fault == Rejected::AmbiguousTime => {
                    unusable = RecordTime { when, time, by: None };
                }
                Err(_) => {}
            }
        }
        Some(unusable)
    }

    /// The first of its addresses that can be parsed, or the fault of the first.
    fn address(&self) -> Result<Address, Rejected> {
        let mut addresses = filled(&self.addresses).map(Address::parse);
        let first = addresses.next().unwrap_or(Err(AddressFault::Missing));
        first.or_else(|fault| addresses.find_map(Result::ok).ok_or(fault)).map_err(|fault| match fault {
            AddressFault::Missing => Rejected::NoAddress,
            AddressFault::Redacted => Rejected::RedactedAddress,
            AddressFault::NotAnAddress => Rejected::BadAddress,
        })
    }

    fn failure(&self, code: Code, address: Address, time: DateTime<Utc>, ordinals: &mut Ordinals) -> Failure {
        let user = self.user.trim().to_lowercase();
        let app = self.app.trim().to_owned();
        let correlation_id = self.correlation_id.trim();
        let particulars = Particulars { time, address, user: &user, app: &app, correlation_id };
        let identity = ordinals.identity(self.source, self.id.trim(), &code, &particulars);
        let [client_app, operation, user_agent] =
            [&self.client_app, &self.operation, &self.user_agent].map(|text| text.trim().to_owned());
        let trace = Trace {
            request_id: self.id.trim().to_owned(),
            correlation_id: correlation_id.to_owned(),
            tenant: self.tenant.trim().to_owned(),
            export: Arc::default(),
        };
        Failure {
            address,
            source: self.source,
            time,
            code,
            identity,
            user,
            app,
            client_app,
            operation,
            user_agent,
            trace,
        }
    }

    /// All its texts. [`Record::of_texts`] is the inverse.
    pub(super) fn texts(&self) -> [&str; TEXTS] {
        let [first, second, third] = self.times.each_ref().map(|text| &**text);
        let [addresses, codes] = [&self.addresses, &self.codes].map(|list| list.each_ref().map(|text| &**text));
        let ([address, caller_address], [code, status_code]) = (addresses, codes);
        let [id, user, app, correlation_id] = [&self.id, &self.user, &self.app, &self.correlation_id];
        let [client_app, operation, user_agent] = [&self.client_app, &self.operation, &self.user_agent];
        [
            id,
            first,
            second,
            third,
            address,
            caller_address,
            code,
            status_code,
            user,
            app,
            client_app,
            operation,
            user_agent,
            correlation_id,
            &self.tenant,
        ]
    }
}

/// The number of texts of a record.
pub(super) const TEXTS: usize = 12 + TIMES;

impl<'a> Record<'a> {
    /// The record of texts in the order of [`Record::texts`].
    pub(super) fn of_texts(source: Source, texts: [&'a str; TEXTS]) -> Self {
        let [
            id,
            first,
            second,
            third,
            address,
            caller_address,
            code,
            status_code,
            user,
            app,
            client_app,
            operation,
            user_agent,
            correlation_id,
            tenant,
        ] = texts.map(Cow::Borrowed);
        Record {
            source,
            id,
            times: [first, second, third],
            addresses: [address, caller_address],
            codes: [code, status_code],
            user,
            app,
            client_app,
            operation,
            user_agent,
            correlation_id,
            tenant,
        }
    }
}

/// Whether the first of the texts that is a code is that of a success.
pub(super) fn is_success(codes: [&str; 2]) -> bool {
    codes.into_iter().find_map(|text| code(text.trim())).is_some_and(|code| Rule::is_success(&code))
}

/// The place of a result code in an object that has several. No export writes a control character there.
pub(super) const SEVERAL_CODES: &str = "several\u{1}codes";

/// Whether two texts are the same code.
pub(super) fn is_same_code(one: &str, other: &str) -> bool {
    one == other || code(one).zip(code(other)).is_some_and(|(one, other)| one == other)
}

pub(super) fn is_code(text: &str) -> bool {
    code(text).is_some()
}

/// Parses a result code: digits, at most as many as a [`Code`] has, so that an attacker cannot fill the table with
/// longer texts. A tool whose only numbers are fractions writes `50126.0`, and Kibana `50,126`.
fn code(text: &str) -> Option<Code> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    if has_digits(text) {
        return Code::from(text).ok();
    }
    // Entra's messages begin with the code: `AADSTS50126: Error validating credentials`.
    match text.split_at_checked(PREFIX.len()) {
        Some((prefix, code)) if prefix.eq_ignore_ascii_case(PREFIX) => {
            let code = code.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            Code::from(code).ok().filter(|code| has_digits(code))
        }
        _ => ungrouped(text),
    }
}

/// What Entra's messages write before a code.
const PREFIX: &str = "AADSTS";

/// The code of a number whose digits are in groups of three, by a separator that some country writes.
fn ungrouped(text: &str) -> Option<Code> {
    let separator = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| SEPARATORS.contains(c))?;
    let (first, groups) = text.split_once(separator)?;
    let is_first = has_digits(first) && first.len() <= 3 && !first.starts_with('0');
    let mut code = Code::from(first).ok().filter(|_| is_first)?;
    for group in groups.split(separator) {
        (has_digits(group) && group.len() == 3).then_some(())?;
        code.try_push_str(group).ok()?;
    }
    Some(code)
}

/// What countries write between groups of three digits.
const SEPARATORS: [char; 7] = [',', '.', ' ', '\u{a0}', '\u{202f}', '\'', '\u{2019}'];

fn has_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn filled<'a>(texts: &'a [Cow<'_, str>]) -> impl Iterator<Item = &'a str> + Clone {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_digits_however_a_tool_groups_them() {
        for (text, expected) in [("0", "0"), ("50126", "50126"), ("50126.0", "50126"), ("50,126", "50126")] {
            assert_eq!(code(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(code("7,000,222").as_deref(), Some("7000222"));
        for text in [
            "50.126",
            "50 126",
            "50\u{202f}126",
            "50\u{2019}126",
            "AADSTS50126",
            "aadsts50126: Invalid password",
            "AADSTS50126 x",
        ] {
            assert_eq!(code(text).as_deref(), Some("50126"), "{text}");
        }
        for text in [
            "",
            ",",
            "50,",
            ",126",
            "50,12",
            "5012,6",
            "50,126,",
            "50,12a",
            "50, 126",
            "50,126.777",
            "0.000",
            "AADSTS",
            "1,000,000,000,000",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
