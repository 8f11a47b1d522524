//! The ways in which exports write a time.
//!
//! Most of the times of an export are of sign-ins that did not fail, and nobody asks for more of them than which is the
//! newest. So a time is handed on as it is written ([`When`]) and read where it matters.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use super::record::Rejected;
use crate::detection::Day;

/// How a file writes its dates where the day and the month could be either: browsers and spreadsheets write them as the
/// person's country does, all of a file alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    /// There is no file that could decide: a date with AM or PM is American, as Azure Monitor writes it at times.
    Alone,
    /// The file has not decided yet.
    Undecided,
    /// 31/12/2026.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
}

/// Why a text is no time that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeFault {
    /// It is no time, or one that no sign-in can have.
    NotATime,
    /// The day could be the month.
    Undecided,
}

/// When something happened, as an export writes it.
#[derive(Clone, Copy, Debug)]
pub struct When<'t> {
    text: &'t [u8],
    dates: Dates,
}

impl<'t> When<'t> {
    /// Of what nobody says when it was.
    pub(super) const NEVER: Self = Self { text: b"", dates: Dates::Alone };

    /// A time in a file that writes its dates so, trimmed.
    pub(super) fn new(text: &'t [u8], dates: Dates) -> Self {
        Self { text, dates }
    }

    /// The time, where it can be read.
    #[must_use]
    pub fn read(self) -> Option<DateTime<Utc>> {
        self.time().ok()
    }

    /// The time, or why there is none.
    pub(super) fn time(self) -> Result<DateTime<Utc>, Rejected> {
        if self.text.is_empty() {
            return Err(Rejected::NoTime);
        }
        let text = std::str::from_utf8(self.text).map_err(|_| Rejected::BadTime)?;
        parse(text, self.dates).map_err(|fault| match fault {
            TimeFault::NotATime => Rejected::BadTime,
            TimeFault::Undecided => Rejected::AmbiguousTime,
        })
    }

    /// Where its zone begins, if it is written as Azure writes times, `2026-03-02T12:00:00.1234567+00:00` or with a `Z`: of
    /// such times that have it in the same place and are of the same zone, the later one has the greater text.
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

/// Whether a text has digits where a form has noughts, and is the form everywhere else.
fn has_form<const N: usize>(text: &[u8; N], form: &[u8; N]) -> bool {
    // All of it, for that takes fewer decisions.
    text.iter()
        .zip(form)
        .fold(true, |is_so, (byte, form)| is_so & (byte == form || *form == b'0' && byte.is_ascii_digit()))
}

/// The newest of many times, of which few need to be read to know it.
#[derive(Debug, Default)]
pub struct Newest {
    time: Option<DateTime<Utc>>,
    /// As it was written, and where its zone begins if others can be compared with that.
    text: Vec<u8>,
    zone: Option<usize>,
}

impl Newest {
    /// Shows it one more time.
    pub fn see(&mut self, when: When<'_>) {
        let is_alike = |zone: usize| when.text.get(zone..) == Some(&self.text[zone..]) && when.zone() == Some(zone);
        if self.zone.is_some_and(is_alike) && when.text <= self.text.as_slice() {
            return;
        }
        let time = when.read();
        if time > self.time {
            self.time = time;
            self.zone = when.zone();
            when.text.clone_into(&mut self.text);
        }
    }

    /// The newest that could be read.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.time
    }
}

/// Reads a time. Written without a zone, it is UTC.
fn parse(text: &str, dates: Dates) -> Result<DateTime<Utc>, TimeFault> {
    let text = text.trim();
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc(),
        Err(_) => match (serialised(text), Written::of(text)) {
            (Some(time), _) => time,
            (None, Some(written)) => written.time(dates)?,
            (None, None) => return Err(TimeFault::NotATime),
        },
    };
    Some(time).filter(|time| Day::is_plausible(*time)).ok_or(TimeFault::NotATime)
}

/// What a time says of the file's dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// Its first number is no month, or its second.
    Certain(Dates),
    /// It has AM or PM as America writes them; Australia, which puts the day first, writes them small.
    American,
}

