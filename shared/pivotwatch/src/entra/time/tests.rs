//! Every known form of a time, and the dates that decide an ambiguous one.

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
        ("1772452800000", "2026-03-02T12:00:00Z"),
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
        "1772452800",
        "17724528000000",
        "+772452800000",
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
