//! Ambiguous dates, whose day and month can be swapped: what decides their order. The order of records never does.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::Rule;
use pivotwatch::entra::{self, Newest, Outcome, Rejected, TimeCollector, TimeRange, Warning};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;
use pivotwatch_tests::facts::at;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

const AMBIGUOUS: &str = "03/04/2025 10:00:00";
const DAY_FIRST: &str = "21/04/2025 10:00:00";
const MONTH_FIRST: &str = "04/22/2025 10:00:00";

/// The outcomes and warnings of an export, each with its number.
#[derive(Debug, Default, PartialEq)]
struct DatedOutcomes {
    failures: BTreeMap<DateTime<Utc>, usize>,
    identities: Vec<u64>,
    others: BTreeMap<String, usize>,
    warnings: BTreeMap<&'static str, usize>,
}

impl entra::Receiver for DatedOutcomes {
    fn receive(&mut self, outcome: Outcome) {
        if let Outcome::Failure(failure) = outcome {
            *self.failures.entry(failure.time).or_default() += 1;
            self.identities.push(failure.identity);
        } else {
            *self.others.entry(format!("{outcome:?}")).or_default() += 1;
        }
    }

    fn warn(&mut self, warning: Warning) {
        *self.warnings.entry(warning.name()).or_default() += 1;
    }
}

impl TrailReceiver for DatedOutcomes {
    fn receive_record(&mut self, reading: TrailOutcome) {
        panic!("{reading:?} is in no sign-in export");
    }
}

impl DatedOutcomes {
    fn of(export: &str) -> Self {
        let mut counted = Self::default();
        object_reader::read(export.as_bytes(), "", &Rule::default(), Limits::default(), &mut counted).unwrap();
        counted.identities.sort_unstable();
        counted
    }

    fn rejected(&self, reason: Rejected) -> usize {
        self.others.get(&format!("{:?}", Outcome::Rejected(reason))).copied().unwrap_or_default()
    }

    fn at(&self, time: &str) -> usize {
        self.failures.get(&at(time)).copied().unwrap_or_default()
    }

    fn warnings(&self) -> Vec<(&'static str, usize)> {
        self.warnings.iter().map(|(name, number)| (*name, *number)).collect()
    }
}

/// The times of an export's records, and how many of them are after the horizon.
struct Times<C> {
    collected: C,
    future: usize,
    collector: fn(&mut C) -> TimeCollector<'_>,
}

impl<C> entra::Receiver for Times<C> {
    fn receive(&mut self, _: Outcome) {}

    fn warn(&mut self, warning: Warning) {
        self.future += usize::from(warning == Warning::FutureTime);
    }

    fn times(&mut self) -> TimeCollector<'_> {
        (self.collector)(&mut self.collected)
    }
}

impl<C> TrailReceiver for Times<C> {
    fn receive_record(&mut self, reading: TrailOutcome) {
        panic!("{reading:?} is in no sign-in export");
    }
}

impl<C> Times<C> {
    fn read(mut self, export: &str) -> Self {
        // A file without a usable record is refused, after its records.
        drop(object_reader::read(export.as_bytes(), "", &Rule::default(), Limits::default(), &mut self));
        self
    }
}

/// The newest time up to a horizon, the first and the last time, and how many are after the horizon.
type CollectedTimes = (Option<DateTime<Utc>>, [Option<DateTime<Utc>>; 2], usize);

fn times_of(export: &str, horizon: DateTime<Utc>) -> CollectedTimes {
    let newest = Times { collected: Newest::up_to(horizon), future: 0, collector: |it| TimeCollector::Newest(it) };
    let range =
        Times { collected: TimeRange::with_horizon(horizon), future: 0, collector: |it| TimeCollector::Range(it) };
    let (newest, range) = (newest.read(export), range.read(export));
    assert_eq!(newest.future, range.future, "{export}");
    (newest.collected.time(), [range.collected.first(), range.collected.last()], newest.future)
}

/// A sign-in: its number, the texts of its time columns, its result code and its address.
type TimedRow = (usize, [String; 3], &'static str, &'static str);

