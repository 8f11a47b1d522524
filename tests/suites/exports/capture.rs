//! Event Hubs Capture: Avro files, written here byte by byte by the specification.

use std::io::Read as _;

use flate2::read::DeflateEncoder;
use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch::input::{Foreign, Limits, ReadFault};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use proptest::prelude::*;
use serde_json::json;

use crate::tools::{failures, gzip, read, read_whole, read_with};
use crate::writers::array;

const SCHEMA: &str = r#"{"type":"record","name":"EventData","namespace":"Microsoft.ServiceBus.Messaging","fields":[
    {"name":"SequenceNumber","type":"long"},{"name":"Offset","type":"string"},{"name":"EnqueuedTimeUtc","type":"string"},
    {"name":"SystemProperties","type":{"type":"map","values":["long","double","string","bytes"]}},
    {"name":"Properties","type":{"type":"map","values":["long","double","string","bytes","null"]}},
    {"name":"Body","type":["null","bytes"]}]}"#;

const MARK: &[u8; 16] = b"0123456789abcdef";

fn number(number: i64) -> Vec<u8> {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes
}

fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [number(i64::try_from(text.len()).unwrap()), text.to_vec()].concat()
}

fn header(codec: &str, schema: &str) -> Vec<u8> {
    marked_header(codec, schema, MARK)
}

fn marked_header(codec: &str, schema: &str, mark: &[u8; 16]) -> Vec<u8> {
    let entries = [text("avro.codec"), text(codec), text("avro.schema"), text(schema)].concat();
    [&b"Obj\x01"[..], &number(2), &entries, &number(0), mark].concat()
}

fn event(body: Option<&str>) -> Vec<u8> {
    let properties = [number(1), text("x-opt-enqueued-time"), number(0), number(1_772_452_800_000), number(0)].concat();
    let body = body.map_or_else(|| number(0), |body| [number(1), text(body)].concat());
    [number(7), text("4096"), text("3/2/2026 12:00:00 PM"), properties, number(0), body].concat()
}

fn block(codec: &str, count: usize, events: &[u8]) -> Vec<u8> {
    marked_block(codec, count, events, MARK)
}

fn marked_block(codec: &str, count: usize, events: &[u8], mark: &[u8; 16]) -> Vec<u8> {
    let mut data = Vec::new();
    if codec == "deflate" {
        DeflateEncoder::new(events, flate2::Compression::default()).read_to_end(&mut data).unwrap();
    } else {
        data.extend(events);
    }
    [number(i64::try_from(count).unwrap()), text(data), mark.to_vec()].concat()
}

/// A capture with two messages in each block.
fn capture(codec: &str, bodies: &[String]) -> Vec<u8> {
    let of_two =
        |two: &[String]| block(codec, two.len(), &two.iter().flat_map(|body| event(Some(body))).collect::<Vec<_>>());
    header(codec, SCHEMA).into_iter().chain(bodies.chunks(2).flat_map(of_two)).collect()
}

fn messages(all: &[SignIn]) -> Vec<String> {
    all.chunks(3).map(|some| json!({"records": array(some, SignIn::record)}).to_string()).collect()
}

#[test]
fn each_message_of_a_capture_is_read_as_a_file_of_its_own() {
    let all = failed(20, noon());
    for codec in ["null", "deflate"] {
        let capture = capture(codec, &messages(&all));
        for bytes in [&capture, &gzip(&capture)] {
            let (shape, outcomes) = read_whole(bytes);
            assert_eq!((shape, outcomes.len()), ("capture", 20), "{codec}");
            assert_eq!(failures(bytes), failures(messages(&all).concat().as_bytes()), "{codec}");
        }
    }
}

#[test]
fn a_damaged_or_empty_message_costs_only_itself() {
    let good = &messages(&failed(1, noon()))[0];
    let events =
        [event(Some(good)), event(None), event(Some("")), event(Some(&good[..90])), event(Some(good))].concat();
    let capture = [header("null", SCHEMA), block("null", 5, &events)].concat();
    let (_, outcomes) = read_whole(&capture);
    assert_eq!(outcomes.len(), 3);
    assert_eq!(outcomes[1], Outcome::Rejected(Rejected::Malformed));
}

#[test]
fn a_capture_of_a_quiet_hour_has_no_records() {
    assert_eq!(read_whole(&header("null", SCHEMA)).1, []);
}

#[test]
fn a_cut_capture_yields_the_messages_before_the_cut_and_reports_it() {
    for codec in ["null", "deflate"] {
        let capture = capture(codec, &messages(&failed(60, noon())));
        let (received, result) = read(&capture[..capture.len() - 100]);
        assert_eq!(result.unwrap_err().code(), "object.truncated", "{codec}");
        assert!(received.failures().len() >= 54, "{codec}");
    }
}

#[test]
fn events_beyond_the_number_that_a_block_claims_are_damage() {
    let messages = messages(&failed(9, noon()));
    let events: Vec<u8> = messages.iter().flat_map(|message| event(Some(message))).collect();
    for codec in ["null", "deflate"] {
        for claimed in 0..=3 {
            let bytes = [header(codec, SCHEMA), block(codec, claimed, &events)].concat();
            let (received, result) = read(&bytes);
            assert_eq!(received.failures().len(), 3 * claimed, "{codec}");
            assert_eq!(result.err().map(|fault| fault.code()), (claimed < 3).then_some("object.corrupt"), "{codec}");
        }
    }
}

