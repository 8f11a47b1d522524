//! Compares the validator of `json-records` to `serde_json`: a line is a record exactly if `serde_json` accepts it, or
//! its repaired form, as an object.

#![no_main]

use json_records::{Framing, Indexer, Key, KeySet, Limits, ReadBuffer, Record, RecordReader, repaired};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

static INNER: KeySet = KeySet::new(&[("code", Key::Value(2))]);
static KEYS: KeySet = KeySet::new(&[("id", Key::Value(0)), ("inner", Key::Object(3, &INNER)), ("name", Key::Value(1))]);

fuzz_target!(|line: &[u8]| {
    let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != b'\n').collect();
    let text = line.trim_ascii();
    let is_object = |text: &[u8]| text.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(text).is_ok();
    let expected = is_object(text) || repaired(text).is_some_and(|text| is_object(&text));

    let mut buffer = ReadBuffer::of_text(line.clone());
    let mut indexer = Indexer::<4>::new(&KEYS, usize::MAX);
    let mut reader = RecordReader::new(&mut buffer, &mut indexer, Framing::Lines, Limits { record: 1 << 20 });
    let is_record = match reader.next() {
        Ok(Some(Record::Indexed(record))) => record.text() == text,
        Ok(Some(Record::Raw(record))) => record.trim_ascii() == text,
        _ => false,
    };
    assert_eq!(is_record, expected, "{}", text.escape_ascii());
});