const TIME_COLUMNS: [&str; 3] = ["CreatedDateTime", "_OriginalTimeGenerated", "TimeGenerated"];

fn table(rows: &[TimedRow]) -> String {
    let row = |(id, times, code, address): &TimedRow| format!("{},{code},{address},{id}\n", times.join(","));
    let rows: String = rows.iter().map(row).collect();
    format!("{},ResultType,IPAddress,Id\n{rows}", TIME_COLUMNS.join(","))
}

fn json_lines(rows: &[TimedRow]) -> String {
    let row = |(id, times, code, address): &TimedRow| {
        let mut row = json!({"ResultType": code, "IPAddress": address, "Id": id.to_string(), "Category": "SignInLogs"});
        for (column, time) in TIME_COLUMNS.iter().zip(times) {
            row[column] = json!(time);
        }
        format!("{row}\n")
    };
    rows.iter().map(row).collect()
}

/// Rows with one time column.
fn of_one_column<'a>(times: impl IntoIterator<Item = &'a str>) -> Vec<TimedRow> {
    let row = |(number, time): (usize, &str)| {
        (number, [time.to_owned(), String::new(), String::new()], "50126", "203.0.113.7")
    };
    times.into_iter().enumerate().map(row).collect()
}

#[test]
fn a_date_that_contradicts_the_others_is_read_by_its_own_evidence_and_leaves_them_ambiguous() {
    let [evident, other] = ["2025-04-21T10:00:00Z", "2025-04-22T10:00:00Z"];
    for times in [
        [AMBIGUOUS, DAY_FIRST, MONTH_FIRST],
        [DAY_FIRST, AMBIGUOUS, MONTH_FIRST],
        [MONTH_FIRST, AMBIGUOUS, DAY_FIRST],
        [DAY_FIRST, MONTH_FIRST, AMBIGUOUS],
    ] {
        let counted = DatedOutcomes::of(&table(&of_one_column(times)));
        assert_eq!((counted.at(evident), counted.at(other)), (1, 1), "{times:?}");
        assert_eq!(counted.rejected(Rejected::AmbiguousTime), 1, "{times:?}");
        assert_eq!(counted.warnings(), [("mixed_date_orders", 1)], "{times:?}");
    }
}

#[test]
fn a_success_is_evidence_too() {
    for successes in [[DAY_FIRST, MONTH_FIRST], [MONTH_FIRST, DAY_FIRST]] {
        let mut rows = of_one_column([successes[0], AMBIGUOUS, successes[1]]);
        rows[0].2 = "0";
        let decided = DatedOutcomes::of(&table(&rows[..2]));
        assert_eq!((decided.failures.len(), decided.warnings()), (1, vec![]));
        rows[2].2 = "0";
        let mixed = DatedOutcomes::of(&table(&rows));
        assert_eq!(mixed.rejected(Rejected::AmbiguousTime), 1);
        assert_eq!(mixed.warnings(), [("mixed_date_orders", 1)]);
    }
}

#[test]
fn evidence_of_one_time_column_decides_nothing_in_another() {
    let row = |id, created: &str, original: &str, logged: &str| -> TimedRow {
        (id, [created, original, logged].map(str::to_owned), "50126", "203.0.113.7")
    };
    for rows in [
        [row(1, DAY_FIRST, "", ""), row(2, "", "", AMBIGUOUS)],
        [row(1, "", "", DAY_FIRST), row(2, AMBIGUOUS, "", "")],
        [row(1, "", DAY_FIRST, ""), row(2, "", "", AMBIGUOUS)],
        [row(1, "", "", DAY_FIRST), row(2, "", AMBIGUOUS, "")],
    ] {
        for export in [table(&rows), json_lines(&rows)] {
            let counted = DatedOutcomes::of(&export);
            assert_eq!(counted.rejected(Rejected::AmbiguousTime), 1, "{export}");
            assert_eq!((counted.at("2025-04-21T10:00:00Z"), counted.warnings()), (1, vec![]), "{export}");
        }
    }
    let rows = [row(1, DAY_FIRST, "", MONTH_FIRST), row(2, AMBIGUOUS, "", ""), row(3, "", "", AMBIGUOUS)];
    let counted = DatedOutcomes::of(&table(&rows));
    assert_eq!((counted.at("2025-04-03T10:00:00Z"), counted.at("2025-03-04T10:00:00Z")), (1, 1));
    assert_eq!(counted.warnings(), []);
}