#[test]
fn avro_of_something_else_is_refused() {
    let other = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}"#;
    for (bytes, expected) in
        [(header("null", other), Foreign::OtherAvro), (header("snappy", SCHEMA), Foreign::OtherAvroCodec)]
    {
        let (_, result) = read(&bytes);
        assert!(matches!(result, Err(ReadFault::NotAnExport(foreign)) if foreign == expected), "{expected:?}");
    }
}

#[test]
fn a_capture_that_demands_unbounded_memory_or_time_is_stopped() {
    let long = [&number(7)[..], &number(1 << 40)].concat();
    let zeros = event(Some(&"0".repeat(18 * 1024 * 1024)));
    let elements = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"null"}},{"name":"Body","type":"bytes"}]}"#;
    let fixed = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"f","size":1152921504606846976}},{"name":"Body","type":"bytes"}]}"#;
    let nothing = r#"{"type":"record","name":"R","fields":[{"name":"Body","type":"null"}]}"#;
    for (what, bytes, code) in [
        ("a long text", [header("null", SCHEMA), block("null", 1, &long)].concat(), "object.truncated"),
        (
            "elements of nothing",
            [header("null", elements), block("null", 1, &number(1 << 40))].concat(),
            "object.corrupt",
        ),
        ("a fixed length", [header("null", fixed), block("null", 1, b"abc")].concat(), "object.truncated"),
        ("a long header", [&b"Obj\x01"[..], &number(1), &number(1 << 40)].concat(), "object.corrupt"),
        ("events of nothing", [header("null", nothing), block("null", 1 << 40, b"")].concat(), "object.corrupt"),
        (
            "events of nothing that are few",
            [header("null", nothing), block("null", 400_000, &[0; 1000])].concat(),
            "object.corrupt",
        ),
        (
            "blocks of nothing",
            [header("null", nothing), block("null", 4000, b"").repeat(300)].concat(),
            "object.corrupt",
        ),
        ("a negative block", [header("null", SCHEMA), number(-1), number(-1)].concat(), "object.corrupt"),
        ("a bomb", [header("deflate", SCHEMA), block("deflate", 1, &zeros)].concat(), "object.bomb"),
    ] {
        let (_, result) = read_with(bytes.as_slice(), Limits::default());
        assert_eq!(result.unwrap_err().code(), code, "{what}");
    }
}

/// A body of a few sign-ins, padded to any length, with any line ends, also within texts.
fn body() -> impl Strategy<Value = (usize, String)> {
    let line_ends = prop::sample::select(&["", "\n", "\r\n", "\n\n"][..]);
    let said =
        prop::sample::select(&["x", "{}", ",{}", "]", "\n{\"category\":\"SignInLogs\"}\n", "Obj\u{1}", ",", ":"][..]);
    (1..5_usize, line_ends, said, 0..3000_usize, any::<bool>(), any::<bool>()).prop_map(
        |(count, line_end, said, padding, in_lines, is_pretty)| {
            let mut records: Vec<_> =
                failed(i64::try_from(count).unwrap(), noon()).iter().map(SignIn::record).collect();
            records[0]["properties"]["userAgent"] = json!(said.repeat(padding));
            let written = if in_lines {
                records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect::<String>()
            } else if is_pretty {
                serde_json::to_string_pretty(&json!({"records": records})).unwrap()
            } else {
                json!({"records": records}).to_string()
            };
            (count, format!("{line_end}{written}{line_end}"))
        },
    )
}

proptest! {
    #[test]
    fn a_capture_is_recognised_with_any_bodies_and_any_sync_marker(
        bodies in prop::collection::vec(body(), 1..6),
        mark in prop_oneof![any::<[u8; 16]>(), Just(*b"\n{\"category\":1}\n"), Just(*b",{}:[]},{\"a\":1}\n")],
        codec in prop::sample::select(&["null", "deflate"][..]),
        a_block in 1..4_usize,
    ) {
        let blocks = bodies.chunks(a_block).flat_map(|some| {
            let events: Vec<u8> = some.iter().flat_map(|(_, body)| event(Some(body))).collect();
            marked_block(codec, some.len(), &events, &mark)
        });
        let capture: Vec<u8> = marked_header(codec, SCHEMA, &mark).into_iter().chain(blocks).collect();
        let (shape, outcomes) = read_whole(&capture);
        prop_assert_eq!(shape, "capture");
        prop_assert_eq!(outcomes.len(), bodies.iter().map(|(count, _)| count).sum::<usize>());
        prop_assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failure(_))));
    }
}

proptest! {
    #[test]
    fn no_damage_of_a_capture_makes_the_reader_panic_or_hang(
        deflated in any::<bool>(),
        position in any::<prop::sample::Index>(),
        damage in prop::collection::vec(any::<u8>(), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = capture(if deflated { "deflate" } else { "null" }, &messages(&failed(6, noon())));
        let position = position.index(bytes.len());
        bytes.splice(position..(position + damage.len()).min(bytes.len()), damage);
        bytes.truncate(cut.index(2 * bytes.len()) + 1);
        let (received, _) = read(&bytes);
        prop_assert!(received.failures().len() <= 6);
    }
}
