//! The beginning of an export, as shapes are recognised by.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Arrays under these names are batches of records; everything else that an object holds belongs to one record.
pub(super) const BATCHES: &[&str] = &["records", "value"];

/// Records that are looked at. The first can be damaged, or of another log.
const LOOKED_AT: usize = 64;

/// Objects within a record whose names are looked at: `azure.signinlogs.properties.id`.
const DEEPEST: usize = 3;

/// How JSON is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::entra) enum Framing {
    /// A record is a line. A damaged one costs no other.
    Lines,
    /// A record is whatever its brackets hold, over any number of lines, in arrays and batches or not.
    Values,
}

/// The beginning of an export: a block of it, or all there is.
pub(super) struct Head<'a> {
    pub(super) text: &'a [u8],
    pub(super) framing: Framing,
    records: Vec<Names>,
    /// Whether it is a batch or an array that has no records.
    pub(super) is_empty_batch: bool,
}

impl<'a> Head<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        let of_lines: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(names_of_line).take(LOOKED_AT).collect();
        let framing = framing(text, !of_lines.is_empty());
        let (records, is_empty_batch) = match framing {
            // The first line can be longer than the beginning.
            Framing::Lines if of_lines.is_empty() => (Look::at(text, 1).records, false),
            Framing::Lines => (of_lines, false),
            Framing::Values => {
                let look = Look::at(text, LOOKED_AT);
                (look.records, look.is_batch && look.elements == 0)
            }
        };
        Self { text, framing, records, is_empty_batch }
    }

    /// Whether it is JSON, or at least begins so.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.text.first(), Some(b'{' | b'[')) || !self.records.is_empty()
    }

    /// Whether one of the first records has all of these. A name within an object is `object.name`.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.records.iter().any(|record| names.iter().all(|name| record.contains(*name)))
    }

    /// The same whatever their upper and lower case.
    pub(super) fn has_in_any_case(&self, names: &[&str]) -> bool {
        let has = |record: &Names, name: &str| record.iter().any(|own| own.eq_ignore_ascii_case(name));
        self.records.iter().any(|record| names.iter().all(|name| has(record, name)))
    }
}

fn framing(text: &[u8], has_records_in_lines: bool) -> Framing {
    if text.starts_with(b"[") {
        return Framing::Values;
    }
    let mut documents = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let is_line = match documents.next() {
        Some(Ok(_)) => {
            let (document, rest) = text.split_at(documents.byte_offset());
            let rest = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
            !document.contains(&b'\n') && rest.is_none_or(|byte| *byte == b'\n') && !Look::at(document, 1).is_batch
        }
        // It goes on beyond the beginning: as one long line, or as a document of many.
        Some(Err(error)) if error.is_eof() => !text.contains(&b'\n') && !Look::at(text, 1).is_batch,
        // It is damaged. Unless it is a document of many lines, the next line is whole.
        _ => has_records_in_lines,
    };
    if is_line { Framing::Lines } else { Framing::Values }
}

/// The names of a record that has a line to itself.
fn names_of_line(line: &[u8]) -> Option<Names> {
    let line = line.trim_ascii();
    let is_record = line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    let names = if is_record { Look::at(line, 1).records.into_iter().next() } else { None };
    names.filter(|names| !names.is_empty())
}

/// The names in a record, those of objects within it as `object.name`.
type Names = BTreeSet<String>;

/// What was seen of the records of documents one behind another.
#[derive(Default)]
struct Look {
    /// Every object that is a record, or around records.
    records: Vec<Names>,
    /// Whether there was an array that records are in, or would be.
    is_batch: bool,
    /// What stood in such arrays.
    elements: usize,
}

impl Look {
    /// Looks at so many documents. What was seen before one that is damaged was seen.
    fn at(text: &[u8], documents: usize) -> Self {
        let mut look = Self::default();
        let mut json = serde_json::Deserializer::from_slice(text);
        let mut documents = 0..documents;
        while documents.next().is_some() && (Level { look: &mut look, within: None }).deserialize(&mut json).is_ok() {}
        look
    }
}

