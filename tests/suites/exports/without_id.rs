//! Rows without an id: the k-th of equal rows is a distinct failure, in every form of the object.

use std::collections::{BTreeMap, BTreeSet};

use pivotwatch::detection::{Rule, Source};
use pivotwatch::entra::{self, Outcome, Warning};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::tools::failures;

/// A row: its second, the address's last octet, the code, and whether it is interactive.
type RowWithoutId = (u32, u8, u32, bool);

fn rows() -> impl Strategy<Value = Vec<RowWithoutId>> {
    vec((0..3_u32, 0..2_u8, 50126..50128_u32, any::<bool>()), 0..40)
}

fn table(rows: &[RowWithoutId]) -> String {
    let row = |(second, address, code, is_interactive): &RowWithoutId| {
        let category = if *is_interactive { "SignInLogs" } else { "NonInteractiveUserSignInLogs" };
        format!("2026-03-02T12:00:0{second}Z,203.0.113.{address},{code},{category}\n")
    };
    "TimeGenerated,IPAddress,ResultType,Category\n".to_owned() + &rows.iter().map(row).collect::<String>()
}

/// The failures of a table, by tally.
fn failures_of(rows: &[RowWithoutId]) -> BTreeSet<(Source, u64)> {
    failures(table(rows).as_bytes()).iter().map(|failure| (failure.source, failure.identity)).collect()
}

fn numbers(rows: &[RowWithoutId]) -> BTreeMap<RowWithoutId, usize> {
    let mut numbers = BTreeMap::new();
    for row in rows {
        *numbers.entry(*row).or_default() += 1;
    }
    numbers
}

/// Azure writes seven digits of a second, the tables of its portal three.
#[test]
fn a_row_has_one_identity_in_every_notation_of_its_time() {
    let identity = |time: &str| {
        let table = format!("TimeGenerated,IPAddress,ResultType,Category\n{time},203.0.113.7,50126,SignInLogs\n");
        failures(table.as_bytes())[0].identity
    };
    let expected = identity("2026-03-13T12:00:00.1239999Z");
    for time in ["2026-03-13T12:00:00.123Z", "\"3/13/2026, 12:00:00.123 PM\"", "2026-03-13 12:00:00.123000"] {
        assert_eq!(identity(time), expected, "{time}");
    }
    assert_ne!(identity("2026-03-13T12:00:00.124Z"), expected);
}

proptest! {
    #[test]
    fn each_row_of_an_object_counts_in_any_order(rows in rows(), shuffled in any::<prop::sample::Index>()) {
        let found = failures_of(&rows);
        prop_assert_eq!(found.len(), rows.len());
        let mut other = rows;
        let middle = shuffled.index(other.len() + 1);
        other[..middle].reverse();
        other.rotate_left(middle);
        prop_assert_eq!(failures_of(&other), found);
    }

    #[test]
    fn of_two_objects_the_one_with_more_of_equal_rows_counts(one in rows(), other in rows()) {
        let [by_one, by_other] = [&one, &other].map(|rows| numbers(rows));
        let expected: usize = by_one
            .keys()
            .chain(by_other.keys())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|row| by_one.get(row).max(by_other.get(row)).copied().unwrap_or_default())
            .sum();
        let found: BTreeSet<_> = failures_of(&one).union(&failures_of(&other)).copied().collect();
        prop_assert_eq!(found.len(), expected);
        let grown = [&one[..], &other].concat();
        prop_assert!(failures_of(&grown).is_superset(&failures_of(&one)), "a grown object has the failures of the smaller one");
    }
}

#[test]
fn a_nil_id_and_a_mask_are_no_ids() {
    for id in
        ["00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "0", "[REDACTED]", "***"]
    {
        let record = format!(
            r#"{{"category":"SignInLogs","resultType":"50126","correlationId":"x","properties":{{"id":"{id}","createdDateTime":"2026-03-02T12:00:00Z","ipAddress":"203.0.113.7"}}}}"#
        );
        let other = record.replace("\"x\"", "\"y\"");
        let found = failures(format!("{record}\n{record}\n{other}\n").as_bytes());
        let identities: BTreeSet<_> = found.iter().map(|failure| failure.identity).collect();
        assert_eq!(identities.len(), 3, "{id}");
        let without = failures(format!("{}\n", record.replace(&format!(r#""id":"{id}""#), r#""id":"""#)).as_bytes());
        assert!(identities.contains(&without[0].identity), "{id}");
    }
}

#[derive(Default)]
struct NumberedOutcomes {
    identities: BTreeSet<u64>,
    uncounted: u64,
}

impl entra::Receiver for NumberedOutcomes {
    fn receive(&mut self, outcome: Outcome) {
        if let Outcome::Failure(failure) = outcome {
            self.identities.insert(failure.identity);
        }
    }

    fn warn(&mut self, warning: Warning) {
        assert_eq!(warning, Warning::RepeatsUncounted);
        self.uncounted += 1;
    }
}

impl pivotwatch::aws::TrailReceiver for NumberedOutcomes {
    fn receive_record(&mut self, _: pivotwatch::aws::TrailOutcome) {}
}

#[test]
fn beyond_the_bound_equal_rows_count_once_with_a_warning_for_each() {
    const NUMBERED: u32 = 100_000;
    let row =
        |number: u32| format!("2026-03-02T12:00:00Z,10.{}.{}.{}\n", number >> 16, number >> 8 & 255, number & 255);
    let rows = (0..NUMBERED + 10).chain([5, 5]).chain(NUMBERED + 3..NUMBERED + 6);
    let table: String = rows.map(|number| row(number).replace('\n', ",50126\n")).collect();
    let table = format!("TimeGenerated,IPAddress,ResultType\n{table}");
    let mut counted = NumberedOutcomes::default();
    object_reader::read(table.as_bytes(), "", &Rule::default(), Limits::default(), &mut counted).unwrap();
    assert_eq!(counted.identities.len(), NUMBERED as usize + 12);
    assert_eq!(counted.uncounted, 10 + 3);
}