#[test]
fn an_ambiguous_column_yields_to_one_that_is_decided() {
    let row = |id, created: &str| -> TimedRow {
        (id, [created, "", "2025-03-04T10:05:00Z"].map(str::to_owned), "50126", "203.0.113.7")
    };
    let logged = "2025-03-04T10:05:00Z";
    assert_eq!(DatedOutcomes::of(&table(&[row(1, AMBIGUOUS)])).at(logged), 1);
    let [before, after] = [[row(1, AMBIGUOUS), row(2, MONTH_FIRST)], [row(2, MONTH_FIRST), row(1, AMBIGUOUS)]];
    for rows in [before, after] {
        assert_eq!(DatedOutcomes::of(&table(&rows)).at("2025-03-04T10:00:00Z"), 1);
        let mixed = [&rows[..], &[row(3, DAY_FIRST)]].concat();
        assert_eq!(DatedOutcomes::of(&table(&mixed)).at(logged), 1);
    }
}

#[test]
fn the_times_of_successes_are_decided_by_later_dates_too() {
    let [march, april] = ["2025-03-04T10:00:00Z", "2025-04-03T10:00:00Z"].map(at);
    let horizon = at("2025-03-10T00:00:00Z");
    let with = |last: &str| {
        let mut rows = of_one_column([AMBIGUOUS, last]);
        rows[0].2 = "0";
        times_of(&table(&rows), horizon)
    };
    let january = at("2025-01-22T10:00:00Z");
    assert_eq!(with("01/22/2025 10:00:00"), (Some(march), [Some(january), Some(march)], 0));
    assert_eq!(with("22/01/2025 10:00:00"), (Some(january), [Some(january), Some(april)], 1));
    assert_eq!(with("2025-01-22 10:00:00"), (Some(january), [Some(january), Some(january)], 0));
}

#[test]
fn a_padded_second_number_decides_nothing_and_the_dates_of_its_column_do() {
    let [february, march] = ["2026-02-03T12:00:00Z", "2026-03-02T12:00:00Z"];
    let padded = "2/03/2026 12:00:00";
    for (proof, expected) in [("2/28/2026 12:00:00", february), ("28/2/2026 12:00:00", march)] {
        for times in [[padded, proof], [proof, padded]] {
            assert_eq!(DatedOutcomes::of(&table(&of_one_column(times))).at(expected), 1, "{times:?}");
        }
    }
    let alone = DatedOutcomes::of(&table(&of_one_column([padded])));
    assert_eq!((alone.rejected(Rejected::AmbiguousTime), alone.warnings()), (1, vec![]));
}

#[test]
fn a_dotted_date_with_the_month_first_leaves_the_dotted_dates_of_its_column_ambiguous() {
    let dotted = "02.03.2026 12:00:00";
    for times in [["02.28.2026 12:00:00", dotted], [dotted, "02.28.2026 12:00:00"]] {
        let counted = DatedOutcomes::of(&table(&of_one_column(times)));
        assert_eq!((counted.failures.len(), counted.at("2026-02-28T12:00:00Z")), (1, 1), "{times:?}");
        assert_eq!(counted.rejected(Rejected::AmbiguousTime), 1, "{times:?}");
        assert_eq!(counted.warnings(), [("mixed_date_orders", 1)], "{times:?}");
    }
}

/// More of [`long_rows`]' failures than the buffer holds.
const MANY: usize = 60_000;

/// A table with long ids, of which few fit into the buffer.
fn long_rows<'a>(times: impl Iterator<Item = &'a str>) -> String {
    let row = |(number, time): (usize, &str)| format!("{time},50126,203.0.113.7,{number:0>400}\n");
    let rows: String = times.enumerate().map(row).collect();
    format!("CreatedDateTime,ResultType,IPAddress,Id\n{rows}")
}

