//! Tables of sound writers and of writers that never quote, with and without damage.

use std::io::{self, Read};
use std::time::{Duration, Instant};
use std::{fs, thread};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Limits;
use super::*;

/// Rows of tables whose first cell must be a number.
fn rows(text: &str, limit: usize) -> Vec<String> {
    rows_of(text.as_bytes(), limit, true)
}

/// The same for any stream. `is_linear` can be switched off: then each row is scanned whole.
fn rows_of(stream: impl Read + Send, limit: usize, is_linear: bool) -> Vec<String> {
    let mut input = Input::new(Box::new(stream), Limits { record: limit, ..Limits::default() });
    let mut rows = Rows::separated_by(b',');
    let mut found = Vec::new();
    let is_row = |cells: &[&[u8]]| !cells[0].is_empty() && cells[0].iter().all(u8::is_ascii_digit);
    while let Some(row) = rows.next(&mut input, &is_row).unwrap() {
        found.push(match row {
            RawRow::Cells(cells) => cells.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join("|"),
            RawRow::TooLong => "too long".to_owned(),
            RawRow::Damaged => "damaged".to_owned(),
        });
        if !is_linear {
            rows.hidden = None;
        }
    }
    found
}

/// A stream of a few bytes at a time.
struct Drops<'t>(&'t [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(512);
        self.0.read(&mut buffer[..count])
    }
}

