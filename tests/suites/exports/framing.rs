//! Framing: finding the records of an export, and recovery from damage.

use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch::input::{Limits, ReadFault};
use pivotwatch_tests::facts::{SignIn, batch, failed, lines, log_file, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::strangers::login;
use crate::tools::{Pieces, read, read_with};
use crate::writers::graph;

fn record() -> Value {
    SignIn::failed("id-1", noon()).record()
}

#[test]
fn a_bad_line_costs_that_line() {
    let mut export = b"{\"category\":\"SignInLogs\",\"broken\n\x00\xff\n".to_vec();
    export.extend(lines(&failed(2, noon())));
    export.extend(b"} trailing\n");
    let (received, result) = read(&export);
    assert_eq!(result.unwrap().shape, "diagnostic");
    assert_eq!(received.failures().len(), 2);
    assert_eq!(received.outcomes.len(), 5);
}

#[test]
fn a_record_cut_in_its_middle_is_never_taken_for_a_success() {
    let mut success = record();
    success["resultType"] = json!("0");
    let success = success.to_string();
    for length in 1..success.len() {
        let export = format!("{}\n{}", record(), &success[..length]);
        let (received, _) = read(export.as_bytes());
        assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::Malformed), "cut to {length}");
    }
}

/// As `cat` of downloads without a last line feed gives them.
#[test]
fn every_array_of_a_line_is_read() {
    for (record, count) in [SignIn::record, graph].into_iter().flat_map(|record| [2, 5].map(|count| (record, count))) {
        let one = |number: usize| record(&SignIn::failed(&format!("{number}"), noon()));
        let arrays: Vec<_> =
            (0..count).map(|number| json!([one(2 * number), one(2 * number + 1)]).to_string()).collect();
        for separator in ["", " ", ","] {
            for first in [one(100).to_string(), json!({"records": [one(100)]}).to_string(), login().to_string()] {
                let text = format!("{first}\n{}\n", arrays.join(separator));
                let (received, result) = read(text.as_bytes());
                assert!(result.is_ok(), "{text}");
                let own = usize::from(!first.contains("ConsoleLogin"));
                assert_eq!(received.failures().len(), 2 * count + own, "{text}");
            }
        }
    }
}

/// `jq .value` writes one for an answer without that member.
#[test]
fn a_literal_between_documents_costs_no_record() {
    let page = |id: &str| json!([graph(&SignIn::failed(id, noon()))]);
    for literal in ["null", "true", "false"] {
        for (before, after) in [("\n", "\n"), (" ", ""), ("", "\n\n")] {
            let text = format!("{:#}{before}{literal}{after}{:#}", page("a"), page("b"));
            let (received, _) = read(text.as_bytes());
            assert_eq!(received.failures().len(), 2, "{text}");
            assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::Malformed), "{text}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_costs_that_line() {
    let mut long = record();
    long["properties"]["padding"] = json!("x".repeat(5000));
    let export = format!("{}\n{long}\n{}\n", record(), record());
    let (received, result) = read_with(export.as_bytes(), Limits { record: 4000, ..Limits::default() });
    assert!(result.is_ok());
    assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::TooLong));
    assert_eq!(received.failures().len(), 2);
}

#[test]
fn a_record_may_be_as_long_as_the_limit_on_a_line_and_in_a_batch() {
    let length = record().to_string().len();
    for (limit, expected) in [(length, 3), (length - 1, 0)] {
        let limits = Limits { record: limit, ..Limits::default() };
        let lines = format!("{0}\n{0}\n{0}\n", record());
        let batch = json!({"records": [record(), record(), record()]}).to_string();
        for export in [lines, batch] {
            let (received, _) = read_with(export.as_bytes(), limits);
            assert_eq!((received.failures().len(), received.outcomes.len()), (expected, 3), "{limit}: {export}");
        }
    }
}

#[test]
fn nesting_beyond_the_limit_costs_that_line() {
    let deep = format!(
        "{{\"category\":\"SignInLogs\",\"properties\":{{\"id\":{}1{}}}}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let export = format!("{}\n{deep}\n{}\n", record(), record());
    let (received, _) = read(export.as_bytes());
    assert_eq!(received.failures().len(), 2);
    assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::TooDeep));
    assert_eq!(received.outcomes.len(), 3);
}

