//! The limits of an object's cost in memory and time.

use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch::input::{Foreign, Limits, ReadFault};
use pivotwatch_tests::facts::{SignIn, failed, lines, noon};

use crate::tools::{gzip, read_with};

#[test]
fn an_object_that_is_too_large_is_read_up_to_its_limit() {
    let export = lines(&failed(1000, noon()));
    let within = export[..200_000].split(|byte| *byte == b'\n').count() - 1;
    let limits = Limits { object: 200_000, ..Limits::default() };
    for (what, object) in [("plain", export.clone()), ("gzip", gzip(&export))] {
        let (received, result) = read_with(object.as_slice(), limits);
        let fault = result.unwrap_err();
        assert!(matches!(fault, ReadFault::TooLarge(200_000)), "{what}: {fault}");
        assert_eq!((fault.code(), fault.is_transient()), ("object.too_large", false));
        assert_eq!(received.failures().len(), within, "{what}");
    }
}

#[test]
fn an_object_may_be_as_large_as_the_limit() {
    let export = lines(&failed(1000, noon()));
    for (object, is_read) in [(export.len() as u64, true), (export.len() as u64 - 1, false)] {
        let (_, result) = read_with(export.as_slice(), Limits { object, ..Limits::default() });
        assert_eq!(result.is_ok(), is_read, "{object}");
    }
}

#[test]
fn a_decompression_bomb_is_stopped_early_in_every_compression() {
    let record = lines(&[SignIn::failed("id-1", noon())]);
    let zeros = [&record[..], &vec![b'0'; 64 * 1024 * 1024]].concat();
    for (what, bomb) in [
        ("gzip", gzip(&zeros)),
        ("zstd", zstd::encode_all(zeros.as_slice(), 1).unwrap()),
        ("lines in gzip", gzip(&record.repeat(60_000))),
    ] {
        let (received, result) = read_with(bomb.as_slice(), Limits { ratio: 100, ..Limits::default() });
        let fault = result.unwrap_err();
        assert!(matches!(fault, ReadFault::Bomb(100)), "{what}: {fault}");
        assert_eq!((fault.code(), fault.is_transient()), ("object.bomb", false));
        assert!(received.outcomes.len() < 40_000, "{what}: it was read on to {}", received.outcomes.len());
    }
}

#[test]
fn a_small_repetitive_export_is_no_bomb() {
    let export = gzip(&lines(&[SignIn::failed("id-1", noon())]).repeat(10_000));
    let (received, result) = read_with(export.as_slice(), Limits { ratio: 10, ..Limits::default() });
    assert!(result.is_ok());
    assert_eq!(received.failures().len(), 10_000);
}

/// A line or a record of any length costs only itself and no memory.
#[test]
fn a_record_far_beyond_its_limit_costs_itself_in_every_framing() {
    let good = SignIn::failed("id-1", noon()).record();
    let long = format!(r#"{{"category":"SignInLogs","padding":"{}"}}"#, "x".repeat(12 * 1024 * 1024));
    let table = "TimeGenerated,IPAddress,ResultType,Id\n";
    let row = "2026-03-02T12:00:00Z,203.0.113.7,50126,id\n";
    let cell = format!("2026-03-02T12:00:00Z,203.0.113.7,50126,\"{}\"\n", "x".repeat(12 * 1024 * 1024));
    for (what, export) in [
        ("a line", format!("{good}\n{long}\n{good}\n")),
        ("a batch", format!(r#"{{"records":[{good},{long},{good}]}}"#)),
        ("an array", format!("[{good},{long},{good}]")),
        ("a table", format!("{table}{row}{cell}{row}")),
    ] {
        let (received, result) = read_with(export.as_bytes(), Limits::default());
        assert!(result.is_ok(), "{what}: {result:?}");
        assert_eq!(received.outcomes.len(), 3, "{what}");
        assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::TooLong), "{what}");
        assert_eq!(received.failures().len(), 2, "{what}");
    }
}

/// A table with this number of other columns around a sign-in's, their names of this length.
fn wide_table(columns: usize, length: usize, separator: &str) -> String {
    let others = |cell: &dyn Fn(usize) -> String| (0..columns).map(cell).collect::<Vec<_>>();
    let row = |time: &str, rest: &[&str], cell: &dyn Fn(usize) -> String| {
        let mut cells = others(cell);
        cells.insert(columns / 2, time.to_owned());
        cells.extend(rest.iter().map(|cell| (*cell).to_owned()));
        cells.join(separator) + "\n"
    };
    let header = row("TimeGenerated", &["IPAddress", "ResultType", "Id"], &|number| format!("c{number:0length$}"));
    let values = ["203.0.113.7", "50126", "1"];
    header + &row("2026-03-02T12:00:00Z", &values, &|_| String::new()).repeat(3)
}

#[test]
fn a_table_of_many_columns_is_read_with_a_header_of_any_length() {
    for (columns, length) in [(1_000, 5), (1_100, 5), (4_000, 100), (16_000, 20)] {
        for separator in [",", ";", "\t"] {
            let table = wide_table(columns, length, separator);
            for text in [table.clone(), format!("#TYPE x\r\n{table}")] {
                let (received, result) = read_with(text.as_bytes(), Limits::default());
                assert!(result.is_ok(), "{columns} columns: {result:?}");
                assert_eq!(received.failures().len(), 3, "{columns} columns");
            }
        }
    }
}

#[test]
fn a_table_beyond_the_limit_of_columns_is_refused_by_name() {
    for columns in [16_381, 20_000, 200_000] {
        let (_, result) = read_with(wide_table(columns, 5, ",").as_bytes(), Limits::default());
        let is_wide = matches!(result, Err(ReadFault::NotAnExport(Foreign::WideTable)));
        assert!(is_wide, "{columns} columns: {result:?}");
    }
    let noise = [&b"\x00"[..], b",".repeat(20_000).as_slice()].concat();
    let (_, result) = read_with(noise.as_slice(), Limits::default());
    assert!(matches!(result, Err(ReadFault::NotAnExport(Foreign::NoText))), "{result:?}");
}