/// A place in a document.
struct Level<'l> {
    look: &'l mut Look,
    /// The record that it is in, and the path there; `None` outside of all records.
    within: Option<(usize, String)>,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let is_deep = self.within.as_ref().is_some_and(|(_, path)| path.matches('.').count() >= DEEPEST);
        if is_deep || self.look.records.len() >= LOOKED_AT {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let is_outside = self.within.is_none();
        let (record, path) = self.within.unwrap_or_else(|| {
            self.look.records.push(Names::new());
            (self.look.records.len() - 1, String::new())
        });
        while let Some(name) = map.next_key::<String>()? {
            let is_batch = is_outside && BATCHES.contains(&name.as_str());
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            self.look.records[record].insert(path.clone());
            let within = if is_batch { None } else { Some((record, path)) };
            map.next_value_seed(Level { look: self.look, within })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        if self.within.is_some() {
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        self.look.is_batch = true;
        while sequence.next_element_seed(Level { look: self.look, within: None })?.is_some() {
            self.look.elements += 1;
        }
        Ok(())
    }

    /// Some forwarders put an object's text in its place.
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.within.is_some() && text.starts_with('{') {
            // What was seen before an error was seen.
            let _ = self.deserialize(&mut serde_json::Deserializer::from_str(text));
        }
        Ok(())
    }

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_from_documents_of_many_lines() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":1}", Framing::Lines),
            ("{\"a\":\"cut", Framing::Lines),
            ("{\"a\":\"damaged\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":}\n{\"a\":2}\n", Framing::Lines),
            ("{\n  \"a\": 1\n}\n", Framing::Values),
            ("{\n  \"a\": [\n    {\"b\": 1},\n  ]\n}", Framing::Values),
            ("{\"a\":1}{\"a\":2}\n", Framing::Values),
            ("{\"a\":1},\n{\"a\":2}\n", Framing::Values),
            ("[\n{\"a\":1},\n{\"a\":2}\n]", Framing::Values),
            ("{\"c\":0,\"value\":[{\"a\":1}]}", Framing::Values),
            ("{\"c\":0,\"value\":[\n{\"a\":1},\n{\"a\":2}\n]}", Framing::Values),
            ("{\"c\":0,\"value\":[{\"a\":1},{\"a\":\"cut", Framing::Values),
        ] {
            assert_eq!(Head::of(text.as_bytes()).framing, expected, "{text}");
        }
    }

    #[test]
    fn names_are_found_in_every_kind_of_document() {
        for text in [
            r#"{"a":1,"b":{"c":{"d":2}}}"#,
            r#"[{"x":0},{"b":{"c":{"d":2}},"a":1}]"#,
            r#"{"next":"","value":[{"a":1,"b":{"c":{"d":2}}}]}"#,
            r#"{"a":1,"b":{"c":{"d":2}},"e":"cut"#,
            "{\"broken\n{\"a\":1,\"b\":{\"c\":{\"d\":2}}}\n",
            "{\n\"a\":1,\"b\":{\"c\":{\"d\":2}},\n}",
        ] {
            let head = Head::of(text.as_bytes());
            assert!(head.has(&["a", "b.c.d"]) && head.has_in_any_case(&["A", "B.c.D"]), "{text}");
            assert!(!head.has(&["a", "x"]) && !head.has(&["A"]), "{text}: names of two records, or in another case");
        }
    }

    #[test]
    fn an_empty_batch_is_told_from_one_whose_records_are_of_no_use() {
        for (text, expected) in
            [("[]", true), ("[ [] ]", false), (r#"{"value":[],"n":1}"#, true), ("[7]", false), ("{}", false)]
        {
            assert_eq!(Head::of(text.as_bytes()).is_empty_batch, expected, "{text}");
        }
    }
}
