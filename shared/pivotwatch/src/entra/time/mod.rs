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

pub(super) use self::evidence::{ColumnOrders, OrdersByColumn, TIMES};
pub use self::newest::Newest;
pub(super) use self::order::Date;
use self::order::TimeFault;
pub use self::range::TimeRange;
pub(super) use self::undecided::{TimeSummary, UndecidedTimes};
use self::written::WrittenTime;
use super::record::Rejected;
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

/// Parses `/Date(1772452800000)/`, the form of Windows PowerShell in JSON. The writer's zone can follow the number; the
/// number is in UTC regardless.
fn serialised(text: &str) -> Option<DateTime<Utc>> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let zone = inner.rfind(['+', '-']).filter(|at| *at > 0 && inner.len() - at == 5);
    DateTime::from_timestamp_millis(inner[..zone.unwrap_or(inner.len())].parse().ok()?)
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
    fn every_known_form_of_a_time_is_parsed() {
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
            ("01/29/2007 09:41:00 AM", "2007-01-29T09:41:00Z"),
            ("1/29/2007 10:41:00 AM +01:00", "2007-01-29T09:41:00Z"),
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
            ("/Date(1772452800000+0200)/", "2026-03-02T12:00:00Z"),
            ("2.3.2026 12.00.00", "2026-03-02T12:00:00Z"),
            ("2.3.2026 klo 12.00.00", "2026-03-02T12:00:00Z"),
            ("2/3/2026, 12.00.00", "2026-03-02T12:00:00Z"),
            ("02/03/2026 12.00", "2026-03-02T12:00:00Z"),
            ("2026. 03. 02. 12:00:00", "2026-03-02T12:00:00Z"),
            ("2026.03.02. 12:00:00", "2026-03-02T12:00:00Z"),
            ("2026. 3. 2. 오후 12:00:00", "2026-03-02T12:00:00Z"),
            ("2026. 3. 2. PM 12:00:00", "2026-03-02T12:00:00Z"),
            ("2026-03-02 오전 1:00:00", "2026-03-02T01:00:00Z"),
            ("2026/3/2 下午1:04:05", "2026-03-02T13:04:05Z"),
            ("2026年3月2日 下午1:04:05", "2026-03-02T13:04:05Z"),
            ("2026/3/2 (13:04:05)", "2026-03-02T13:04:05Z"),
            ("2026-03-02 13 h 04 min 05 s", "2026-03-02T13:04:05Z"),
            ("2026-03-02 12 h 00", "2026-03-02T12:00:00Z"),
            ("2026-03-02, 1:04:05 p.m.", "2026-03-02T13:04:05Z"),
            ("2. 3. 2026 13:04:05", "2026-03-02T13:04:05Z"),
            ("2. 3. 2026. u 13:04:05", "2026-03-02T13:04:05Z"),
            ("2.03.2026 г., 13:04:05 ч.", "2026-03-02T13:04:05Z"),
            ("2\u{200f}/3\u{200f}/2026، 1:04:05\u{a0}م", "2026-03-02T13:04:05Z"),
            (
                "\u{200e}13\u{200e}/\u{200e}3\u{200e}/\u{200e}2026\u{200e} \u{200e}12\u{200e}:\u{200e}00",
                "2026-03-13T12:00:00Z",
            ),
            ("2/3/2026, 1:04:05 μ.μ.", "2026-03-02T13:04:05Z"),
            ("13:04:05 13/3/2026", "2026-03-13T13:04:05Z"),
            ("13/3/2026 1:04:05 p.\u{a0}m.", "2026-03-13T13:04:05Z"),
            ("2026-03-02 1:04:05.PM", "2026-03-02T13:04:05Z"),
            ("2026-03-02 12:00:00,25", "2026-03-02T12:00:00.250Z"),
            ("2026-03-02T12:00:00.0000000", "2026-03-02T12:00:00Z"),
            ("2026-03-02 12:00:00Z", "2026-03-02T12:00:00Z"),
            ("Mon, 02 Mar 2026 12:00:00 GMT", "2026-03-02T12:00:00Z"),
            ("Monday, March 2, 2026 12:00:00 PM", "2026-03-02T12:00:00Z"),
            ("Monday, 2 March 2026 12:00:00", "2026-03-02T12:00:00Z"),
            ("02-Mar-26 12:00:00", "2026-03-02T12:00:00Z"),
            ("Mar 2, 2026 @ 13:04:05.678", "2026-03-02T13:04:05.678Z"),
            ("2026-03-02 23:59:60", "2026-03-02T23:59:60Z"),
            ("2/3/2026 12:30 SA", "2026-03-02T00:30:00Z"),
            ("02/03/2026 1:04:05 CH", "2026-03-02T13:04:05Z"),
            ("12:30:05 SA 2/3/2026", "2026-03-02T00:30:05Z"),
            ("12:30 am 3/13/2026 +00:00", "2026-03-13T00:30:00Z"),
            ("7.3.2026 12:30 AM", "2026-03-07T00:30:00Z"),
            ("7.03.2026 ÖÖ 12:30", "2026-03-07T00:30:00Z"),
        ] {
            assert_eq!(parse(text, ColumnOrders::UNKNOWN), Ok(utc(expected)), "{text}");
        }
    }

    #[test]
    fn an_ambiguous_date_is_undecided_until_the_dates_of_its_file_decide() {
        for text in [
            "03/04/2025 10:00:00",
            "03/04/2025, 10:00:00.000",
            "3-4-2025 10:00:00",
            "3/4/2025, 10:00:00 am",
            "3/4/2025, 10:00:00 AM",
            "03/04/2025 10:00:00 a. m.",
            "03/4/2025 10:00:00",
            "3/04/2025 10:00:00 PM",
            "10:00:00 3/4/2025",
        ] {
            assert_eq!(parse(text, ColumnOrders::UNKNOWN), Err(TimeFault::Undecided), "{text}");
            let hour = if text.ends_with("PM") { 22 } else { 10 };
            let [april, march] = ["04-03", "03-04"].map(|day| Ok(utc(&format!("2025-{day}T{hour}:00:00Z"))));
            assert_eq!(parse(text, of_file(&["31/12/2025 1:00"])), april, "{text}");
            assert_eq!(parse(text, of_file(&["12/31/2025 1:00"])), march, "{text}");
        }
    }

    #[test]
    fn dates_that_contradict_each_other_are_parsed_by_their_own_evidence_alone() {
        for times in [["31/12/2025 1:00", "12/31/2025 1:00"], ["12/31/2025 1:00", "31/12/2025 1:00"]] {
            let orders = of_file(&times);
            assert_eq!(parse("13/04/2025 10:00:00", orders), Ok(utc("2025-04-13T10:00:00Z")));
            assert_eq!(parse("04/13/2025 10:00:00", orders), Ok(utc("2025-04-13T10:00:00Z")));
            assert_eq!(parse("03/04/2025 10:00:00", orders), Err(TimeFault::Undecided));
        }
    }

    /// The evidence of a column with these times.
    fn of_file(times: &[&str]) -> ColumnOrders {
        evidence_of(times).of(0)
    }

    fn evidence_of(times: &[&str]) -> OrdersByColumn {
        let mut evidence = OrdersByColumn::UNKNOWN;
        for time in times {
            add(&mut evidence, time);
        }
        evidence
    }

    /// Adds a time to the first column, and returns whether it is the first to contradict it.
    fn add(evidence: &mut OrdersByColumn, time: &str) -> bool {
        When::by_itself(time.as_bytes()).date().is_some_and(|date| evidence.add(0, &date))
    }

    #[test]
    fn the_evidence_of_a_date_decides_for_its_file() {
        let [day_first, month_first, none] = [Some("2025-04-03T10:00:00Z"), Some("2025-03-04T10:00:00Z"), None];
        for (times, expected) in [
            (&["21/04/2025, 09:45:54.000"][..], day_first),
            (&["4/28/2021, 2:08:45.221 PM"], month_first),
            (&["2/03/2026 12:00:00 PM"], none),
            (&["2/28/2026 12:00:00", "2/03/2026 12:00:00"], month_first),
            (&["28/2/2026 12:00:00", "2/03/2026 12:00:00"], day_first),
            (&["02.28.2026 12:00:00"], month_first),
            (&["21.04.2025 12:00:00"], day_first),
            // A form decides its own date alone.
            (&["2.3.2026 12.00.00"], none),
            (&["02/03/2026 12.00.00"], none),
            (&["2/3/2026, 1:04:05 μ.μ."], none),
            (&["2/3/2026 下午1:04:05"], none),
            (&["12/3/2026 1:04:05", "31/3/2026 1:04:05"], day_first),
            (&["28/02/26 1:04", "05/02/26 1:04"], day_first),
            (&["02/28/26 1:04"], month_first),
            (&["4/8/2021, 2:08:45.221 PM"], none),
            (&["4/8/2021, 2:08:45.221 p.m."], none),
            (&["10/03/2026 12:00", "03/10/2026 12:00", "3/3/2026 1:00"], none),
            (&["03/2/2026 12:00"], none),
            (&["2025-04-21T09:45:54Z", "2/29/2027 1:00", "31/31/2026 1:00", ""], none),
        ] {
            let expected = expected.map(utc).ok_or(TimeFault::Undecided);
            assert_eq!(parse("03/04/2025 10:00", of_file(times)), expected, "{times:?}");
        }
    }

    #[test]
    fn a_contradiction_is_reported_once_and_stays() {
        let mut evidence = evidence_of(&["31/12/2025 1:00"]);
        let mut add = |text: &str| add(&mut evidence, text);
        assert!(!add("2025-12-31T01:00:00Z"));
        assert!(!add("30/12/2025 1:00"));
        assert!(add("12/31/2025 1:00"));
        assert!(!add("31/12/2025 1:00"));
        assert!(evidence.is_mixed(0) && !evidence.is_mixed(1));
    }

    #[test]
    fn a_date_of_a_day_first_form_yields_to_no_proof_and_is_refused_instead() {
        for (own, month_first, forms) in [
            ("02.03.2026 12:00:00", "2026-02-28T12:00:00Z", ["02.28.2026 12:00:00", "02/28/2026 12:00:00"]),
            ("02/03/2026 12.00.00", "2026-02-28T12:00:00Z", ["02/28/2026 12.00.00", "02.28.2026 12:00:00"]),
            ("2/3/2026 12:00:00 μμ", "2026-02-28T12:00:00Z", ["2/28/2026 12:00:00 μμ", "2/28/2026 12:00"]),
        ] {
            let march = Ok(utc("2026-03-02T12:00:00Z"));
            assert_eq!(parse(own, of_file(&[own])), march, "{own}");
            assert_eq!(parse(own, of_file(&[own, "28/02/2026 12:00"])), march, "{own}");
            for proof in forms {
                assert_eq!(parse(proof, of_file(&[proof])), Ok(utc(month_first)), "{proof}");
                for times in [[own, proof], [proof, own]] {
                    let orders = of_file(&times);
                    assert_eq!(orders, ColumnOrders::Mixed, "{times:?}");
                    assert_eq!(parse(own, orders), Err(TimeFault::Undecided), "{times:?}");
                    assert_eq!(parse(proof, orders), Ok(utc(month_first)), "{times:?}");
                }
            }
        }
    }

    #[test]
    fn evidence_of_one_column_does_not_decide_another() {
        let evidence = evidence_of(&["31/12/2025 1:00"]);
        assert_ne!(evidence.of(0), ColumnOrders::UNKNOWN);
        assert_eq!((evidence.of(1), evidence.of(2)), (ColumnOrders::UNKNOWN, ColumnOrders::UNKNOWN));
    }

    #[test]
    fn a_text_in_no_known_form_is_not_a_time() {
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
            "2023-07-26 21:00:",
            "2023-07-26 21:00:00:00",
            "02/03.2026 12:00",
            "2 3 2026 12:00",
            "12.00.00 2.3.2026",
            "2/3/2569 13:04:05",
            "1404/12/11 13:04:05",
            "13/09/1447 هـ 1:04:05 م",
            "13/09/47 12:00:00 م",
            "13/03/69 12:00:00",
            "04/12/11 12:00:00",
            "٢/٣/٢٠٢٦ ١:٠٤:٠٥ م",
            "۱۴۰۴/۱۲/۱۱ ۱۳:۰۴:۰۵",
            "২/৩/২০২৬ ১:০৪:০৫ PM",
            "R8/3/2 12:00:00",
            "令和8年3月2日 12:00:00",
            "13/3/2026 1:04:05 п.п.",
            "2026/3/2 晚上12:04:05",
            "2. März 2026 12:00:00",
            "Sa, 02.03.2026 12:00",
            "07.03.2026 Sa 12:30",
            "07.03.2026, SA, 12:30",
            "07.03.2026 12:30 Sa",
            "07.03.2026 12:30 SA",
            "07.03.2026, 12:30 SA.",
            "12:30 Sa, 07.03.2026",
            "12:30 SA 07.03.2026",
            "07/03/2026 SA 12:30",
            "12:30 sa 07/03/2026",
            "07/03/2026 12:30 Sa",
            "07-03-2026 12:30 Ch",
            "04.03.2026 Ch 12:30",
            "04.03.2026 CH 12:30",
            "SA 07/03/2026 12:30",
            "12:30 am 07.03.2026",
            "am 07.03.2026 12:30",
            "12:30 em 07/03/2026",
            "07/03/2026 em 12:30",
            "07/03/2026 md 12:30",
            "12:30 م 07/03/2026",
            "2026-03-02 12:00:00 GMT+1",
            "12:00:00",
        ] {
            assert_eq!(parse(text, ColumnOrders::UNKNOWN), Err(TimeFault::NotATime), "{text}");
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

    #[test]
    fn a_range_counts_a_time_after_the_horizon_and_reports_it() {
        let mut range = TimeRange::with_horizon(utc("2026-03-02T12:00:00Z"));
        let mut add = |text: &str| TimeCollector::Range(&mut range).add(When::by_itself(text.as_bytes()));
        assert!(add("2026-03-02T12:00:00Z") && add("no time") && add("2026-03-01 12:00:00"));
        assert!(!add("2026-03-02T12:00:00.001Z"));
        assert_eq!(range.first(), Some(utc("2026-03-01T12:00:00Z")));
        assert_eq!(range.last(), Some(utc("2026-03-02T12:00:00.001Z")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn the_newest_time_without_parsing_all_equals_the_newest_of_all_parsed_times(times in vec(written(), 0..12)) {
            let whens = times.iter().map(|text| When::by_itself(text.as_bytes()));
            let mut newest = Newest::up_to(DateTime::<Utc>::MAX_UTC);
            whens.clone().for_each(|when| assert!(newest.add(when)));
            prop_assert_eq!(newest.time(), whens.filter_map(|when| when.parse().ok()).max(), "{:?}", times);
        }
    }
}
