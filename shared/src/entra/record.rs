//! Judging a record: a failure that counts, or why not.

use std::borrow::Cow;

use super::Outcome;
use super::missing::is_type_name;
use super::time::{Orders, When};
use crate::detection::address::{Address, AddressFault};
use crate::detection::failure::{Code, Ordinals, Particulars};
use crate::detection::{Failure, Rule, Source};

/// Why a record in order is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The sign-in did not fail.
    NotAFailure,
    /// It came from the machine itself.
    Loopback,
    /// Its source is not among those that are counted.
    SourceNotCounted(Source),
    /// A category of sign-in that pivotwatch does not know.
    UnknownSignInCategory,
    /// Another log than of sign-ins, as an event hub can mix them.
    OtherCategory,
}

impl Ignored {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAFailure => "not_a_failure",
            Self::Loopback => "loopback",
            Self::SourceNotCounted(Source::Interactive) => "source_interactive",
            Self::SourceNotCounted(Source::NonInteractive) => "source_non_interactive",
            Self::SourceNotCounted(Source::ServicePrincipal) => "source_service_principal",
            Self::SourceNotCounted(Source::ManagedIdentity) => "source_managed_identity",
            Self::SourceNotCounted(Source::Adfs) => "source_adfs",
            Self::UnknownSignInCategory => "unknown_sign_in_category",
            Self::OtherCategory => "other_category",
        }
    }
}

/// Why a record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejected {
    /// Not the text of a record of this shape.
    Malformed,
    /// Longer than a record may be.
    TooLong,
    /// Nested deeper than a record may be.
    TooDeep,
    /// Without a category, so that its source cannot be told.
    NoCategory,
    /// Without a numeric result code.
    NoCode,
    /// With the name of a .NET type where the object with the result code should be.
    TypeName,
    /// With an object, written as text that is no JSON, that has more than one result code, or too many members.
    SeveralCodes,
    /// A row of an answer that does not name its columns.
    NoColumns,
    /// Without an address.
    NoAddress,
    /// With an address of which Microsoft hid a part.
    RedactedAddress,
    /// With something else for an address.
    BadAddress,
    /// Without a time.
    NoTime,
    /// With a time that cannot be read.
    BadTime,
    /// With a date whose day could be its month, in a file that never tells which is which.
    AmbiguousTime,
}

impl Rejected {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::NoCategory => "no_category",
            Self::NoCode => "no_code",
            Self::TypeName => "type_name",
            Self::SeveralCodes => "several_codes",
            Self::NoColumns => "no_columns",
            Self::NoAddress => "no_address",
            Self::RedactedAddress => "redacted_address",
            Self::BadAddress => "bad_address",
            Self::NoTime => "no_time",
            Self::BadTime => "bad_time",
            Self::AmbiguousTime => "ambiguous_time",
        }
    }
}

