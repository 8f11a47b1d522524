//! Collects the keys of the first records of JSON text. They decide the shape.
//!
//! Only keys and their positions decide. A user chooses values in a record (a user name, a user agent), and must not
//! decide the shape of the whole object by them. An object without keys is not a record.
//!
//! Bounds: a path of more than [`LONGEST_PATH`] bytes is neither kept nor followed. A sample keeps paths of about
//! [`MOST_KEPT`] bytes, twice if a record in it is damaged. Each record beyond is read by its own keys. The time is
//! linear: a string is parsed only under one of the [`TEXT_KEYS`], at most once for each of the [`DEEPEST`] levels.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::hash::BuildHasher;

use json_records::{Framing, Indexer, Key, KeySet, Record, parse_or_repair};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Input, Limits};

/// The methods of a visitor that ignores numbers, `true`, `false` and `null`. Each returns the same value.
macro_rules! ignore_scalars {
    () => {
        ignore_scalars!(());
    };
    ($ignored:expr) => {
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($ignored)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($ignored)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($ignored)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($ignored)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($ignored)
        }
    };
}
pub(crate) use ignore_scalars;

/// The most records with different keys. The first can be damaged or of another log: an archive can hold all logs of an
/// organisation.
pub(crate) const MOST_RECORDS: usize = 1024;

/// Levels of objects within a record: `azure.signinlogs.properties.id` has three.
const DEEPEST: usize = 3;

/// Bytes of the longest path. The longest path of a shape has half as many.
const LONGEST_PATH: usize = 128;

/// Bytes of the paths that a sample keeps. The most records of real logs, all with different keys, have half as many.
const MOST_KEPT: usize = 16 * 1024 * 1024;

/// Bytes of a path in memory without its text: a string, its allocation, and its place in a tree.
const PATH_OVERHEAD: usize = 64;

/// The keys under which forwarders put the text of a record. Other texts are not parsed.
pub(crate) const TEXT_KEYS: [&str; 5] = ["message", "_raw", "event", "attributes", "log"];

/// The key of the answers to a batch of requests of Microsoft Graph.
pub(crate) const RESPONSES: &str = "responses";

/// The keys of a record, those of objects within it as `object.key`.
pub(crate) type Keys = BTreeSet<String>;

/// The keys of records on lines: of a record that is alone on its line, and of the records of a page or an array.
/// Arrays under the keys `batches` hold records.
pub(crate) fn keys_in_lines(text: &[u8], batches: &'static KeySet) -> KeySample {
    let mut sample = KeySample::default();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        // An indented record before a comma is in an array over many lines.
        let after_record: &[u8] = if line.starts_with(b"{") || line.starts_with(b"[") { b"," } else { b"" };
        let line = line.trim_ascii();
        let line = line.strip_suffix(after_record).unwrap_or(line);
        let is_alone =
            (line.starts_with(b"{") || line.starts_with(b"[")) && serde_json::from_slice::<IgnoredAny>(line).is_ok();
        if is_alone && !sample.is_full() {
            // A valid line.
            let _ = sample.visit_documents(line, batches, 1);
        }
    }
    sample
}

/// The keys of the first records of concatenated documents.
#[derive(Default)]
pub(crate) struct KeySample {
    /// Every record or object around records, if it has keys. Of records with the same keys, the first.
    pub(crate) records: Vec<Keys>,
    /// The hashes of `records`.
    seen: HashSet<u64>,
    /// Bytes of `records` in memory.
    kept: usize,
    /// Whether there was an array that can hold records.
    pub(crate) is_batch: bool,
    /// The elements of such arrays.
    pub(crate) elements: usize,
}

impl KeySample {
    /// Samples this number of documents. If one is damaged, samples all valid records.
    pub(crate) fn of(text: &[u8], batches: &'static KeySet, documents: usize) -> Self {
        let mut sample = Self::default();
        let seen = sample.visit_documents(text, batches, documents);
        match seen {
            Err(error) if !error.is_eof() => {
                let whole = Self::of_valid_records(text, batches);
                if whole.records.is_empty() {
                    sample
                } else {
                    Self { is_batch: sample.is_batch, elements: sample.elements, ..whole }
                }
            }
            _ => sample,
        }
    }

