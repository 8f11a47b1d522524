use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;

use super::*;
use crate::key_set::{Key, KeySet};

static BATCH: KeySet = KeySet::with_batches(&[], &["value"]);
static INDEXED: KeySet =
    KeySet::with_batches(&[("aa", Key::Value(0)), ("no", Key::Value(1)), ("record", Key::Record(2))], &["value"]);

const LIMITS: Limits = Limits { record: 1024 * 1024 };
const DEPTH: usize = 128;

/// The records of a text, and how it ended.
fn read_with<const N: usize>(
    text: &[u8],
    limits: Limits,
    framing: Framing,
    keys: &'static KeySet,
) -> (Vec<String>, Result<(), ReadError>) {
    let mut buffer = ReadBuffer::new(Box::new(text), |_| true);
    let mut indexer = Indexer::<N>::new(keys, DEPTH);
    let mut reader = RecordReader::new(&mut buffer, &mut indexer, framing, limits);
    let mut records = Vec::new();
    let text_of = |text: &[u8]| String::from_utf8_lossy(text).trim().to_owned();
    let result = loop {
        records.push(match reader.next() {
            Ok(Some(Record::Indexed(record))) => text_of(record.text()),
            Ok(Some(Record::Raw(text))) => text_of(text),
            Ok(Some(Record::TooLong)) => "too long".to_owned(),
            Ok(Some(Record::TooDeep)) => "too deep".to_owned(),
            Ok(Some(Record::Damaged(_))) => "damaged".to_owned(),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        });
    };
    (records, result)
}

/// The same. Whether keys are requested makes no difference.
fn read(text: &str, limits: Limits, framing: Framing) -> (Vec<String>, Result<(), ReadError>) {
    let (records, result) = read_with::<0>(text.as_bytes(), limits, framing, &BATCH);
    let (indexed, with_index) = read_with::<3>(text.as_bytes(), limits, framing, &INDEXED);
    assert_eq!(records, indexed, "{text}");
    assert_eq!(format!("{result:?}"), format!("{with_index:?}"), "{text}");
    (records, result)
}

/// The records of a text that is read to its end.
fn records(text: &str, framing: Framing) -> Vec<String> {
    let (records, result) = read(text, LIMITS, framing);
    assert!(result.is_ok(), "{result:?}: {text}");
    records
}