/// A sign-in as an export tells it, whatever its shape: texts as found, empty where there is none.
#[derive(Clone, Debug)]
pub(super) struct Record<'a> {
    pub(super) source: Source,
    pub(super) id: Cow<'a, str>,
    /// When it happened, by the first of these that can be read.
    pub(super) times: [Cow<'a, str>; 2],
    /// Where it came from, by the first of these that can be read.
    pub(super) addresses: [Cow<'a, str>; 2],
    /// How it ended, by the first of these that is a number.
    pub(super) codes: [Cow<'a, str>; 2],
    pub(super) user: Cow<'a, str>,
    pub(super) app: Cow<'a, str>,
    pub(super) correlation_id: Cow<'a, str>,
}

/// The code with which a sign-in of this source failed, or what it comes to that nothing more needs to be known of it, as of
/// nearly all. A word where the code should be (`Failure`) says nothing: some forwarders write it, and the code stands
/// elsewhere.
pub(super) fn failed(rule: &Rule, source: Source, codes: [&str; 2]) -> Result<Code, Outcome> {
    if !rule.sources.contains(&source) {
        return Err(Outcome::Ignored(Ignored::SourceNotCounted(source)));
    }
    let code = codes.into_iter().find_map(|text| code(text.trim())).ok_or_else(|| {
        Outcome::Rejected(if codes.into_iter().any(is_type_name) {
            Rejected::TypeName
        } else if codes.contains(&SEVERAL) {
            Rejected::SeveralCodes
        } else {
            Rejected::NoCode
        })
    })?;
    if Rule::is_failure(&code) { Ok(code) } else { Err(Outcome::Ignored(Ignored::NotAFailure)) }
}

impl Record<'_> {
    /// The outcome of the record in a file whose dates have one of these orders, as one of the records that `ordinals`
    /// numbers, and when it was.
    pub(super) fn judge(&self, rule: &Rule, orders: Orders, ordinals: &mut Ordinals) -> (Outcome, When<'_>) {
        let code = match failed(rule, self.source, self.codes.each_ref().map(|text| &**text)) {
            Ok(code) => code,
            // Few of these times are ever parsed, so the first text is as good as the first that can be parsed.
            Err(outcome) => return (outcome, self.first_when(orders)),
        };
        let when = self.when(orders);
        let outcome = match self.failure(code, when, ordinals) {
            Ok(failure) => Outcome::Failure(failure),
            Err(outcome) => outcome,
        };
        (outcome, when)
    }

    /// The first of its times, whether or not it can be parsed.
    pub(super) fn first_when(&self, orders: Orders) -> When<'_> {
        filled(&self.times).next().map_or(When::NEVER, |text| When::new(text.as_bytes(), orders))
    }

    /// The first of its times that can be parsed; without one, the first that can be once the order of day and month is
    /// known; without that, the first text.
    fn when(&self, orders: Orders) -> When<'_> {
        let whens = || filled(&self.times).map(|text| When::new(text.as_bytes(), orders));
        whens()
            .find(|when| when.time().is_ok())
            .or_else(|| whens().find(|when| when.time() == Err(Rejected::AmbiguousTime)))
            .unwrap_or_else(|| self.first_when(orders))
    }

    /// The first of its addresses that can be read, or what is wrong with the first of them.
    fn address(&self) -> Result<Address, Rejected> {
        let mut addresses = filled(&self.addresses).map(Address::parse);
        let first = addresses.next().unwrap_or(Err(AddressFault::Missing));
        first.or_else(|fault| addresses.find_map(Result::ok).ok_or(fault)).map_err(|fault| match fault {
            AddressFault::Missing => Rejected::NoAddress,
            AddressFault::Redacted => Rejected::RedactedAddress,
            AddressFault::NotAnAddress => Rejected::BadAddress,
        })
    }

    fn failure(&self, code: Code, when: When<'_>, ordinals: &mut Ordinals) -> Result<Failure, Outcome> {
        let address = self.address().map_err(Outcome::Rejected)?;
        if address.is_loopback() {
            return Err(Outcome::Ignored(Ignored::Loopback));
        }
        let time = when.time().map_err(Outcome::Rejected)?;

        let user = self.user.trim().to_lowercase();
        let app = self.app.trim().to_owned();
        let correlation_id = self.correlation_id.trim();
        let particulars = Particulars { time, address, user: &user, app: &app, correlation_id };
        let identity = ordinals.identity(self.source, self.id.trim(), &code, &particulars);
        Ok(Failure { address, source: self.source, time, code, identity, user, app })
    }

    /// Its texts, of which [`Record::of_texts`] makes it again.
    pub(super) fn texts(&self) -> [&str; TEXTS] {
        let [times, addresses, codes] = [&self.times, &self.addresses, &self.codes].map(<[_; 2]>::each_ref);
        let lists = [times, addresses, codes].map(|list| list.map(|text| &**text));
        let [[time, logged_at], [address, caller_address], [code, status_code]] = lists;
        let [id, user, app, correlation_id] = [&self.id, &self.user, &self.app, &self.correlation_id];
        [id, time, logged_at, address, caller_address, code, status_code, user, app, correlation_id]
    }
}

/// How many texts a record has.
pub(super) const TEXTS: usize = 10;

impl<'a> Record<'a> {
    /// The record that has these texts, in the order of [`Record::texts`].
    pub(super) fn of_texts(source: Source, texts: [&'a str; TEXTS]) -> Self {
        let [id, time, logged_at, address, caller_address, code, status_code, user, app, correlation_id] =
            texts.map(Cow::Borrowed);
        Record {
            source,
            id,
            times: [time, logged_at],
            addresses: [address, caller_address],
            codes: [code, status_code],
            user,
            app,
            correlation_id,
        }
    }
}

/// The place of a result code in an object that has several. No export writes a control character there.
pub(super) const SEVERAL: &str = "several\u{1}codes";

/// Whether two texts are the same code.
pub(super) fn is_same_code(one: &str, other: &str) -> bool {
    one == other || code(one).zip(code(other)).is_some_and(|(one, other)| one == other)
}

pub(super) fn is_code(text: &str) -> bool {
    code(text).is_some()
}

/// Digits, and no more than a code has: anything longer is somebody's attempt to fill the table. A tool that knows only
/// fractions writes `50126.0`.
fn code(text: &str) -> Option<Code> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Code::from(text).ok() } else { None }
}

fn filled<'a>(texts: &'a [Cow<'_, str>]) -> impl Iterator<Item = &'a str> + Clone {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty())
}