/// Reads what a time says of the file's dates.
pub(super) fn clue(text: &str) -> Option<Clue> {
    let Written { date: Date::Either { first, second, .. }, half, .. } = Written::of(text.trim())? else { return None };
    match (first > 12, second > 12) {
        (true, false) => Some(Clue::Certain(Dates::DayFirst)),
        (false, true) => Some(Clue::Certain(Dates::MonthFirst)),
        _ => half.filter(|half| half.is_american).map(|_| Clue::American),
    }
}

/// `/Date(1772452800000)/`, as Windows PowerShell writes times into JSON.
fn serialised(text: &str) -> Option<DateTime<Utc>> {
    let number = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    DateTime::from_timestamp_millis(number.parse().ok()?)
}

/// A time in parts.
struct Written {
    date: Date,
    clock: NaiveTime,
    half: Option<Half>,
    offset: Option<FixedOffset>,
}

enum Date {
    /// In an order that its form tells.
    Told(NaiveDate),
    /// With the day before the month, or behind it.
    Either { first: u32, second: u32, year: i32 },
}

/// AM or PM.
#[derive(Clone, Copy)]
struct Half {
    is_afternoon: bool,
    is_american: bool,
}

impl Written {
    /// `3/2/2026, 2:08:45.221 PM`, `02.03.2026 14:08:45`, `2026-03-02 14:08:45.221+01:00` and what lies between them.
    fn of(text: &str) -> Option<Self> {
        // Browsers put narrow spaces before AM and PM.
        let text = text.replace(['\u{202f}', '\u{a0}'], " ");
        let (date, clock) = text.split_once([' ', ',', 'T'])?;
        let mut words = clock.split([' ', ',']).filter(|word| !word.is_empty());
        let (clock, zone) = without_zone(words.next()?);
        let mut written = Self { date: Date::of(date)?, clock: time_of_day(clock)?, half: None, offset: None };
        for word in zone.into_iter().chain(words) {
            match Half::of(word) {
                Some(half) if written.half.is_none() => written.half = Some(half),
                _ if written.offset.is_none() => written.offset = Some(offset(word)?),
                _ => return None,
            }
        }
        Some(written)
    }

    fn time(&self, dates: Dates) -> Result<DateTime<Utc>, TimeFault> {
        let date = match self.date {
            Date::Told(date) => date,
            Date::Either { first, second, year } => {
                let dates = match dates {
                    Dates::Alone if self.half.is_some_and(|half| half.is_american) => Dates::MonthFirst,
                    // Of one number that can be no month, and of two that are the same, nothing is left open.
                    Dates::Alone | Dates::Undecided if first > 12 || first == second => Dates::DayFirst,
                    Dates::Alone | Dates::Undecided if second > 12 => Dates::MonthFirst,
                    Dates::Alone | Dates::Undecided => return Err(TimeFault::Undecided),
                    decided => decided,
                };
                let (day, month) = if dates == Dates::DayFirst { (first, second) } else { (second, first) };
                NaiveDate::from_ymd_opt(year, month, day).ok_or(TimeFault::NotATime)?
            }
        };
        let clock = match self.half {
            None => self.clock,
            Some(half) => half.clock(self.clock).ok_or(TimeFault::NotATime)?,
        };
        let offset = self.offset.map_or(0, |offset| offset.local_minus_utc());
        let time = date.and_time(clock).and_utc();
        time.checked_sub_signed(TimeDelta::seconds(offset.into())).ok_or(TimeFault::NotATime)
    }
}

impl Date {
    fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split(['/', '-', '.']);
        let parts: [&str; 3] = [numbers.next()?, numbers.next()?, numbers.next()?];
        if numbers.next().is_some() || parts.iter().any(|part| !part.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        let number = |part: &str| part.parse::<u32>().ok();
        match parts {
            [year, month, day] if year.len() == 4 => {
                NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, number(day)?).map(Self::Told)
            }
            // Nobody who writes points puts the month first.
            [day, month, year] if year.len() == 4 && text.contains('.') => {
                NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, number(day)?).map(Self::Told)
            }
            [first, second, year] if year.len() == 4 => {
                Some(Self::Either { first: number(first)?, second: number(second)?, year: year.parse().ok()? })
            }
            _ => None,
        }
    }
}