#[test]
fn a_record_is_a_line_and_the_last_needs_no_line_feed() {
    let text = "{\"n\":1}\r\n\n {\"n\":2}\n{\"n\":3}";
    assert_eq!(records(text, Framing::Lines), [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#]);
}

#[test]
fn a_line_that_is_too_long_costs_only_itself_wherever_the_blocks_fall() {
    for length in [101, 70_000, 200_000] {
        for padding in ["x".repeat(length), format!("{{\"a\":\"{}\"}}", "x".repeat(length))] {
            let text = format!("{{\"n\":1}}\n{padding}\n{{\"n\":3}}");
            let (records, result) = read(&text, Limits { record: 100 }, Framing::Lines);
            assert!(result.is_ok());
            assert_eq!(records, [r#"{"n":1}"#, "too long", r#"{"n":3}"#], "{length}");
        }
    }
}

#[test]
fn documents_of_every_kind_are_framed() {
    for (text, expected) in [
        (r#"{"a":1} {"b":[2]}, {"c":"]"}"#, vec![r#"{"a":1}"#, r#"{"b":[2]}"#, r#"{"c":"]"}"#]),
        (r#"[{"a":1},{"b":2}][{"c":3}]"#, vec![r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]),
        (
            r#"{"x":[1],"value":[{"a":1},{"b":2}],"n":{"value":[3]},"value":[{"c":3}],"z":"}"}{"d":4}"#,
            vec![r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#, r#"{"d":4}"#],
        ),
        (r#"{"x":{"value":[{"a":1}]}}"#, vec![r#"{"x":{"value":[{"a":1}]}}"#]),
        (r#"{"value":{"a":1}}"#, vec![r#"{"value":{"a":1}}"#]),
        (r#"{"x":"value","y":[1]}"#, vec![r#"{"x":"value","y":[1]}"#]),
        (r#"[{"value" : [ {"a":1} ] }, 7, [8]]"#, vec![r#"{"a":1}"#, "damaged", "damaged"]),
        ("", vec![]),
    ] {
        assert_eq!(records(text, Framing::Values), expected, "{text}");
    }
}

#[test]
fn delimiters_between_documents_are_skipped() {
    for framing in [Framing::Values, Framing::Lines] {
        assert_eq!(records("{},{},\u{feff}{}\n,\u{feff}\r\n{}", framing), ["{}"; 4]);
        assert_eq!(records(r#"{"value":[{}]},{"value":[{}]} {"value":[{}]},"#, framing), ["{}"; 3]);
    }
    assert_eq!(records(":{},:{}:,{}", Framing::Values), ["{}"; 3]);
}

#[test]
fn a_batch_is_found_after_a_value_longer_than_the_longest_record() {
    let text = format!(r#"{{"x":"{}","value":[{{"a":1}}]}}"#, "x".repeat(200_000));
    let (found, result) = read(&text, Limits { record: 100 }, Framing::Values);
    assert!(result.is_ok());
    assert_eq!(found, [r#"{"a":1}"#]);
}

#[test]
fn a_document_that_does_not_end_is_reported() {
    for text in [r#"[{"a":1}"#, r#"{"value":[{"a":1}"#, r#"{"value":[{"a":1}]"#, r#"{"a""#] {
        assert!(matches!(read(text, LIMITS, Framing::Values).1, Err(ReadError::Truncated)), "{text}");
    }
    let deep = "[".repeat(1000);
    assert!(matches!(read(&deep, LIMITS, Framing::Values).1, Err(ReadError::Truncated)));
}

#[test]
fn damage_costs_only_its_record() {
    for (there, here) in [
        // A line, or the rest of one, is lost.
        (r#""b":{"c":[1,2]}}"#, r#""b":"cut"#),
        (r#""b":{"c":[1,2]}}"#, r#""b":"cut\"#),
        (r#""b":{"c":[1,2]}},"#, r#""b""#),
        (r#""b":{"c":[1,2]}}"#, ""),
        (r#"{"c":[1,2]}},"#, r#"{"c""#),
        ("[1,2]}},", "[1"),
        ("[1,2]}},", "[{\"d\":1}"),
        // A bracket.
        ("2]}}", "2]}"),
        ("2]}}", "2]"),
        ("2]}}", "2}}"),
        ("2]}}", "]}}"),
        // A quote, or there is one more.
        (r#""b""#, r#""b"#),
        (r#""b""#, r#"b""#),
        (r#""b""#, r#""b"""#),
        // A byte.
        (r#""b":"#, r#""b""#),
    ] {
        let record = |number: i32| format!(r#"{{"a":{number},"b":{{"c":[1,2]}}}}"#);
        let [first, second, third] = [0, 1, 2].map(record);
        let damaged = format!("{second},").replacen(there, here, 1);
        assert!(!damaged.contains(&second));
        let expected = [first.as_str(), "damaged", &third];
        for (text, framing) in [
            (format!("[{first},\n{damaged}\n{third}]"), Framing::Values),
            (format!("{{\"value\":[\n{first},\n{damaged}\r\n\t{third}\n]}}\n"), Framing::Values),
            (format!("{{\"value\":[\n{first},\n{damaged}\r\n\t{third}\n]}}\n"), Framing::Lines),
            (format!("{{\"value\":[{first},{damaged}\n{{\"value\":[{third}]}}\n"), Framing::Lines),
            (format!("{first}\n{damaged}\n{third}\n"), Framing::Lines),
            (format!("{first}\n{damaged}\n{third}\n"), Framing::Values),
        ] {
            assert_eq!(records(&text, framing), expected, "{text}");
        }
    }
}

/// Elements of a compact array: damage has no line to end at.
fn compact(records: &[String]) -> [String; 2] {
    let elements = records.join(",");
    [format!("[{elements}]"), format!("{{\"value\":[{elements}]}}")]
}

#[test]
fn a_raw_line_feed_and_a_bracket_in_a_string_cost_nothing() {
    for text in
        ["x\n{", "\n{", "\n{ ", "\n { \r\n\t", "\n{\n{", "x,{", ", {", ",\n{", "\n{\\\"a\\\":1", "\n{}\n{", "}\n]{"]
    {
        let members =
            [format!(r#""a":"{text}","n":1"#), format!(r#""n":1,"a":"{text}""#), format!(r#""n":["{text}","b"]"#)];
        for member in members {
            let records = [r#"{"n":0}"#.to_owned(), format!("{{{member}}}"), r#"{"n":2}"#.to_owned()];
            for text in compact(&records) {
                assert_eq!(records_of(&text), records, "{text}");
            }
        }
    }
}

fn records_of(text: &str) -> Vec<String> {
    records(text, Framing::Values)
}

#[test]
fn an_escape_makes_no_key_of_a_batch() {
    for key in [r"v\nalue", r"va\u006cue", r"valu\e", r"value\\", r"\/value", "valuevaluevaluevalue"] {
        let text = format!(r#"{{"{key}":[{{"n":1}}],"x":1"#);
        let damaged = format!("{text}\n{{\"n\":2}}\n");
        let whole = format!("{text}}}\n{{\"n\":2}}\n");
        for text in [whole, damaged] {
            assert!(!records_of(&text).contains(&r#"{"n":1}"#.to_owned()), "{text}");
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        select(vec!["", "a", "\n{\"a\":1}", "\\", "\"", "},{\"", "[", "]"]).prop_map(serde_json::Value::from),
        (-1..9).prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-c{]", inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A record like a sign-in: with an object and an array of objects.
fn record(number: usize, text: &str) -> String {
    format!(r#"{{"n":{number},"text":"{text}","status":{{"code":0}},"steps":[{{"step":1}},{{"step":2}}],"last":"x"}}"#)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_raw_character_in_a_string_costs_another_record(
        texts in vec("([\n\r\t ,:{}\\[\\]a\u{1}]|\\\\[\"\\\\nu]){0,9}", 1..5),
    ) {
        let written: Vec<_> = texts.iter().enumerate().map(|(number, text)| record(number, text)).collect();
        for text in compact(&written) {
            let found = records_of(&text);
            prop_assert_eq!(found.len(), written.len(), "{}", text);
        }
    }

    /// Without a line to end at, damage costs its record and at most the next one. Opening brackets are left out: where
    /// a record may follow one, it takes the records after it along.
    #[test]
    fn a_damaged_byte_costs_its_record_and_the_next_at_most(
        count in 3..7_usize,
        damaged in 0..4_usize,
        place in any::<prop::sample::Index>(),
        byte in prop::option::of(select(&b"\"\\}],:\n a0"[..])),
        is_inserted in any::<bool>(),
    ) {
        let written: Vec<_> = (0..count).map(|number| record(number, "a b")).collect();
        let mut with_damage = written.clone();
        let damaged = damaged.min(count - 1);
        let text = &mut with_damage[damaged];
        let place = place.index(text.len());
        let end = if is_inserted && byte.is_some() { place } else { place + 1 };
        text.replace_range(place..end, &byte.map(|byte| char::from(byte).to_string()).unwrap_or_default());
        for text in compact(&with_damage) {
            let (found, _) = read(&text, LIMITS, Framing::Values);
            for (number, record) in written.iter().enumerate().filter(|(number, _)| ![damaged, damaged + 1].contains(number)) {
                prop_assert!(found.contains(record), "{} is lost of {}: {:#?}", number, text, found);
            }
        }
    }
}

proptest! {
    #[test]
    fn valid_json_never_resynchronises(values in vec(json(), 0..6), indent in prop::option::of(0..3_usize)) {
        let mut text = Vec::new();
        let indent = indent.map(|spaces| " ".repeat(spaces));
        let whole = serde_json::json!([{"value": values}, {"n": 1}]);
        match &indent {
            None => serde_json::to_writer(&mut text, &whole).unwrap(),
            Some(indent) => {
                let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
                whole.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter)).unwrap();
            }
        }
        let found = records(std::str::from_utf8(&text).unwrap(), Framing::Values);
        let read: Vec<serde_json::Value> =
            found.iter().map(|found| serde_json::from_str(found).unwrap_or(serde_json::Value::Null)).collect();
        // The elements of nested arrays are records, too; what is no object is damage.
        let mut expected = Vec::new();
        for value in &values {
            flattened(value, &mut expected);
        }
        expected.push(serde_json::json!({"n": 1}));
        prop_assert_eq!(read, expected);
    }
}

proptest! {
    /// Also where the last line is a batch with a record's key after its array, which is a record.
    #[test]
    fn a_line_feed_at_the_end_changes_nothing(
        lines in vec((json(), any::<bool>(), any::<bool>()), 1..4),
        is_batch_lines in any::<bool>(),
    ) {
        let line = |(value, is_batch, is_record): &(serde_json::Value, bool, bool)| {
            let end = if *is_record { ",\"record\":1" } else { "" };
            if *is_batch { format!("{{\"value\":[{{\"n\":{value}}}]{end}}}") } else { value.to_string() }
        };
        let text = lines.iter().map(line).collect::<Vec<_>>().join("\n");
        let framing = if is_batch_lines { Framing::BatchLines } else { Framing::Lines };
        let whole = format!("{text}\n");
        let [found, expected] =
            [&text, &whole].map(|text| read_with::<3>(text.as_bytes(), LIMITS, framing, &INDEXED).0);
        prop_assert_eq!(found, expected, "{}", text);
    }
}

fn flattened(record: &serde_json::Value, into: &mut Vec<serde_json::Value>) {
    match record {
        serde_json::Value::Array(elements) => {
            for element in elements {
                flattened(element, into);
            }
        }
        object @ serde_json::Value::Object(_) => into.push(object.clone()),
        _ => into.push(serde_json::Value::Null),
    }
}

#[test]
fn a_lost_bracket_costs_one_record_also_without_line_feeds() {
    for damaged in [r#"{"a":{"b":1}"#, r#"{"a":[1}"#, r#"{"a":{"b":[1,{}}}"#] {
        let text = format!(r#"[{{"n":1}},{damaged},{{"n":2}},{damaged}]{{"n":3}}"#);
        let expected = [r#"{"n":1}"#, "damaged", r#"{"n":2}"#, "damaged", r#"{"n":3}"#];
        assert_eq!(records(&text, Framing::Values), expected, "{text}");
    }
}

#[test]
fn a_bracket_too_many_is_damage_and_costs_no_record() {
    for (text, damaged) in [("{}]{}", 1), ("[{}}},{}]", 2), ("}{}{}", 1), (r#"{"value":[{}]]}{}"#, 1)] {
        let found = records(text, Framing::Values);
        assert_eq!(found.iter().filter(|found| *found == "damaged").count(), damaged, "{text}");
        assert_eq!(found.iter().filter(|found| *found == "{}").count(), 2, "{text}");
    }
}

#[test]
fn a_truncated_batch_costs_no_other() {
    let whole = r#"{"value":[{"n":1}]}"#;
    for damaged in
        [r#"{"value":["#, r#"{"value":[{"n":1}"#, r#"{"value":[{"n":1},"#, r#"{"value":[{"n":1}],"x":{"y":1"#]
    {
        let text = format!("{whole}\n{damaged}\n{whole}\n").repeat(20);
        for framing in [Framing::Values, Framing::BatchLines] {
            let found = records(&text, framing);
            assert!(found.iter().filter(|found| *found == r#"{"n":1}"#).count() >= 40, "{damaged}: {found:?}");
        }
    }
}

#[test]
fn records_that_share_a_line_are_all_found() {
    let text = "{\"n\":1}{\"n\":2}\n{\"n\":3},\n{\"n\":4},\n{\"n\":5} rest\n{\"n\":6}";
    let expected = [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":4}"#, r#"{"n":5}"#, "damaged", r#"{"n":6}"#];
    assert_eq!(records(text, Framing::Lines), expected);
}

#[test]
fn a_record_that_is_too_long_and_damaged_costs_no_other() {
    let limits = Limits { record: 1000 };
    for length in [2_000, 262_100, 262_130, 300_000, 600_000] {
        for gap in ["", " ", "      "] {
            let text = format!("[{{\"a\":\"{}\n{{{gap}\"n\":1}}]", "x".repeat(length));
            let (found, result) = read(&text, limits, Framing::Values);
            assert!(result.is_ok());
            assert_eq!(found, ["too long", &format!("{{{gap}\"n\":1}}")], "{length}");
        }
    }
}

/// The value that begins a text, as the scanner frames it.
fn scanned(text: &str, limits: Limits) -> Result<String, ReadError> {
    let mut buffer = ReadBuffer::new(Box::new(text.as_bytes()), |_| true);
    let mut indexer = Indexer::<0>::new(&BATCH, DEPTH);
    let mut reader = RecordReader::new(&mut buffer, &mut indexer, Framing::Values, limits);
    Ok(match reader.scanned(ValueScanner::default(), false)? {
        Scanned::Whole(range) => String::from_utf8_lossy(reader.buffer.at(range)).into_owned(),
        Scanned::TooLong | Scanned::Batch => panic!("{text} is not scanned whole"),
    })
}

#[test]
fn a_value_ends_at_its_matching_bracket_for_any_strings() {
    for (text, expected) in
        [(r#"{"a":"}]\"}","b":[{}]} ,"#, r#"{"a":"}]\"}","b":[{}]}"#), ("12, 13", "12"), (r#""a,b" ]"#, r#""a,b" "#)]
    {
        assert_eq!(scanned(text, LIMITS).unwrap(), expected);
    }
}

#[test]
fn a_value_nested_a_million_deep_is_scanned_like_any_other() {
    let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(scanned(&text, Limits { record: 10_000_000 }).unwrap(), text);
}

#[test]
fn a_value_without_an_end_is_truncated() {
    assert!(matches!(scanned(r#"{"a":"#, LIMITS), Err(ReadError::Truncated)));
}

#[test]
fn a_record_that_only_repair_makes_json_is_raw_and_any_other_is_damaged() {
    for (text, is_record) in [
        (&b"{\"a\":\"\xff\"}"[..], true),
        (b"{\"a\":\"\x1b\"}", true),
        (b"{\"a\":\"\\ud800\"}", true),
        (b"{\"a\":\xff}", false),
        (b"[1]", false),
        (b"7", false),
        (b"\"text\"", false),
    ] {
        for keys in [false, true] {
            let mut buffer = ReadBuffer::new(Box::new(text), |_| true);
            let found = if keys {
                let mut indexer = Indexer::<3>::new(&INDEXED, DEPTH);
                let mut reader = RecordReader::new(&mut buffer, &mut indexer, Framing::Lines, LIMITS);
                matches!(reader.next(), Ok(Some(Record::Raw(_) | Record::Indexed(_))))
            } else {
                let mut indexer = Indexer::<0>::new(&BATCH, DEPTH);
                let mut reader = RecordReader::new(&mut buffer, &mut indexer, Framing::Lines, LIMITS);
                matches!(reader.next(), Ok(Some(Record::Raw(_))))
            };
            assert_eq!(found, is_record, "{}", text.escape_ascii());
        }
    }
}

#[test]
fn an_object_with_an_array_of_records_is_a_batch_unless_it_has_a_key_of_a_record() {
    let text = r#"[{"x":1,"value":[{"n":1}]},{"record":1,"value":[{"n":2}]},{"value":{"n":3}},{"n":4}]"#;
    let (found, result) = read_with::<3>(text.as_bytes(), LIMITS, Framing::Values, &INDEXED);
    assert!(result.is_ok());
    let expected = [r#"{"n":1}"#, r#"{"record":1,"value":[{"n":2}]}"#, r#"{"value":{"n":3}}"#, r#"{"n":4}"#];
    assert_eq!(found, expected);
}

/// Other logs have arrays under such keys.
#[test]
fn on_lines_a_batch_is_a_record_unless_its_framing_enters_those_of_the_first_key() {
    static KEYS: KeySet = KeySet::with_batches(&[], &["records", "data"]);
    let text = "{\"data\":[{\"n\":1}]}\n{\"records\":[{\"data\":[1]},{\"n\":2}]}\n{\"x\":1,\"records\":[]}\n";
    let (lines, _) = read_with::<0>(text.as_bytes(), LIMITS, Framing::BatchLines, &KEYS);
    let expected = [r#"{"data":[{"n":1}]}"#, r#"{"data":[1]}"#, r#"{"n":2}"#, r#"{"x":1,"records":[]}"#];
    assert_eq!(lines, expected);
    let (lines, _) = read_with::<0>(text.as_bytes(), LIMITS, Framing::Lines, &KEYS);
    assert_eq!(lines, text.lines().collect::<Vec<_>>());
}

#[test]
fn an_array_or_a_batch_longer_than_a_record_is_read_by_elements_on_lines() {
    static KEYS: KeySet = KeySet::with_batches(&[("log", Key::Record(0))], &["records", "data"]);
    let limits = Limits { record: 100 };
    let elements = vec![r#"{"n":1}"#; 50].join(",");
    let texts = ["x"; 60].map(|text| format!("{text:?}")).join(",");
    for framing in [Framing::Lines, Framing::BatchLines] {
        for (line, expected) in [
            (format!("[{elements}]"), vec![r#"{"n":1}"#; 50]),
            (format!("[[{elements}]]"), vec![r#"{"n":1}"#; 50]),
            (format!("{{\"x\":1,\"data\":[{elements}],\"y\":2}}"), vec![r#"{"n":1}"#; 50]),
            (format!("{{\"log\":1,\"data\":[{elements}]}}"), vec!["too long"]),
            (format!("{{\"data\":[{texts}]}}"), vec!["too long"]),
            (format!("[{texts}]"), vec!["too long"]),
        ] {
            let (found, result) = read_with::<0>(format!("{{}}\n{line}\n{{}}\n").as_bytes(), limits, framing, &KEYS);
            assert!(result.is_ok(), "{line}");
            assert_eq!(found, [vec!["{}"], expected, vec!["{}"]].concat(), "{line}");
        }
    }
}

#[test]
fn arrays_of_any_depth_cost_no_record_after_them() {
    for depth in [7, 8, 9, 20, DEPTH + 1] {
        let deep = format!("{{\"value\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        let array = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        for text in [format!("{deep}\n{{}}\n"), format!("[{deep},{array},{{}}]"), format!("{array}{{}}{deep}")] {
            for framing in [Framing::Values, Framing::Lines] {
                let found = records(&text, framing);
                let is_array_line = framing == Framing::Lines && text.starts_with('[');
                assert_eq!(found.iter().any(|found| found == "{}"), !is_array_line || found.len() > 1, "{text}");
            }
        }
    }
}

#[test]
fn a_record_with_a_key_of_a_batch_is_whole_wherever_it_is() {
    let record = r#"{"x":1,"value":[],"record":2}"#;
    for text in [record.to_owned(), format!("[{record}]"), format!("{record} {record}"), record.replace(',', ",\n")] {
        let (found, result) = read_with::<3>(text.as_bytes(), LIMITS, Framing::Values, &INDEXED);
        assert!(result.is_ok() && !found.is_empty());
        assert!(found.iter().all(|found| found.replace('\n', "") == record), "{found:?}");
    }
}

#[test]
fn a_record_is_too_deep_however_it_is_framed() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    for (text, framing) in [
        (format!("{deep}\n{{}}\n"), Framing::Lines),
        (format!("{deep} {{}}"), Framing::Values),
        (format!("[{deep},{{}}]"), Framing::Values),
    ] {
        assert_eq!(records(&text, framing), ["too deep", "{}"]);
    }
}

proptest! {
    /// The stream's blocks, and so where the buffer ends, make no difference.
    #[test]
    fn records_do_not_depend_on_the_blocks_of_the_stream(
        values in vec(json(), 0..6),
        damage in vec((any::<prop::sample::Index>(), select(&b"{}[]\",:\\ \n0a\x80\x1b"[..])), 0..4),
        size in 1..50_usize,
        is_lines in any::<bool>(),
    ) {
        struct Chunks<'t>(&'t [u8], usize);
        impl io::Read for Chunks<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let size = self.1.min(buffer.len());
                io::Read::read(&mut self.0, &mut buffer[..size])
            }
        }
        let line = |value: &serde_json::Value| if is_lines { format!("{value}\n") } else { value.to_string() };
        let mut text = values.iter().map(line).collect::<String>().into_bytes();
        for (place, byte) in damage {
            text.insert(place.index(text.len() + 1), byte);
        }
        let framing = if is_lines { Framing::Lines } else { Framing::Values };
        let whole = read_with::<3>(&text, LIMITS, framing, &INDEXED);
        let mut buffer = ReadBuffer::new(Box::new(Chunks(&text, size)), |_| true);
        let mut indexer = Indexer::<3>::new(&INDEXED, DEPTH);
        let mut reader = RecordReader::new(&mut buffer, &mut indexer, framing, LIMITS);
        let mut count = 0;
        while let Ok(Some(record)) = reader.next() {
            let found = match record {
                Record::Indexed(record) => String::from_utf8_lossy(record.text()).trim().to_owned(),
                Record::Raw(text) => String::from_utf8_lossy(text).trim().to_owned(),
                Record::TooLong => "too long".to_owned(),
                Record::TooDeep => "too deep".to_owned(),
                Record::Damaged(_) => "damaged".to_owned(),
            };
            prop_assert_eq!(whole.0.get(count), Some(&found));
            count += 1;
        }
        prop_assert_eq!(count, whole.0.len());
    }
}