    /// Samples the valid records of a text that may be truncated. An invalid string, which a user can choose, hides no
    /// record.
    fn of_valid_records(text: &[u8], batches: &'static KeySet) -> Self {
        let limits = Limits::default();
        let mut input = Input::of_text(text.to_vec(), limits);
        let mut indexer = Indexer::<0>::new(batches, limits.depth);
        let mut reader = input.records(Framing::Values, &mut indexer);
        let keys = |text: &[u8]| {
            let mut sample = Self::default();
            sample.visit_documents(text, &NO_BATCHES, 1).ok().and_then(|()| sample.records.into_iter().next())
        };
        let mut sample = Self::default();
        while let Ok(Some(record)) = reader.next() {
            if let Record::Raw(text) = record
                && !sample.is_full()
                && let Some(keys) = parse_or_repair(text, keys)
            {
                sample.kept += keys.iter().map(|path| size(path)).sum::<usize>();
                sample.records.push(keys);
                sample.end_record(sample.records.len() - 1);
            }
        }
        sample
    }

    /// Whether there may be records of further kinds.
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= MOST_RECORDS || self.kept >= MOST_KEPT
    }

    /// Keeps a path of a record.
    fn keep(&mut self, record: usize, path: String) {
        if record == self.records.len() {
            self.records.push(Keys::new());
        }
        let size = size(&path);
        if self.records[record].insert(path) {
            self.kept += size;
        }
    }

    /// Removes the last record if an earlier one has the same keys.
    fn end_record(&mut self, record: usize) {
        if record + 1 == self.records.len() && !self.seen.insert(self.seen.hasher().hash_one(&self.records[record])) {
            let repeated = self.records.pop().unwrap_or_default();
            self.kept -= repeated.iter().map(|path| size(path)).sum::<usize>();
        }
    }

    fn visit_documents(&mut self, text: &[u8], batches: &'static KeySet, documents: usize) -> serde_json::Result<()> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let mut level =
            || SniffVisitor { sample: self, batches, within: None, is_element: false }.deserialize(&mut json);
        (0..documents).try_for_each(|_| level())
    }
}

/// Bytes of a kept path in memory.
fn size(path: &str) -> usize {
    path.len() + PATH_OVERHEAD
}

static NO_BATCHES: KeySet = KeySet::new(&[]);

/// Visits a value of a document.
struct SniffVisitor<'l> {
    sample: &'l mut KeySample,
    batches: &'static KeySet,
    /// The index of the record around it, and its path in the record; `None` outside of all records.
    within: Option<(usize, String)>,
    /// Whether it is an element of an array that can hold records.
    is_element: bool,
}