#[test]
fn a_long_file_is_read_whole_once_a_date_decides_the_order() {
    let times = std::iter::once(DAY_FIRST).chain(std::iter::repeat_n(AMBIGUOUS, MANY));
    let counted = DatedOutcomes::of(&long_rows(times));
    assert_eq!((counted.at("2025-04-03T10:00:00Z"), counted.warnings()), (MANY, vec![]));
}

#[test]
fn a_contradiction_beyond_the_buffer_is_counted_for_each_failure_before_it() {
    let many = std::iter::repeat_n(AMBIGUOUS, MANY);
    let times = std::iter::once(DAY_FIRST).chain(many).chain([MONTH_FIRST, AMBIGUOUS]);
    let counted = DatedOutcomes::of(&long_rows(times));
    let dated = counted.at("2025-04-03T10:00:00Z");
    assert!((40_000..MANY).contains(&dated), "{dated}");
    assert_eq!(counted.warnings(), [("contradicted_date", dated), ("mixed_date_orders", 1)]);
    assert_eq!(counted.rejected(Rejected::AmbiguousTime), MANY + 1 - dated);
}

/// A time column's text.
fn time() -> impl Strategy<Value = String> {
    let of_numbers = |(first, second, separator, year): (u32, u32, &str, &str)| {
        format!("{first:02}{separator}{second:02}{separator}{year} 10:00:00")
    };
    let numbers = (1..=28_u32, 1..=28_u32, select(vec!["/", "-", "."]), select(vec!["2025", "25", "13"]));
    prop_oneof![
        4 => numbers.prop_map(of_numbers),
        2 => Just(AMBIGUOUS.to_owned()),
        1 => select(vec![
            "", "-", "yesterday", "2025-03-02T10:00:00Z", "2/03/2025 10:00:00", "05/06/2025 10.00.00", "6/5/2025 10:00:00 μμ",
            "05/06/2025 25:00:00", "Monday 3 March 2025 10:00",
        ]).prop_map(str::to_owned),
    ]
}

fn rows() -> impl Strategy<Value = Vec<TimedRow>> {
    let absent = || prop_oneof![2 => Just(String::new()), 1 => time()];
    let code = prop_oneof![4 => Just("50126"), 1 => Just("0"), 1 => Just("")];
    let address = prop_oneof![6 => Just("203.0.113.7"), 1 => Just(""), 1 => Just("::1")];
    let row = (0..4_usize, (time(), absent(), absent()), code, address);
    let row = row.prop_map(|(id, (first, second, third), code, address)| (id, [first, second, third], code, address));
    vec(row, 1..7)
}

/// The day and the month of `first/second/2025` in a column of these dates, by the definition.
fn expected((first, second): (u32, u32), column: &[(u32, u32)]) -> Option<(u32, u32)> {
    let is_day_first_possible = column.iter().all(|(_, month)| *month <= 12);
    let is_month_first_possible = column.iter().all(|(month, _)| *month <= 12);
    match (second <= 12, first <= 12) {
        _ if first == second => Some((first, second)),
        (true, false) => Some((first, second)),
        (false, true) => Some((second, first)),
        _ if is_day_first_possible && !is_month_first_possible => Some((first, second)),
        _ if is_month_first_possible && !is_day_first_possible => Some((second, first)),
        _ => None,
    }
}

/// A row of a writer with one order: its day, whether each number is padded, its separator, and the clock's.
type WrittenRow = (NaiveDate, [bool; 2], &'static str, &'static str);

fn written_rows() -> impl Strategy<Value = Vec<WrittenRow>> {
    let days = select(vec![5_i64, 12, 40, 365]).prop_flat_map(|days| (0..365_i64, vec(0..days, 1..7)));
    let style = (any::<[bool; 2]>(), select(vec!["/", "-", "."]), select(vec![":", ":", "."]));
    (days, vec(style, 7)).prop_map(|((first, days), styles)| {
        let day = |offset| NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + TimeDelta::days(first + offset);
        let row = |(offset, (pads, separator, colon))| (day(offset), pads, separator, colon);
        days.into_iter().zip(styles).map(row).collect()
    })
}

