//! No text that a user can choose changes the shape, the framing, or the outcomes of other records.

use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch::input::Limits;
use pivotwatch_tests::facts::{SignIn, failed, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tools::{read, read_named, read_whole};
use crate::writers::{WRITERS, Writer};

/// Texts that look like records, batches, lines, tables, separators, quotes or escapes.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        &[
            "{}",
            "[{}]",
            "[]",
            "\",{},\"",
            "\n{\":1}\n",
            "\n{\"category\":\"SignInLogs\",\"resultType\":\"50126\"}\n",
            "{\"category\":\"SignInLogs\",\"properties\":{}}",
            "{\"records\":[",
            "]}",
            "},{\"",
            "}\n{\"",
            "Obj\u{1}",
            "\u{feff}",
            "{\"azure\":{\"signinlogs\":{}}}",
            "{\"event\":{\"category\":\"x\"}}",
            "{\"tables\":[]}",
            "{\"eventName\":1,\"eventTime\":2,\"userIdentity\":3}",
            "TimeGenerated,IPAddress,ResultType\n",
            "Date (UTC);IP address",
            "\t\t\t",
            ";;;",
            ",,,",
            "\"",
            "\"\"",
            "\\",
            "\\u0000",
            "\u{0}",
            "\u{1b}[0m",
            "\r",
            "\r\n",
            "\n",
            "\u{85}",
            "\u{2028}",
            "\\ud800",
            "PK\u{3}\u{4}",
            "#TYPE x\n",
            "sep=;\n",
            "'",
            "=",
            "a",
            " ",
        ][..],
    );
    let short = prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    // Long ones exceed the block by which an export is recognised.
    (short, prop_oneof![20 => Just(1_usize), 1 => 2_000..20_000_usize], any::<bool>()).prop_map(
        |(text, times, comes_first)| {
            let text = text.repeat(times.min(200_000 / text.len().max(1)).max(1));
            if comes_first { format!("{text}ann@contoso.example") } else { format!("ann@contoso.example{text}") }
        },
    )
}

/// Ten sign-ins, with this user's name at `position`.
fn sign_ins(position: usize, user: &str) -> Vec<SignIn> {
    let mut all = failed(10, noon());
    "0".clone_into(&mut all[7].code);
    user.clone_into(&mut all[position].user);
    all
}

/// The outcome at each position, without the user's name.
fn outcomes(bytes: &[u8]) -> (&'static str, Vec<Outcome>) {
    let (received, result) = read_named("InteractiveSignIns_x", bytes, Limits::default());
    let shape = result.unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(bytes))).shape;
    let mut outcomes = received.outcomes;
    for outcome in &mut outcomes {
        if let Outcome::Failure(failure) = outcome {
            failure.user.clear();
            failure.user_agent.clear();
        }
    }
    (shape, outcomes)
}

/// JSON with raw control characters in place of escaped ones, except line ends, at any depth of quoted text.
fn with_raw_controls(json: &str) -> String {
    let mut raw = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        raw.push_str(&rest[..position]);
        rest = &rest[position..];
        let backslashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
        let escape = &rest[backslashes..];
        // An even number of backslashes is pairs, unless the text is quoted within a text.
        let is_nested = backslashes > 1 && backslashes.is_power_of_two();
        let character = match escape.get(..5) {
            Some(unit) if unit.starts_with("u00") && (backslashes == 1 || is_nested) => {
                u8::from_str_radix(&unit[3..], 16).ok().filter(|byte| *byte < 0x20).map(|byte| (char::from(byte), 5))
            }
            _ => None,
        };
        if let Some((character, length)) = character {
            raw.push(character);
            rest = &escape[length..];
        } else {
            let escaped = if backslashes % 2 == 1 { escape.chars().next().map_or(0, char::len_utf8) } else { 0 };
            raw.push_str(&rest[..backslashes + escaped]);
            rest = &rest[backslashes + escaped..];
        }
    }
    raw + rest
}