#[test]
fn a_record_may_be_as_deep_as_the_limit_however_it_is_written_and_whatever_came_before() {
    let nested = |depth: usize| {
        let mut record = record();
        // The record, its properties, and the remaining levels.
        record["properties"]["nested"] = (2..depth).fold(json!(1), |inner, _| json!([inner]));
        record
    };
    let limits = Limits { depth: 20, ..Limits::default() };
    for (depth, expected) in [(20, 3), (21, 2)] {
        let deep = nested(depth);
        let pretty = serde_json::to_string_pretty(&deep).unwrap();
        for export in [
            format!("{}\n{deep}\n{}\n", record(), record()),
            format!("{}\n{deep}\n{}\n", nested(3), nested(3)),
            format!("{}\n{deep}\n{}\n", nested(20), nested(20)),
            format!("{{\"records\":[{},{pretty},{}]}}", record(), record()),
            format!("{}{pretty}{}", record(), record()),
        ] {
            let (received, _) = read_with(export.as_bytes(), limits);
            let rejected = received.outcomes.iter().filter(|outcome| **outcome == Outcome::Rejected(Rejected::TooDeep));
            assert_eq!((received.outcomes.len(), rejected.count()), (3, 3 - expected), "{export}");
            assert_eq!(received.failures().len(), expected, "{export}");
        }
    }
}

#[test]
fn batches_are_read_in_every_layout() {
    let records: Vec<Value> = failed(3, noon()).iter().map(SignIn::record).collect();
    let batch = json!({"records": records});
    let pretty = serde_json::to_string_pretty(&batch).unwrap();
    for (export, expected) in [
        (batch.to_string(), 3),
        (pretty.clone(), 3),
        (format!("\u{feff}{batch}"), 3),
        (format!("{batch}\n{batch}\r\n"), 6),
        (format!("{batch}{pretty}"), 6),
        (format!("{batch}\n{}\n{batch}", records[0]), 7),
        (json!({"records": []}).to_string(), 0),
    ] {
        let (received, result) = read(export.as_bytes());
        assert_eq!(result.unwrap().shape, "event_hub", "{export}");
        assert_eq!(received.failures().len(), expected, "{export}");
    }
}

#[test]
fn a_batch_may_have_fields_after_its_records() {
    let export = format!(r#"{{"records":[{}], "count": 1, "of": {{"a":[1,2]}}, "text": "]}}"}}"#, record());
    let (received, result) = read(export.as_bytes());
    assert!(result.is_ok());
    assert_eq!(received.outcomes.len(), 1);
}

#[test]
fn a_cut_batch_yields_the_records_before_the_cut_and_reports_it() {
    let batch = json!({"records": failed(3, noon()).iter().map(SignIn::record).collect::<Vec<_>>()}).to_string();
    let (received, result) = read(&batch.as_bytes()[..batch.len() - 100]);
    assert!(matches!(result, Err(ReadFault::Truncated(_))));
    assert_eq!(received.failures().len(), 2);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_or_hang(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_damage_makes_the_reader_panic_or_hang(
        position in any::<prop::sample::Index>(),
        damage in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\\n 0a"[..]), 1..4),
        as_batch in any::<bool>(),
    ) {
        let records = failed(3, noon());
        let mut export = if as_batch {
            json!({"records": records.iter().map(SignIn::record).collect::<Vec<_>>()}).to_string().into_bytes()
        } else {
            lines(&records)
        };
        let position = position.index(export.len());
        export.splice(position..position, damage);
        let (received, _) = read(&export);
        prop_assert!(received.failures().len() <= 3);
    }

    #[test]
    fn the_boundaries_of_transfer_blocks_change_nothing(sizes in prop::collection::vec(1..5000_usize, 1..30)) {
        let export = lines(&failed(40, noon()));
        let (received, result) = read_with(Pieces { rest: &export, sizes: sizes.iter().cycle().copied() }, Limits::default());
        prop_assert!(result.is_ok());
        prop_assert_eq!(received.failures().len(), 40);
    }
}

/// RFC 7464: a record separator precedes each JSON text.
#[test]
fn a_sequence_of_json_texts_is_read_as_the_texts_on_lines() {
    let sign_ins = failed(3, noon());
    let login = log_file(&[login()]);
    for (texts, failures, logins) in [
        (sign_ins.iter().map(|one| one.record().to_string()).collect(), 3, 0),
        (sign_ins.iter().map(|one| graph(one).to_string()).collect(), 3, 0),
        (sign_ins.iter().map(|one| serde_json::to_string_pretty(&one.record()).unwrap()).collect(), 3, 0),
        (vec![String::from_utf8(batch(&sign_ins)).unwrap()], 3, 0),
        (vec![String::from_utf8(login).unwrap(), sign_ins[0].record().to_string()], 1, 1),
    ] {
        let texts: Vec<String> = texts;
        for (separator, end) in [("\u{1e}", "\n"), ("\u{1e}", "\r\n"), ("\u{1e}\u{1e}", "\n"), ("\u{1e}", "")] {
            let sequence = format!("{separator}{}{end}", texts.join(&format!("{end}{separator}")));
            let (received, result) = read(sequence.as_bytes());
            assert!(result.is_ok(), "{sequence:?}: {result:?}");
            assert_eq!((received.failures().len(), received.trail.len()), (failures, logins), "{sequence:?}");
        }
    }
}