/// A row's text. Its minute is the number of the row.
fn written_row(number: usize, (day, pads, separator, colon): WrittenRow, is_day_first: bool) -> String {
    let mut numbers = [day.day(), day.month()];
    if !is_day_first {
        numbers.reverse();
    }
    let [first, second] = [0, 1].map(|place| {
        let number = numbers[place];
        if pads[place] { format!("{number:02}") } else { number.to_string() }
    });
    format!("{first}{separator}{second}{separator}{} 10{colon}{number:02}{colon}00", day.year())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Dots and the month first need a proof: the accepted exception.
    #[test]
    fn a_writer_of_one_order_is_dated_exactly_or_refused_for_any_padding_and_separators(
        rows in written_rows(),
        is_day_first in any::<bool>(),
    ) {
        let is_proven = rows.iter().any(|(day, ..)| day.day() > 12);
        let has_form = rows.iter().any(|(_, _, separator, colon)| [*separator, *colon].contains(&"."));
        prop_assume!(is_day_first || is_proven || !has_form);
        let texts: Vec<_> = rows.iter().enumerate().map(|(number, row)| written_row(number, *row, is_day_first)).collect();
        let counted = DatedOutcomes::of(&table(&of_one_column(texts.iter().map(String::as_str))));
        let right: Vec<_> = (0..).zip(&rows).map(|(number, (day, ..))| day.and_hms_opt(10, number, 0).unwrap().and_utc()).collect();
        for time in counted.failures.keys() {
            prop_assert!(right.contains(time), "{:?} gave {:?}", texts, counted);
        }
        let refused = counted.rejected(Rejected::AmbiguousTime);
        prop_assert_eq!(counted.failures.len() + refused, rows.len(), "{:?} gave {:?}", texts, counted);
        if is_proven && (is_day_first || !has_form) {
            prop_assert_eq!(refused, 0, "{:?} gave {:?}", texts, counted);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_order_of_records_changes_no_time(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        horizon in (0..365_i64).prop_map(|days| at("2025-01-01T00:00:00Z") + TimeDelta::days(days)),
    ) {
        prop_assert_eq!(times_of(&table(&rows), horizon), times_of(&table(&shuffled), horizon));
        prop_assert_eq!(times_of(&json_lines(&rows), horizon), times_of(&json_lines(&shuffled), horizon));
    }

    #[test]
    fn the_order_of_records_changes_no_outcome(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        prop_assert_eq!(DatedOutcomes::of(&table(&rows)), DatedOutcomes::of(&table(&shuffled)));
        prop_assert_eq!(DatedOutcomes::of(&json_lines(&rows)), DatedOutcomes::of(&json_lines(&shuffled)));
    }

    #[test]
    fn a_column_of_dates_is_read_by_the_definition(
        dates in vec((1..=28_u32, 1..=28_u32).prop_filter("a month", |(a, b)| *a <= 12 || *b <= 12), 1..6),
    ) {
        let texts: Vec<String> = dates.iter().map(|(a, b)| format!("{a:02}/{b:02}/2025 10:00:00")).collect();
        let counted = DatedOutcomes::of(&table(&of_one_column(texts.iter().map(String::as_str))));
        let mut failures = BTreeMap::new();
        let mut ambiguous = 0;
        for date in &dates {
            match expected(*date, &dates) {
                Some((day, month)) => {
                    let time = NaiveDate::from_ymd_opt(2025, month, day).unwrap().and_hms_opt(10, 0, 0).unwrap();
                    *failures.entry(time.and_utc()).or_insert(0_usize) += 1;
                }
                None => ambiguous += 1,
            }
        }
        prop_assert_eq!(&counted.failures, &failures);
        prop_assert_eq!(counted.rejected(Rejected::AmbiguousTime), ambiguous);
    }
}
