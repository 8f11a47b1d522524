//! The names in the first records of JSON text, by which its shape is recognised.
//!
//! Only names decide, and only where they stand: whoever signs in chooses texts in a record (a user name, a user agent), and
//! must not choose with them what the whole object is taken for. An object without names is no record.
//!
//! Bounds, for `n` bytes of text: a path of more than [`LONGEST_PATH`] bytes is not kept and not followed, and each kept
//! path has a name of its own in the text, so fewer than `LONGEST_PATH * n / 4` bytes are kept. The time is linear: a string is
//! looked into only under one of the names [`TEXT_KEYS`], at most once for each of the [`DEEPEST`] levels.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use json_records::{Framing, Indexer, Key, KeySet, Record, parse_or_repair};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Input, Limits};

/// The methods by which a visitor passes by numbers, true, false and null.
macro_rules! ignore_scalars {
    () => {
        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }

        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }

        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }
    };
}
pub(crate) use ignore_scalars;

/// Records of different names that are kept. The first can be damaged, or of another log: an archive can hold all logs of an
/// organisation.
pub(crate) const MOST_RECORDS: usize = 1024;

/// Objects within a record whose names are looked at: `azure.signinlogs.properties.id`.
const DEEPEST: usize = 3;

/// Bytes of the longest path that is kept. The longest that a shape asks for has half as many.
const LONGEST_PATH: usize = 128;

/// Members that forwarders put the text of a record into. Other texts are not looked into.
pub(crate) const TEXT_KEYS: [&str; 5] = ["message", "_raw", "event", "attributes", "log"];

/// The names in a record, those of objects within it as `object.name`.
pub(crate) type Keys = BTreeSet<String>;

/// The names of records that have a line each, once for records of the same names. Arrays under the keys `batches` hold records.
pub(crate) fn keys_in_lines(text: &[u8], batches: &'static KeySet) -> Vec<Keys> {
    let mut seen = HashSet::new();
    let names = text.split(|byte| *byte == b'\n').filter_map(|line| keys_of_line(line, batches));
    names.filter(|names| is_new(&mut seen, names)).take(MOST_RECORDS).collect()
}

/// Whether no record before had these names.
fn is_new(seen: &mut HashSet<Keys>, names: &Keys) -> bool {
    !seen.contains(names) && seen.insert(names.clone())
}

/// The names of a record that has a line to itself.
fn keys_of_line(line: &[u8], batches: &'static KeySet) -> Option<Keys> {
    let line = line.trim_ascii();
    let is_record = line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    if is_record { KeySample::of(line, batches, 1).records.into_iter().next() } else { None }
}

/// What was seen of the records of documents one behind another.
#[derive(Default)]
pub(crate) struct KeySample {
    /// Every object that is a record, or around records, and has names. Of records with the same names, the first.
    pub(crate) records: Vec<Keys>,
    seen: HashSet<Keys>,
    /// Whether there was an array that records are in, or would be.
    pub(crate) is_batch: bool,
    /// What stood in such arrays.
    pub(crate) elements: usize,
}

impl KeySample {
    /// Looks at so many documents; where one is damaged, at the records of all that are whole.
    pub(crate) fn of(text: &[u8], batches: &'static KeySet, documents: usize) -> Self {
        let mut sample = Self::default();
        let seen = sample.visit_documents(text, batches, documents);
        match seen {
            Err(error) if !error.is_eof() => {
                let whole = keys_of_valid_records(text, batches);
                if whole.is_empty() { sample } else { Self { records: whole, ..sample } }
            }
            _ => sample,
        }
    }

    /// Forgets the last record if one before has the same names.
    fn end_record(&mut self, record: usize) {
        if record + 1 == self.records.len() && !is_new(&mut self.seen, &self.records[record]) {
            self.records.pop();
        }
    }

    fn visit_documents(&mut self, text: &[u8], batches: &'static KeySet, documents: usize) -> serde_json::Result<()> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let mut level =
            || SniffVisitor { sample: self, batches, within: None, is_element: false }.deserialize(&mut json);
        (0..documents).try_for_each(|_| level())
    }
}

/// The keys of the records that are whole, once for records of the same keys, in a text that may end anywhere. An invalid text
/// in a string, which whoever signs in can choose, hides nothing.
fn keys_of_valid_records(text: &[u8], batches: &'static KeySet) -> Vec<Keys> {
    let limits = Limits::default();
    let mut input = Input::of_text(text.to_vec(), limits);
    let mut indexer = Indexer::<0>::new(batches, limits.depth);
    let mut reader = input.records(Framing::Values, &mut indexer);
    let names = |text: &[u8]| {
        let mut sample = KeySample::default();
        sample.visit_documents(text, &NO_BATCHES, 1).ok().and_then(|()| sample.records.into_iter().next())
    };
    let (mut whole, mut seen) = (Vec::new(), HashSet::new());
    while let Ok(Some(record)) = reader.next() {
        if let Record::Raw(text) = record
            && whole.len() < MOST_RECORDS
            && let Some(names) = parse_or_repair(text, names)
            && is_new(&mut seen, &names)
        {
            whole.push(names);
        }
    }
    whole
}

static NO_BATCHES: KeySet = KeySet::new(&[]);

/// A place in a document.
struct SniffVisitor<'l> {
    sample: &'l mut KeySample,
    batches: &'static KeySet,
    /// The record that it is in, and the path there; `None` outside of all records.
    within: Option<(usize, String)>,
    /// Whether it begins an element of an array that records are in.
    is_element: bool,
}

impl<'de> DeserializeSeed<'de> for SniffVisitor<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Counted here and not behind it, where it may never end.
        self.sample.elements += usize::from(self.is_element);
        let is_deep = self.within.as_ref().is_some_and(|(_, path)| path.matches('.').count() >= DEEPEST);
        if is_deep || self.sample.records.len() >= MOST_RECORDS {
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
            if around.len() + name.len() > LONGEST_PATH {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let path = format!("{around}{name}");
            if record == self.sample.records.len() {
                self.sample.records.push(Keys::new());
            }
            self.sample.records[record].insert(path.clone());
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

    /// Some forwarders put an object's text in its place.
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let is_forwarded_text = self.within.as_ref().is_some_and(|(_, path)| is_forwarded(path, &NO_BATCHES));
        if is_forwarded_text && text.trim_start().starts_with(['{', '[']) {
            // What was seen before an error was seen.
            let _ = self.deserialize(&mut serde_json::Deserializer::from_str(text));
        }
        Ok(())
    }

    ignore_scalars!();
}

/// Whether forwarders put a record, or an array of records, under this path: under a name of theirs, or under one of
/// `batches` within it. The names of an array's elements are kept as names of the array.
fn is_forwarded(path: &str, batches: &KeySet) -> bool {
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
    fn names_take_memory_in_proportion_to_the_text_however_long_they_are() {
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
        assert!(kept(&text_of("userAgent")) < 100, "only the texts of forwarders are looked into");
    }

    #[test]
    fn an_object_without_names_is_no_record_and_takes_no_records_place() {
        let many = format!("[{}{{\"a\":1}}]", "{},".repeat(2000));
        assert_eq!(KeySample::of(many.as_bytes(), &NO_BATCHES, 1).records, [Keys::from(["a".to_owned()])]);
        assert!(keys_in_lines(b"{}\n{}\n", &NO_BATCHES).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_kept_of_any_text_is_bounded(text in "([{}\\[\\],:0]|\"[a-c]{0,70}\"){0,200}") {
            prop_assert!(kept(&text) <= LONGEST_PATH * text.len() / 4);
        }
    }
}