fn is_json(writer: &Writer) -> bool {
    !writer.shape.ends_with("_csv")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_value_changes_the_shape_or_an_outcome(
        writer in 0..WRITERS.len(),
        position in 0..10_usize,
        user in hostile(),
    ) {
        let writer = &WRITERS[writer];
        let expected = outcomes((writer.write)(&sign_ins(position, "ann@contoso.example")).as_bytes());
        let text = (writer.write)(&sign_ins(position, &user));
        let found = outcomes(text.as_bytes());
        prop_assert_eq!(&found, &expected, "{} {}: {:?}", writer.shape, writer.what, user);
    }

    #[test]
    fn raw_control_characters_change_no_outcome(
        writer in prop::sample::select((0..WRITERS.len()).filter(|writer| is_json(&WRITERS[*writer])).collect::<Vec<_>>()),
        position in 0..10_usize,
        user in "[a\u{1}\u{b}\u{1b}\u{1f}\u{7f}\u{85}{\\[,:]{1,12}",
    ) {
        let writer = &WRITERS[writer];
        let escaped = (writer.write)(&sign_ins(position, &format!("{user}@contoso.example")));
        let raw = with_raw_controls(&escaped);
        prop_assert!(raw != escaped || !user.contains(|c| c < ' '), "{}", escaped);
        prop_assert_eq!(outcomes(raw.as_bytes()), outcomes(escaped.as_bytes()), "{} {}: {:?}", writer.shape, writer.what, user);
    }

    /// As tools write tables that quote only where necessary, or nowhere.
    #[test]
    fn no_cell_of_a_table_changes_its_shape(
        separator in prop::sample::select(&[",", ";", "\t"][..]),
        user_agent in "([{}:\\[\\]' a=]|\\\\u0000|\u{1b}){0,30}",
        user in hostile(),
        is_quoted in any::<bool>(),
    ) {
        let row = |id: usize, user: &str, user_agent: &str| {
            let cells = ["2026-03-02T12:00:00Z", "203.0.113.7", "50126", &format!("id-{id}"), user, user_agent, "{}"];
            cells.map(|cell| {
                let is_quoted = is_quoted || cell.contains([',', ';', '\t', '"', '\n', '\r']);
                if is_quoted { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
            }).join(separator)
        };
        let header = ["TimeGenerated", "IPAddress", "ResultType", "Id", "UserPrincipalName", "UserAgent", "Location"].join(separator);
        let table = |user: &str, user_agent: &str| {
            let rows: Vec<String> = (0..10).map(|id| if id == 3 { row(id, user, user_agent) } else { row(id, "ann", "x") }).collect();
            format!("{header}\r\n{}\r\n", rows.join("\r\n"))
        };
        let expected = outcomes(table("ann", "x").as_bytes());
        prop_assert_eq!(expected.0, "log_analytics_csv");
        let text = table(&user, &user_agent);
        prop_assert_eq!(outcomes(text.as_bytes()), expected, "{}", text);
    }
}

#[test]
fn a_table_with_brackets_in_a_cell_is_not_json() {
    let row = |said: &str| format!("2026-03-02T12:00:00Z,203.0.113.7,50126,{said}\n");
    for said in ["{}", "[{}]", "{}@contoso.example", "[]", "\"Mozilla\\\"\",{},\"\"\"", "\"\n{\"\":1}\n\""] {
        let table = format!("TimeGenerated,IPAddress,ResultType,UserAgent\n{}{}", row("x"), row(said));
        let (shape, outcomes) = read_whole(table.as_bytes());
        assert_eq!((shape, outcomes.len()), ("log_analytics_csv", 2), "{said}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failure(_))), "{said}: {outcomes:?}");
    }
}

#[test]
fn a_raw_line_end_is_read_where_it_ends_no_record() {
    let with_raw_line_end = |text: String| text.replace("Azure Portal", "Azure\n Portal");
    let records: Vec<Value> = failed(3, noon()).iter().map(SignIn::record).collect();
    let pretty = serde_json::to_string_pretty(&records).unwrap();
    for (what, text) in [
        ("an array", json!(records).to_string()),
        ("an array of many lines", pretty),
        ("a batch", json!({"records": records}).to_string()),
        ("a page", json!({"@odata.context": "x", "value": records}).to_string()),
    ] {
        let (received, result) = read(with_raw_line_end(text).as_bytes());
        assert!(result.is_ok(), "{what}");
        assert_eq!(received.failures().len(), 3, "{what}: {:?}", received.outcomes);
    }
    // In JSON lines it ends a record.
    let lines = format!("{}\n{}\n{}\n", records[0], with_raw_line_end(records[1].to_string()), records[2]);
    let (received, _) = read(lines.as_bytes());
    assert_eq!(received.failures().len(), 2);
}

#[test]
fn a_text_longer_than_the_preview_hides_no_key_after_it() {
    let long = "{\"".repeat(200_000);
    for (record, shape) in [
        (json!({"a": long, "category": "SignInLogs", "resultType": "0"}), "diagnostic"),
        (json!({"a": long, "createdDateTime": "2026-03-02T12:00:00Z", "status": {"errorCode": 0}}), "graph"),
        (json!({"a": long, "event": {"category": "SignInLogs", "resultType": "0"}}), "forwarded"),
    ] {
        for text in [format!("{record}\n{record}\n"), json!([record]).to_string()] {
            assert_eq!(read_whole(text.as_bytes()).0, shape);
        }
    }
}

#[test]
fn after_a_cut_record_the_next_one_is_read() {
    let record = SignIn::failed("id-1", noon()).record().to_string();
    let rest = format!("{}\n{record}\n{record}\n", &record[100..]);
    let (received, result) = read(rest.as_bytes());
    assert_eq!(result.unwrap().shape, "diagnostic");
    assert_eq!((received.failures().len(), received.outcomes.len()), (2, 3));
}

/// Texts longer than a record may be: plain, escaped, and escaped within a text.
fn huge() -> impl Strategy<Value = (&'static str, usize)> {
    let unit = prop::sample::select(&["x", "\"", "\\", "{\"", "}\n", ",", "é"][..]);
    prop_oneof![9 => (unit, 100_000..1_500_000_usize), 1 => (Just("\u{1}"), 100_000..1_000_000_usize)]
}

/// Asserts that repetitions of `unit` in the record at `position` cost at most that record.
fn check_that_a_text_costs_no_other_record(writer: &Writer, position: usize, unit: &str, times: usize) {
    let (shape, mut expected) = outcomes((writer.write)(&sign_ins(position, "ann")).as_bytes());
    let (found_shape, found) = outcomes((writer.write)(&sign_ins(position, &unit.repeat(times))).as_bytes());
    let what = format!("{} {}: {times} {unit:?} at {position}", writer.shape, writer.what);
    assert_eq!((found_shape, found.len()), (shape, expected.len()), "{what}");
    for outcome in found.into_iter().filter(|outcome| *outcome != Outcome::Rejected(Rejected::TooLong)) {
        // Rows can wait for a row that decides their date order.
        let index = expected.iter().position(|expected| *expected == outcome);
        expected.remove(index.unwrap_or_else(|| panic!("{what}: {outcome:?}")));
    }
    assert!(expected.len() <= 1, "{what}: {expected:?}");
}

#[test]
fn a_text_longer_than_a_record_may_be_costs_its_own_record_in_every_shape() {
    for writer in WRITERS {
        for position in [0, 9] {
            check_that_a_text_costs_no_other_record(writer, position, "\"", 600_000);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_text_of_any_length_costs_another_record(
        writer in 0..WRITERS.len(),
        position in 0..10_usize,
        (unit, times) in huge(),
    ) {
        check_that_a_text_costs_no_other_record(&WRITERS[writer], position, unit, times);
    }
}

/// Concatenated documents without a line end, the first longer than the preview.
#[test]
fn a_long_text_does_not_change_the_framing() {
    let record = |user: &str| {
        let mut one = SignIn::failed("id-1", noon());
        user.clone_into(&mut one.user);
        one.record()
    };
    for length in [3, 300_000, 900_000] {
        let first = record(&"x".repeat(length));
        let text = format!("{first}{}{}\n{}{}", record("a"), record("b"), record("c"), record("d"));
        assert_eq!(read_whole(text.as_bytes()).1.len(), 5, "{length}");
    }
}