impl Half {
    fn of(word: &str) -> Option<Self> {
        let is_afternoon = match word.replace('.', "").to_ascii_lowercase().as_str() {
            "am" => false,
            "pm" => true,
            _ => return None,
        };
        Some(Self { is_afternoon, is_american: matches!(word, "AM" | "PM") })
    }

    /// The time of day that is meant by one of twelve hours. Twelve is the first of them.
    fn clock(self, clock: NaiveTime) -> Option<NaiveTime> {
        let hour = Some(clock.hour()).filter(|hour| (1..=12).contains(hour))? % 12;
        clock.with_hour(hour + if self.is_afternoon { 12 } else { 0 })
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    // One digit is what is left of two that were cut.
    if text.split(':').skip(1).any(|part| part.bytes().take_while(u8::is_ascii_digit).count() != 2) {
        return None;
    }
    // A spreadsheet leaves the seconds out.
    ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

fn without_zone(clock: &str) -> (&str, Option<&str>) {
    match clock.find(['Z', '+', '-']) {
        Some(position) => (&clock[..position], Some(&clock[position..])),
        None => (clock, None),
    }
}

fn offset(text: &str) -> Option<FixedOffset> {
    match text {
        "Z" | "UTC" | "GMT" => FixedOffset::east_opt(0),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn every_way_of_writing_a_time_that_was_seen_is_read() {
        for (text, expected) in [
            ("2022-01-24T05:10:14.1875602Z", "2022-01-24T05:10:14.187560200Z"),
            ("2022-01-24T05:10:14.1875602+00:00", "2022-01-24T05:10:14.187560200Z"),
            ("2022-01-24T05:10:14Z", "2022-01-24T05:10:14Z"),
            ("2007-01-09T09:41:00.22Z", "2007-01-09T09:41:00.220Z"),
            ("2007-01-09T11:41:00+02:00", "2007-01-09T09:41:00Z"),
            ("2019-10-18T04:45:48.0729893-05:00", "2019-10-18T09:45:48.072989300Z"),
            ("2023-07-26T22:58:30.983201900Z", "2023-07-26T22:58:30.983201900Z"),
            ("2023-07-26 22:58:30.983201900", "2023-07-26T22:58:30.983201900Z"),
            ("2023-07-26 22:58:30.9832+02:00", "2023-07-26T20:58:30.983200Z"),
            ("2023-07-26 22:58:30 UTC", "2023-07-26T22:58:30Z"),
            ("2023-07-26T22:58:30", "2023-07-26T22:58:30Z"),
            ("11/14/2025 1:48:53 AM", "2025-11-14T01:48:53Z"),
            ("12/12/2025 3:03:58 PM", "2025-12-12T15:03:58Z"),
            ("01/09/2007 09:41:00 AM", "2007-01-09T09:41:00Z"),
            ("1/9/2007 10:41:00 AM +01:00", "2007-01-09T09:41:00Z"),
            ("4/28/2021, 2:08:45.221 PM", "2021-04-28T14:08:45.221Z"),
            ("4/28/2021, 2:08:45.221\u{202f}PM", "2021-04-28T14:08:45.221Z"),
            ("4/28/2021, 12:08:45.221 AM", "2021-04-28T00:08:45.221Z"),
            ("2/25/2025, 9:19:25.391 AM", "2025-02-25T09:19:25.391Z"),
            ("21/04/2025, 09:45:54.000", "2025-04-21T09:45:54Z"),
            ("05.01.2024 10:11:12", "2024-01-05T10:11:12Z"),
            ("2020/10/16 0:00:01.403", "2020-10-16T00:00:01.403Z"),
            ("2020-10-15T00:00:00.247Z", "2020-10-15T00:00:00.247Z"),
            ("5/5/2024 10:11", "2024-05-05T10:11:00Z"),
            ("/Date(1772452800000)/", "2026-03-02T12:00:00Z"),
        ] {
            assert_eq!(parse(text, Dates::Alone), Ok(utc(expected)), "{text}");
        }
    }

    #[test]
    fn a_date_that_can_be_read_in_two_ways_is_not_read_until_the_file_decides() {
        for text in ["03/04/2025 10:00:00", "03/04/2025, 10:00:00.000", "3-4-2025 10:00:00", "3/4/2025, 10:00:00 am"] {
            assert_eq!(parse(text, Dates::Alone), Err(TimeFault::Undecided), "{text}");
            assert_eq!(parse(text, Dates::Undecided), Err(TimeFault::Undecided), "{text}");
            assert_eq!(parse(text, Dates::DayFirst), Ok(utc("2025-04-03T10:00:00Z")), "{text}");
            assert_eq!(parse(text, Dates::MonthFirst), Ok(utc("2025-03-04T10:00:00Z")), "{text}");
        }
        let american = "3/4/2025, 10:00:00 AM";
        assert_eq!(parse(american, Dates::Alone), Ok(utc("2025-03-04T10:00:00Z")));
        assert_eq!(parse(american, Dates::Undecided), Err(TimeFault::Undecided), "Australia's may yet be capitals");
    }

    #[test]
    fn a_date_that_contradicts_its_file_is_no_time() {
        assert_eq!(parse("13/04/2025 10:00:00", Dates::MonthFirst), Err(TimeFault::NotATime));
        assert_eq!(parse("04/13/2025 10:00:00", Dates::DayFirst), Err(TimeFault::NotATime));
    }

    #[test]
    fn a_number_that_is_no_month_decides_and_capitals_do_for_want_of_it() {
        for (text, expected) in [
            ("21/04/2025, 09:45:54.000", Some(Clue::Certain(Dates::DayFirst))),
            ("4/28/2021, 2:08:45.221 PM", Some(Clue::Certain(Dates::MonthFirst))),
            ("4/8/2021, 2:08:45.221 PM", Some(Clue::American)),
            ("4/8/2021, 2:08:45.221 pm", None),
            ("4/8/2021, 14:08:45.221", None),
            ("28.4.2021 14:08", None),
            ("2025-04-21T09:45:54Z", None),
            ("", None),
        ] {
            assert_eq!(clue(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "yesterday",
            "2025-13-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "1700000000",
            "2025-03-02",
            "13/13/2025 10:00:00",
            "1/9/2007 13:41:00 AM",
            "1/9/2007 0:41:00 AM",
            "1/9/2007 1:41:00 AM PM",
            "1/9/2007 1:41:00 AM CET",
            "1/9/07 1:41:00 AM",
            "-1/9/2007 1:41:00",
            "/Date(99999999999999999999)/",
            "é/é/2007 10:00:00",
            "2023-07-26 21:00:3.30",
            "2023-07-26 21:0:30",
        ] {
            assert_eq!(parse(text, Dates::Alone), Err(TimeFault::NotATime), "{text}");
        }
    }

    /// A time in one of the forms that exports have, and some that are like them.
    fn written() -> impl Strategy<Value = String> {
        let time = (0..3_u32, 0..3_u32, 0..3_u32, 0..3_u32).prop_map(|(day, hour, minute, second)| {
            format!("2026-03-0{}T{:02}:{:02}:{:02}", day + 1, hour + 11, minute, second)
        });
        let rest = prop::sample::select(vec![
            "Z",
            ".1234567Z",
            ".1234568Z",
            ".12Z",
            ".1234567+00:00",
            ".1234567+02:00",
            ".1234567-02:00",
            "+00:00",
            ".123456 PM",
            ".12345 PM+00:00",
            ".123456x+00:00",
            "",
        ]);
        let other = prop::sample::select(vec!["", "no time", "3/2/2026, 2:08:45 PM", "2026-13-02T12:00:00.1234567Z"]);
        let hour = prop::sample::select(vec!["", "T ", "T,", "T0"]);
        let time = (time, hour).prop_map(|(time, hour)| if hour.is_empty() { time } else { time.replace("T1", hour) });
        prop_oneof![9 => (time, rest).prop_map(|(time, rest)| time + rest), 1 => other.prop_map(str::to_owned)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn the_newest_of_all_times_is_the_newest_of_those_that_were_read(times in vec(written(), 0..12)) {
            let whens = times.iter().map(|text| When::new(text.as_bytes(), Dates::Alone));
            let mut newest = Newest::default();
            whens.clone().for_each(|when| newest.see(when));
            prop_assert_eq!(newest.time(), whens.filter_map(When::read).max(), "{:?}", times);
        }
    }
}