/// The time for which this thread was executed, which other processes do not lengthen. Where Linux does not state it,
/// the time since `start`.
fn executed(start: Instant) -> Duration {
    // Linux adds the time when the thread stops. A shorter sleep can be over before it does.
    thread::sleep(Duration::from_micros(100));
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The shortest of some durations of reading a text.
fn duration(text: &str, limit: usize) -> Duration {
    let once = || {
        let start = Instant::now();
        let before = executed(start);
        assert!(rows_of(Drops(text.as_bytes()), limit, true).len() > 1);
        executed(start).saturating_sub(before)
    };
    (0..9).map(|_| once()).min().unwrap_or_default()
}

/// A text of some bytes.
type Made<'t> = &'t dyn Fn(usize) -> String;

#[test]
fn four_times_the_bytes_take_far_less_than_sixteen_times_as_long() {
    let repeated = |line: &str, bytes: usize| line.repeat(bytes / line.len());
    let junk = |line: &str, bytes: usize| repeated(line, bytes) + "7,b,c\n";
    let kinds: [(&str, Made<'_>); 8] = [
        ("a quote in each cell", &|bytes| repeated("1,a\"b,\"c\n", bytes)),
        ("lines that are no rows, before one that is", &|bytes| junk("a\"b,\"c\n", bytes)),
        ("lines that are no rows and no cells", &|bytes| junk("\"\"\"\n", bytes)),
        ("one quoted cell of many lines", &|bytes| format!("1,\"{}\",c\n", repeated("x\n", bytes))),
        ("quoted cells of many quotes", &|bytes| repeated(&format!("1,\"{}\",c\n", "\"\"\n".repeat(99)), bytes)),
        ("carriage returns", &|bytes| repeated("1,a\"b,\"c\r\r\n", bytes)),
        ("blank lines", &|bytes| format!("1,\"{}{}", repeated("\n", bytes), repeated("1,\"b,c\n", 999))),
        ("separators", &|bytes| format!("1,{}\n2,b,c\n", repeated(",", bytes))),
    ];
    for (kind, made) in kinds {
        for limit in [20_000, usize::MAX] {
            let [short, long] = [20_000, 80_000].map(|bytes| format!("a,b,c\n{}", made(bytes)));
            let [short, long] = [short, long].map(|text| duration(&text, limit));
            assert!(long < short * 12, "{kind}, at most {limit} bytes a record: {short:?} and {long:?}");
        }
    }
}

#[test]
fn a_quoted_cell_can_hold_separators_quotes_and_line_ends() {
    assert_eq!(rows("a,b\r\n\"1, \"\"2\"\"\",\"3\r\n4\n\"\r\n\r\n,x", 999), ["a|b", "1, \"2\"|3\r\n4\n", "|x"]);
    assert_eq!(rows("a,b\r1,\"{\n  \"\"x\"\": 1,\n  \"\"y\"\": [2, 3]\n}\"\r2,\r", 999).len(), 3);
}

#[test]
fn a_row_that_is_too_long_costs_only_itself_wherever_the_blocks_fall() {
    for length in [101, 20_000, 70_000, 200_000, 600_000] {
        for (before, after) in [("", ""), ("\n, \n\"\"", "\"\"\r\n,\"\"")] {
            let text = format!("a,b\n1,\"{before}{}{after}\"\n2,c\n", "x".repeat(length));
            assert_eq!(rows(&text, 100), ["a|b", "too long", "2|c"], "{length}");
            let fits = rows(&text, 700_000);
            assert_eq!((fits.len(), fits[1].len() >= length + 2), (3, true), "{length}");
        }
    }
    let text = format!("a\n{}\nb", ",".repeat(20_000));
    assert_eq!(rows(&text, 100_000), ["a", "too long", "b"]);
}

#[test]
fn a_cell_that_does_not_end_is_reported() {
    assert_eq!(rows("a,b\n1,\"50126", 999), ["a|b", "damaged"]);
    assert_eq!(rows("a,b\n1,\"50\n126", 999), ["a|b", "damaged"]);
    assert_eq!(rows("a,b\n1,\"5\"\"6\"", 999), ["a|b", "1|5\"6"]);
}

#[test]
fn a_quote_within_an_unquoted_cell_is_text() {
    assert_eq!(rows("a,b\n1,5\"x\n2,6\"\n3,7\"\"8", 999), ["a|b", "1|5\"x", "2|6\"", "3|7\"\"8"]);
    assert_eq!(rows("a,b\n1,\"5\" x\n2,c", 999), ["a|b", "1|5 x", "2|c"]);
}

#[test]
fn in_a_table_that_never_quotes_a_quote_costs_only_its_row() {
    let damaged = ["a|b", "1|x", "damaged", "3|x", "4|x"];
    // One row with an opening quote, two such rows, and one that also lacks a cell.
    assert_eq!(rows("a,b\n1,x\n2,\"M\n3,x\n4,x\n", 999), damaged);
    assert_eq!(rows("a,b\n1,x\n2,\"M\n3,x\n4,x\n5,\"M\n6,x\n", 999), [&damaged[..], &["damaged", "6|x"]].concat());
    assert_eq!(rows("a,b\n1,x\n2,\"M\n3,x\n4,x\n\"5\n6,x\n", 999)[..5], damaged);
    // An inch mark within a cell proves that the writer never quotes.
    assert_eq!(rows("a,b\n0,5\"\n1,x\n2,\"M\n3,x\n4,x\"\n5,x\n", 999)[3..], ["damaged", "3|x", "4|x\"", "5|x"]);
    let many = (0..100_000).map(|number| format!("{number},x\n")).collect::<Vec<_>>().concat();
    let found = rows(&format!("a,b\n1,\"M\n{many}2,\"M\n{many}"), 10_000);
    assert_eq!((found.len(), found.iter().filter(|row| *row == "damaged").count()), (200_003, 2));
}

#[test]
fn lines_that_look_like_rows_in_a_quoted_cell_count_as_damaged() {
    let found = rows("a,b\n1,x\n2,\"M\n3,x\n4,x\"\n5,x\n", 999);
    assert_eq!(found, ["a|b", "1|x", "damaged", "damaged", "damaged", "5|x"]);
}

fn written(cells: &[String], quotes: bool) -> String {
    let cell = |cell: &String| {
        let must = cell.contains(['"', ',', '\n', '\r']) || cell.is_empty();
        if must || quotes { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// For any cells without a line that looks like a row, which has a number first.
    #[test]
    fn a_sound_table_is_read_exactly(
        table in (1..5_usize).prop_flat_map(|columns| vec(vec("[a\",;\n\r{}é ]{0,8}", columns), 1..8)),
        quotes in any::<bool>(),
        ends_line in any::<bool>(),
        end in prop::sample::select(&["\n", "\r\n", "\r"][..]),
    ) {
        let mut text = table.iter().map(|cells| written(cells, quotes)).collect::<Vec<_>>().join(end);
        if ends_line {
            text.push_str(end);
        }
        let expected: Vec<_> = table.iter().map(|cells| cells.join("|")).collect();
        prop_assert_eq!(rows(&text, 999), expected, "{:?}", text);
    }

    /// For any text and limit: what is not scanned again is as it was.
    #[test]
    fn rows_are_those_of_a_scan_of_each_whole_row(
        lines in vec("(1,)?[1a\",]{0,5}(\n|\r|\r\n){1,2}", 0..14),
        limit in prop_oneof![1 => 5..40_usize, 1 => Just(999)],
    ) {
        let text = format!("a,b\n{}", lines.concat());
        prop_assert_eq!(rows(&text, limit), rows_of(text.as_bytes(), limit, false), "{:?}", text);
    }

    /// A table that never quotes: each row is read, or counts as damaged.
    #[test]
    fn no_quote_hides_a_row(cells in vec("[a\"]{0,4}", 1..40)) {
        let rows_of = |(number, cell)| format!("{number},{cell},x\n");
        let text = cells.iter().enumerate().map(rows_of).collect::<Vec<_>>().concat();
        let found = rows(&format!("a,b,c\n{text}"), 10_000);
        prop_assert_eq!(found.len(), cells.len() + 1, "{}", text);
    }
}
