//! The preview of an export, by which its shape is recognised.

use json_records::{Framing, KeySet, batch_start, repaired_for_sniffing};
use serde::de::IgnoredAny;

use super::batches::BATCHES;
use super::table;
use crate::input::Foreign;
use crate::input::sniff::{KeySample, Keys, MOST_RECORDS, keys_in_lines};

/// The beginning of an export, and the keys of the records in it.
pub(super) struct Preview<'a> {
    pub(super) text: &'a [u8],
    pub(super) framing: Framing,
    /// Empty if the text does not begin as JSON: JSON within such a text is a value that a user chose.
    sample: KeySample,
    is_json: bool,
    /// Whether it is a batch or an array without records.
    pub(super) is_empty_batch: bool,
    /// Whether a longer beginning would have the same framing and the same columns.
    pub(super) is_settled: bool,
}

impl<'a> Preview<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        if begins_as_json(text) { Self::of_json(text) } else { Self::of_other(text) }
    }

    /// The preview of JSON lines whose first record lacks its beginning; `None` for other texts.
    pub(super) fn of_rest(text: &'a [u8]) -> Option<Self> {
        begins_within_record(text).then(|| Self::of_json(text)).filter(|preview| !preview.sample.records.is_empty())
    }

    fn of_other(text: &'a [u8]) -> Self {
        let is_settled = table::has_whole_header(text);
        let framing = Framing::Lines;
        Self { text, framing, sample: KeySample::default(), is_json: false, is_empty_batch: false, is_settled }
    }

    fn of_json(original: &'a [u8]) -> Self {
        let text = &*repaired_for_sniffing(original);
        let of_lines = keys_in_lines(text, &BATCHES);
        let (framing, is_settled) = framing(text, !of_lines.records.is_empty());
        let sample = match framing {
            // The first line can be longer than the beginning.
            Framing::Lines if of_lines.records.is_empty() => KeySample::of(text, &BATCHES, 1),
            Framing::Lines | Framing::BatchLines => of_lines,
            Framing::Values => KeySample::of(text, &BATCHES, usize::MAX),
        };
        // A log file of CloudTrail may be empty.
        let is_export = batch_start(text, "Records").is_none();
        let is_empty_batch = is_export && framing == Framing::Values && sample.is_batch && sample.elements == 0;
        Self { text: original, framing, sample, is_json: true, is_empty_batch, is_settled }
    }

    /// Whether there may be records of further kinds among the first.
    pub(super) fn has_others(&self) -> bool {
        self.sample.is_full()
    }

    /// Whether it begins as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.is_json
    }

    /// The keys of the first records, once for records with the same keys.
    pub(super) fn records(&self) -> impl Iterator<Item = &Keys> {
        self.sample.records.iter()
    }

    /// Whether one of the first records has all these keys. A key within an object is `object.key`.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.sample.records.iter().any(|record| names.iter().all(|name| record.contains(*name)))
    }

    /// Like [`Preview::has`], ignoring case.
    pub(super) fn has_in_any_case(&self, names: &[&str]) -> bool {
        let has = |record: &Keys, name: &str| record.iter().any(|own| own.eq_ignore_ascii_case(name));
        self.sample.records.iter().any(|record| names.iter().all(|name| has(record, name)))
    }
}

/// Whether a text begins with an object or an array, or with the end of a truncated one.
fn begins_as_json(text: &[u8]) -> bool {
    let is_rest = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b':' | b']' | b'}');
    text.iter().find(|byte| !is_rest(byte)).is_some_and(|byte| matches!(byte, b'{' | b'['))
}

/// Whether the first line ends like a record, and the next line begins like one.
fn begins_within_record(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut next = || lines.next().unwrap_or_default();
    next().trim_ascii_end().ends_with(b"}") && next().starts_with(b"{\"")
}

static RECORDS: KeySet = KeySet::with_batches(&[], &["Records", "records"]);

/// The kind of the records in the first lines after other text, such as a timestamp.
pub(super) fn after_text(beginning: &[u8]) -> Option<Foreign> {
    let lines = beginning.split(|byte| *byte == b'\n').take(MOST_RECORDS);
    let rests = lines.filter_map(|line| Some(&line[memchr::memchr(b'{', line)?..]));
    rests.flat_map(|rest| keys_in_lines(&repaired_for_sniffing(rest), &RECORDS).records).find_map(|names| {
        let has = |all: &[&str]| all.iter().all(|name| names.contains(*name));
        if has(&["eventName", "eventTime", "userIdentity"]) || has(&["detail.eventName", "detail.userIdentity"]) {
            Some(Foreign::CloudTrailAfterText)
        } else if has(&["category", "properties"]) || has(&["createdDateTime", "status"]) {
            Some(Foreign::SignInsAfterText)
        } else {
            None
        }
    })
}