impl<'de> DeserializeSeed<'de> for SniffVisitor<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Counted before it is visited, because it may be truncated.
        self.sample.elements += usize::from(self.is_element);
        let is_deep = self.within.as_ref().is_some_and(|(_, path)| path.matches('.').count() >= DEEPEST);
        if is_deep || self.sample.is_full() {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SniffVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let is_outside = self.within.is_none();
        let (record, around) = match self.within {
            Some((record, path)) => (record, format!("{path}.")),
            None => (self.sample.records.len(), String::new()),
        };
        while let Some(name) = map.next_key::<String>()? {
            let is_batch = is_outside && matches!(self.batches.get(&name), Some(Key::Batch));
            if around.len() + name.len() > LONGEST_PATH || self.sample.kept >= MOST_KEPT {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let path = format!("{around}{name}");
            self.sample.keep(record, path.clone());
            let within = if is_batch { None } else { Some((record, path)) };
            map.next_value_seed(SniffVisitor {
                sample: self.sample,
                batches: self.batches,
                within,
                is_element: false,
            })?;
        }
        if is_outside {
            self.sample.end_record(record);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        if let Some((record, path)) = self.within {
            if !is_forwarded(&path, self.batches) {
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
            let mut next = || {
                let within = Some((record, path.clone()));
                sequence.next_element_seed(SniffVisitor {
                    sample: self.sample,
                    batches: self.batches,
                    within,
                    is_element: false,
                })
            };
            while next()?.is_some() {}
            return Ok(());
        }
        self.sample.is_batch = true;
        let mut next = || {
            sequence.next_element_seed(SniffVisitor {
                sample: self.sample,
                batches: self.batches,
                within: None,
                is_element: true,
            })
        };
        while next()?.is_some() {}
        Ok(())
    }

    /// Some forwarders replace an object by its text.
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let is_forwarded_text = self.within.as_ref().is_some_and(|(_, path)| is_forwarded(path, &NO_BATCHES));
        if is_forwarded_text && text.trim_start().starts_with(['{', '[']) {
            // Keys before an error count.
            let _ = self.deserialize(&mut serde_json::Deserializer::from_str(text));
        }
        Ok(())
    }

    ignore_scalars!();
}

/// Whether forwarders put a record or an array of records under this path. It is one of [`TEXT_KEYS`], or one of
/// `batches` within it, or [`RESPONSES`]. The keys of an array's elements count as keys of the array.
fn is_forwarded(path: &str, batches: &KeySet) -> bool {
    if path == RESPONSES {
        return true;
    }
    let path = path.strip_prefix("_source.").unwrap_or(path);
    let (name, batch) = path.split_once('.').unwrap_or((path, ""));
    TEXT_KEYS.contains(&name) && (batch.is_empty() || matches!(batches.get(batch), Some(Key::Batch)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    static RECORDS: KeySet = KeySet::with_batches(&[], &["records"]);

    fn kept(text: &str) -> usize {
        KeySample::of(text.as_bytes(), &RECORDS, MOST_RECORDS).records.iter().flatten().map(String::len).sum()
    }

    #[test]
    fn the_memory_of_keys_is_proportional_to_the_text_for_keys_of_any_length() {
        let members = |count: usize| (0..count).map(|number| format!("\"{number:x}\":0")).collect::<Vec<_>>().join(",");
        let nested = |name: &str, inner: &str| format!("{{\"{name}\":{{{inner}}}}}");
        let text_of = |name: &str| format!("{{\"{name}\":{}}}", serde_json::json!(nested("a", &members(9000))));
        for text in [
            nested(&"x".repeat(120_000), &members(14_000)),
            nested(&"x".repeat(LONGEST_PATH - 5), &members(14_000)),
            format!("{{{}}}", members(30_000)),
            text_of("message"),
            text_of("userAgent"),
            format!("[{}]", vec![nested(&"x".repeat(LONGEST_PATH - 4), "\"a\":0"); 3000].join(",")),
        ] {
            assert!(kept(&text) <= LONGEST_PATH * text.len() / 4, "{} of {}", kept(&text), text.len());
        }
        assert!(kept(&nested(&"x".repeat(120_000), &members(14_000))) == 0);
        assert!(kept(&text_of("userAgent")) < 100, "only the texts of forwarders are parsed");
    }

    #[test]
    fn an_object_without_keys_is_not_a_record_and_does_not_count_as_one() {
        let many = format!("[{}{{\"a\":1}}]", "{},".repeat(2000));
        assert_eq!(KeySample::of(many.as_bytes(), &NO_BATCHES, 1).records, [Keys::from(["a".to_owned()])]);
        assert!(keys_in_lines(b"{}\n{}\n", &NO_BATCHES).records.is_empty());
    }

    /// The worst texts: many short keys below a long one, in one record, in many, and in the text of a forwarder.
    #[test]
    fn the_memory_of_keys_is_bounded_for_texts_of_any_length() {
        let below = |first: usize, count: usize| {
            let members = (first..first + count).map(|number| format!("\"{number:x}\":0")).collect::<Vec<_>>();
            format!("{{\"{}\":{{{}}}}}", "x".repeat(LONGEST_PATH - 8), members.join(","))
        };
        let most = MOST_KEPT + LONGEST_PATH + PATH_OVERHEAD;
        let one = below(0, 120_000);
        let many: Vec<_> = (0..120).map(|record| below(record * 1000, 1000)).collect();
        for text in [one.clone(), format!("[{}]", many.join(",")), format!("{{\"log\":{}}}", serde_json::json!(one))] {
            let sample = KeySample::of(text.as_bytes(), &RECORDS, usize::MAX);
            let kept: usize = sample.records.iter().flatten().map(|path| size(path)).sum();
            assert!(kept <= most && sample.kept == kept, "{kept} {}", sample.kept);
        }
        for sample in [keys_in_lines(many.join("\n").as_bytes(), &RECORDS), {
            KeySample::of(format!("[{},x", many.join(",\n")).as_bytes(), &RECORDS, usize::MAX)
        }] {
            let kept: usize = sample.records.iter().flatten().map(|path| size(path)).sum();
            assert!(sample.is_full() && kept <= most + 1000 * size(&"x".repeat(LONGEST_PATH)), "{kept}");
        }
    }

    proptest! {
        #[test]
        fn the_memory_of_keys_is_bounded_for_any_text(text in "([{}\\[\\],:0]|\"[a-c]{0,70}\"){0,200}") {
            prop_assert!(kept(&text) <= LONGEST_PATH * text.len() / 4);
        }
    }
}
