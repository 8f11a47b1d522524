//! Parses the times of exports.
//!
//! Most times belong to sign-ins that did not fail, and only the newest of these matters. So a record's time stays a
//! text ([`When`]), and is parsed where its value is used.
//!
//! | module | holds |
//! |---|---|
//! | `order` | day first, month first or year first, and the evidence for each |
//! | `evidence` | the evidence of all dates of a file, by time column |
//! | `written` | the parts of a time: date, clock, AM or PM, zone |
//! | `designator` | AM and PM by language |
//! | `newest` | the newest of many times |
//! | `undecided` | the times that wait for evidence of their dates' order |
//! | `range` | the first and the last of many times |
//!
//! Rejected as `bad_time`: digits of other scripts, unknown words, and calendars other than the Gregorian. Years of
//! these calendars are below 2000 (Persian 1404, Hijri 1447) or above 2199 (Thai 2569).

mod designator;
mod evidence;
mod newest;
mod order;
mod range;
mod undecided;
mod written;

use chrono::{DateTime, Utc};

pub(super) use self::evidence::{OrdersByColumn, TIMES};
pub use self::newest::Newest;
use self::order::TimeFault;
pub(super) use self::order::{ColumnOrders, Date};
pub use self::range::TimeRange;
pub(super) use self::undecided::{TimeSummary, UndecidedTimes};
use self::written::WrittenTime;
use super::outcome::Rejected;
use crate::detection::Day;

/// The time of a record as the export's text, not parsed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct When<'t> {
    text: &'t [u8],
    column: ColumnOrders,
}

/// The collector of the times of an object's records.
#[derive(Debug)]
pub enum TimeCollector<'a> {
    /// None: only the times of failures are parsed.
    Unused,
    /// Keeps the newest time, and parses few.
    Newest(&'a mut Newest),
    /// Keeps the first and the last time, and parses each.
    Range(&'a mut TimeRange),
}

impl TimeCollector<'_> {
    /// Adds a time, if it can be parsed. Returns `false` if it is after the horizon.
    pub(super) fn add(self, when: When<'_>) -> bool {
        match self {
            Self::Unused => true,
            Self::Newest(newest) => newest.add(when),
            Self::Range(range) => when.parse().map_or(true, |time| range.add(time)),
        }
    }

    /// Adds many times. [`TimeSummary::future`] of them are after the horizon.
    pub(super) fn add_all(self, times: &TimeSummary) {
        match self {
            Self::Unused => {}
            Self::Newest(newest) => newest.add_time(times.newest),
            Self::Range(range) => {
                for time in times.ends() {
                    range.add(time);
                }
            }
        }
    }

    /// The latest time that a sign-in can have. `None` if no time is collected.
    pub(super) fn horizon(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Unused => None,
            Self::Newest(newest) => Some(newest.horizon()),
            Self::Range(range) => Some(range.horizon()),
        }
    }
}

impl<'t> When<'t> {
    /// The text.
    pub(super) const fn text(&self) -> &'t [u8] {
        self.text
    }

    /// For a record without a time.
    pub(super) const NEVER: Self = Self { text: b"", column: ColumnOrders::UNKNOWN };

    /// A trimmed text from a column with this evidence.
    pub(super) fn new(text: &'t [u8], column: ColumnOrders) -> Self {
        Self { text, column }
    }

    /// A trimmed text whose numbers alone decide its date.
    pub(super) fn by_itself(text: &'t [u8]) -> Self {
        Self { text, column: ColumnOrders::Mixed }
    }

    /// The time, or the reason why there is none.
    pub(super) fn parse(self) -> Result<DateTime<Utc>, Rejected> {
        if self.text.is_empty() {
            return Err(Rejected::NoTime);
        }
        let text = std::str::from_utf8(self.text).map_err(|_| Rejected::BadTime)?;
        parse(text, self.column).map_err(|fault| match fault {
            TimeFault::NotATime => Rejected::BadTime,
            TimeFault::Undecided => Rejected::AmbiguousTime,
        })
    }

    /// `true` for an absent time and one that begins with its year, as nearly all do: such a time excludes no order.
    pub(super) fn is_no_evidence(self) -> bool {
        self.text.first_chunk::<5>().is_none_or(|start| has_form(start, b"0000-"))
    }

    /// Its date, unless it is no evidence: absent, with its year in front, or no time.
    pub(super) fn date(self) -> Option<Date> {
        if self.is_no_evidence() {
            return None;
        }
        let text = std::str::from_utf8(self.text).ok()?;
        WrittenTime::of(text.trim()).map(|written| written.date())
    }

    /// The offset of the zone in a text of Azure's form, `2026-03-02T12:00:00.1234567+00:00` or with `Z` for the zone.
    /// Texts of this form with the same offset and the same zone compare as their times do.
    fn zone(self) -> Option<usize> {
        let (clock, rest) = self.text.split_first_chunk::<20>()?;
        let zone = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_written_so = has_form(clock, b"0000-00-00T00:00:00.")
            && match &rest[zone..] {
                b"Z" => true,
                [b'+' | b'-', zone @ ..] => zone.try_into().is_ok_and(|zone| has_form(zone, b"00:00")),
                _ => false,
            };
        is_written_so.then_some(clock.len() + zone)
    }
}

/// Whether a text has a digit at each `0` of the form, and equals the form elsewhere.
fn has_form<const N: usize>(text: &[u8; N], form: &[u8; N]) -> bool {
    // Without an early exit, which would take more branches.
    text.iter()
        .zip(form)
        .fold(true, |is_so, (byte, form)| is_so & (byte == form || *form == b'0' && byte.is_ascii_digit()))
}

/// Parses a time. A time without a zone is UTC.
fn parse(text: &str, column: ColumnOrders) -> Result<DateTime<Utc>, TimeFault> {
    let text = text.trim();
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc(),
        Err(_) => match (serialised(text), WrittenTime::of(text)) {
            (Some(time), _) => time,
            (None, Some(written)) => written.time(column)?,
            (None, None) => return Err(TimeFault::NotATime),
        },
    };
    Some(time).filter(|time| Day::is_plausible(*time)).ok_or(TimeFault::NotATime)
}

/// The digits of a number of milliseconds since 1970, from September 2001 to 2286. No form of a date has 13 digits.
const MILLISECONDS: usize = 13;

/// Parses a number of milliseconds since 1970. It is alone, as pandas and mongoexport write it, or has the form of
/// Windows PowerShell, `/Date(1772452800000)/`. There the writer's zone can follow the number, which is in UTC
/// regardless.
fn serialised(text: &str) -> Option<DateTime<Utc>> {
    let number = if let Some(inner) = text.strip_prefix("/Date(").and_then(|inner| inner.strip_suffix(")/")) {
        let zone = inner.rfind(['+', '-']).filter(|at| *at > 0 && inner.len() - at == 5);
        &inner[..zone.unwrap_or(inner.len())]
    } else {
        Some(text).filter(|text| text.len() == MILLISECONDS && text.bytes().all(|byte| byte.is_ascii_digit()))?
    };
    DateTime::from_timestamp_millis(number.parse().ok()?)
}

#[cfg(test)]
mod tests;