/// The framing of a JSON text, and whether every longer text with this beginning has the same framing.
fn framing(text: &[u8], has_records_in_lines: bool) -> (Framing, bool) {
    if text.starts_with(b"[") {
        return (Framing::Values, true);
    }
    let mut is_settled = true;
    let mut documents = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    let is_line = match documents.next() {
        Some(Ok(_)) => {
            let (document, rest) = text.split_at(documents.byte_offset());
            // A note on a line can precede documents of many lines.
            if has_document_of_many_lines(rest) {
                return (Framing::Values, true);
            }
            let rest = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
            // The line end after it can have been lost.
            let ends_line = rest.is_none_or(|byte| *byte == b'\n') || has_records_in_lines;
            !document.contains(&b'\n') && ends_line && !KeySample::of(document, &BATCHES, 1).is_batch
        }
        // The document is longer than the beginning: one long line, or many lines.
        Some(Err(error)) if error.is_eof() => {
            let is_one_line = !text.contains(&b'\n') && !KeySample::of(text, &BATCHES, 1).is_batch;
            // Another document can follow on the same line.
            is_settled = !is_one_line;
            is_one_line
        }
        // The first document is damaged. On JSON lines, the next line is valid.
        _ => has_records_in_lines,
    };
    (if is_line { Framing::Lines } else { Framing::Values }, is_settled)
}

/// Whether one of the first documents takes many lines, and is no batch of an event hub. Those after a damaged one do
/// not decide.
pub(super) fn has_document_of_many_lines(text: &[u8]) -> bool {
    let mut rest = without_separators(text);
    while let Some(length) = document_length(rest) {
        let (document, after) = rest.split_at(length);
        if document.contains(&b'\n') && batch_start(document, "records").is_none() {
            return true;
        }
        rest = without_separators(after);
    }
    false
}

/// The length of the whole document that a text begins with.
pub(super) fn document_length(text: &[u8]) -> Option<usize> {
    let mut documents = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    documents.next()?.ok()?;
    Some(documents.byte_offset())
}

/// The text after what tools write between documents: white space, commas and byte order marks.
fn without_separators(text: &[u8]) -> &[u8] {
    let rest = text.trim_ascii_start();
    let after = rest.strip_prefix(b",").or_else(|| rest.strip_prefix("\u{feff}".as_bytes()));
    after.map_or(rest, without_separators)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_lines_are_distinguished_from_documents_of_many_lines() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":1}", Framing::Lines),
            ("{\"a\":\"cut", Framing::Lines),
            ("{\"a\":\"damaged\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":}\n{\"a\":2}\n", Framing::Lines),
            ("{\n  \"a\": 1\n}\n", Framing::Values),
            ("{\n  \"a\": [\n    {\"b\": 1},\n  ]\n}", Framing::Values),
            ("{\"a\":1}{\"a\":2}\n", Framing::Values),
            ("{\"a\":1},\n{\"a\":2}\n", Framing::Lines),
            ("{\"a\":1},\n{\"a\":2},\n", Framing::Lines),
            ("{\"a\":1}{\"a\":2}\n{\"a\":3}\n", Framing::Lines),
            ("[\n{\"a\":1},\n{\"a\":2}\n]", Framing::Values),
            ("{\"c\":0,\"value\":[{\"a\":1}]}", Framing::Values),
            ("{\"c\":0,\"value\":[\n{\"a\":1},\n{\"a\":2}\n]}", Framing::Values),
            ("{\"c\":0,\"value\":[{\"a\":1},{\"a\":\"cut", Framing::Values),
        ] {
            assert_eq!(Preview::of(text.as_bytes()).framing, expected, "{text}");
        }
    }

    #[test]
    fn keys_are_found_in_every_kind_of_document() {
        for text in [
            r#"{"a":1,"b":{"c":{"d":2}}}"#,
            r#"[{"x":0},{"b":{"c":{"d":2}},"a":1}]"#,
            r#"{"next":"","value":[{"a":1,"b":{"c":{"d":2}}}]}"#,
            r#"{"a":1,"b":{"c":{"d":2}},"e":"cut"#,
            "{\"broken\n{\"a\":1,\"b\":{\"c\":{\"d\":2}}}\n",
            "{\n\"a\":1,\"b\":{\"c\":{\"d\":2}},\n}",
        ] {
            let preview = Preview::of(text.as_bytes());
            assert!(preview.has(&["a", "b.c.d"]) && preview.has_in_any_case(&["A", "B.c.D"]), "{text}");
            assert!(
                !preview.has(&["a", "x"]) && !preview.has(&["A"]),
                "{text}: keys of two records, or in another case"
            );
        }
    }

    #[test]
    fn a_batch_of_values_that_are_not_records_is_not_empty() {
        for (text, expected) in
            [("[]", true), ("[ [] ]", false), (r#"{"value":[],"n":1}"#, true), ("[7]", false), ("{}", false)]
        {
            assert_eq!(Preview::of(text.as_bytes()).is_empty_batch, expected, "{text}");
        }
    }
}
