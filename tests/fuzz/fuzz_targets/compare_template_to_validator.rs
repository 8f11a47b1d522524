//! Compares the templates of `json-records` to its validator: each record is indexed after others, whose templates it
//! may match, and alone. Debug assertions, which fuzzing enables, compare the two inside as well.

#![no_main]

use json_records::{Framing, Indexer, Key, KeySet, Limits, ReadBuffer, Record, RecordReader};
use libfuzzer_sys::fuzz_target;

const RECORD: &str = r#"{"time":"2026-03-02T12:02:00Z","category":"SignInLogs","code":"50126","level":4,"inner":{"id":"8577ec3f-8dd9","name":"ann@contoso.example","status":{"code":50126,"reason":"Invalid user name or password."},"flag":true,"place":{"city":"Malmö","at":{"n":55.6,"e":-13.001}},"none":{},"list":[{"id":"a","c":["Mfa"],"r":"success"},{"id":"b","c":[],"r":"no"}],"text":"[\"openid\"]","few":[],"token":null}}"#;

static STATUS: KeySet = KeySet::new(&[("code", Key::Value(4))]);
static INNER: KeySet =
    KeySet::new(&[("id", Key::Value(2)), ("name", Key::Value(3)), ("status", Key::Object(6, &STATUS))]);
static KEYS: KeySet = KeySet::with_batches(
    &[("category", Key::Record(0)), ("code", Key::Value(1)), ("inner", Key::Object(5, &INNER))],
    &["records"],
);

/// Offset of the change, number of bytes removed, their replacement, and whether the previous record is changed.
type Edit<'a> = (bool, u16, u8, &'a [u8]);

/// The first record of a text and the text after each of its requested keys.
fn index(text: &[u8], indexer: &mut Indexer<7>) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut buffer = ReadBuffer::of_text([b"[", text, b"]"].concat());
    let mut reader = RecordReader::new(&mut buffer, indexer, Framing::Values, Limits { record: 1 << 20 });
    match reader.next() {
        Ok(Some(Record::Indexed(record))) => {
            Some((record.text().to_vec(), (0..7).map(|slot| record.after_key(slot).to_vec()).collect()))
        }
        _ => None,
    }
}

fuzz_target!(|edits: Vec<Edit<'_>>| {
    let mut records = vec![RECORD.as_bytes().to_vec(), RECORD.as_bytes().to_vec()];
    for (goes_on, position, removed, replacement) in edits.into_iter().take(16) {
        let before = if goes_on { records.last() } else { records.first() }.expect("there is one");
        records.push(pivotwatch_fuzz::spliced(before, position, removed, replacement));
    }
    let mut with_templates = Indexer::new(&KEYS, 32);
    for record in &records {
        let alone = index(record, &mut Indexer::new(&KEYS, 32));
        assert_eq!(index(record, &mut with_templates), alone, "{}", record.escape_ascii());
    }
    assert_eq!(with_templates.template_mismatches(), 0);
});
