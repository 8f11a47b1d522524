//! Cutting JSON text into records without parsing it.
//!
//! Lines are cut at line ends, elements of an array at their matching bracket. Neither holds more than one record in
//! memory, and neither recurses, so that a document of any size or depth is safe to cut.

use std::io;

use memchr::memchr;

use super::compression::fault;
use super::scan::{End, Scan};
use super::window::BYTE_ORDER_MARK;
use super::{Input, ReadFault};

/// One record's text, as it was cut.
#[derive(Clone, Copy)]
pub(crate) enum Cut<'a> {
    /// The text.
    Text(&'a [u8]),
    /// It was longer than a record may be, and was passed over.
    TooLong,
    /// It was nested deeper than a record may be.
    TooDeep,
}

impl Cut<'_> {
    fn within(self, depth: usize) -> Self {
        match self {
            Self::Text(text) if is_deeper(text, depth) => Self::TooDeep,
            cut => cut,
        }
    }
}

/// Takes the records of an object.
pub(crate) trait Records {
    /// Takes the record that `text` begins with, if it is in order and of the usual kind, and that can be told in one go:
    /// a shorter way for what nearly all records are. What is left is cut out and given to [`Records::cut`].
    fn glance(&mut self, text: &[u8], place: Place) -> Glance;

    /// Takes a record that was cut out, if its text is JSON.
    fn cut(&mut self, record: Cut<'_>) -> Result<(), NotJson>;

    /// Counts a record whose text is no JSON, however it is cut.
    fn damaged(&mut self);
}

/// A text is no JSON.
pub(crate) struct NotJson;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a line, to itself.
    Line,
    /// In an array.
    Array,
}

/// What became of a record at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glance {
    /// It was taken, and has this length.
    Taken(usize),
    /// The text ends before that can be told.
    Unfinished,
    /// It was left.
    Left,
}

/// No start of a batch is longer, however much white space a writer puts into it.
const LONGEST_BATCH_START: usize = 1024;

/// Arrays and batches within each other; real ones have three at most.
const DEEPEST_BATCH: usize = 8;

const CUT_OFF: ReadFault = ReadFault::Truncated("a JSON document");

/// Cuts every record of an object that has one on each line. A line can also begin a batch, `{"records":[...]}` where
/// `batch` is `records`, which may go on over any number of lines.
pub(crate) fn lines(input: &mut Input<'_>, batch: &str, each: &mut impl Records) -> Result<(), ReadFault> {
    let depth = input.limits.depth;
    while let Some(byte) = input.skip_white_space().map_err(fault)? {
        if byte == b',' {
            input.advance(1);
            continue;
        }
        input.look_ahead(LONGEST_BATCH_START).map_err(fault)?;
        if batch_start(input.ahead(), batch).is_some() {
            document(input, &[batch], each)?;
        } else if !glance(input, each, Place::Line)? {
            take_line(line(input).map_err(fault)?, depth, each);
        }
    }
    Ok(())
}

/// Takes the record of a line, or of one where line ends were lost or marks were put between, the records.
fn take_line(line: Cut<'_>, depth: usize, each: &mut impl Records) {
    let line = line.within(depth);
    if each.cut(line).is_ok() {
        return;
    }
    let Cut::Text(text) = line else { return each.damaged() };
    let documents = documents(text);
    if documents.first().is_none_or(|document| document.len() == text.trim_ascii().len()) {
        return each.damaged();
    }
    let taken = documents.into_iter().map(|document| each.cut(Cut::Text(document).within(depth)).is_ok());
    // What is no record on it is one that is damaged.
    if !taken.fold(true, |all, taken| all & taken) {
        each.damaged();
    }
}

fn take(record: Cut<'_>, each: &mut impl Records) {
    if each.cut(record).is_err() {
        each.damaged();
    }
}

/// The documents that stand one behind another on a line, the last one as much of it as there is.
fn documents(line: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        rest = match rest {
            [] => return documents,
            [b',' | b':', rest @ ..] => rest,
            _ if rest.starts_with(BYTE_ORDER_MARK) => &rest[BYTE_ORDER_MARK.len()..],
            _ => {
                let end = Scan::default().end(rest, &[]).map_or(rest.len(), |end| end.position(0));
                // A bracket too many is one by itself.
                let (document, rest) = rest.split_at(end.max(1));
                documents.push(document);
                rest
            }
        };
    }
}

/// Cuts every record of an object of JSON documents, one behind another: objects, arrays of them, and batches, which are
/// objects that have such an array under one of the names `batches`.
pub(crate) fn values(input: &mut Input<'_>, batches: &[&str], each: &mut impl Records) -> Result<(), ReadFault> {
    while let Some(byte) = input.skip_white_space().map_err(fault)? {
        match byte {
            // Between documents only damage has a colon; it is no value, and would be cut as one without end.
            b',' | b':' => input.advance(1),
            _ => document(input, batches, each)?,
        }
    }
    Ok(())
}

/// The length of `{"records":[`, white space included, when that stands here and `name` is `records`.
pub(crate) fn batch_start(text: &[u8], name: &str) -> Option<usize> {
    let mut rest = text;
    for token in [b"{", b"\"".as_slice(), name.as_bytes(), b"\"", b":", b"["] {
        rest = if token == name.as_bytes() { rest } else { rest.trim_ascii_start() }.strip_prefix(token)?;
    }
    Some(text.len() - rest.len())
}

/// What is open around the next value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Array,
    /// A batch, behind its array or between its members.
    Batch,
}

/// Cuts the records of one document.
///
/// A damaged record costs itself, as far as it can be told where the next one begins ([`Scan`]); so does a bracket too many.
fn document(input: &mut Input<'_>, batches: &[&str], each: &mut impl Records) -> Result<(), ReadFault> {
    let (mut open, depth) = (Vec::new(), input.limits.depth);
    loop {
        let byte = input.skip_white_space().map_err(fault)?.ok_or(CUT_OFF)?;
        match (byte, open.last()) {
            (b',' | b':', Some(_)) => input.advance(1),
            (b']', Some(Open::Array)) | (b'}', Some(Open::Batch)) => {
                input.advance(1);
                open.pop();
            }
            (b']' | b'}', _) => {
                input.advance(1);
                each.damaged();
            }
            (b'[', None | Some(Open::Array)) => {
                input.advance(1);
                open.push(Open::Array);
            }
            (b'{', Some(Open::Array)) if glance(input, each, Place::Array)? => {}
            (b'{', None | Some(Open::Array)) => match value(input, batches).map_err(fault)?.ok_or(CUT_OFF)? {
                Value::Whole(record) => take(record.within(depth), each),
                Value::Batch => {
                    // No batch has a batch for a record: the one before was cut off.
                    if open.ends_with(&[Open::Batch, Open::Array]) {
                        open.truncate(open.len() - 2);
                    }
                    open.extend([Open::Batch, Open::Array]);
                }
            },
            // It was cut off, too.
            (b'{', Some(Open::Batch)) => drop(open.pop()),
            (_, None | Some(Open::Array)) => {
                if let Value::Whole(record) = value(input, &[]).map_err(fault)?.ok_or(CUT_OFF)? {
                    take(record.within(depth), each);
                }
            }
            // Another member of a batch: its name and its value pass by, unless it is a second array of records.
            (_, Some(Open::Batch)) => match member(input, batches).map_err(fault)?.ok_or(CUT_OFF)? {
                Value::Whole(_) => {}
                Value::Batch => open.push(Open::Array),
            },
        }
        if open.len() > DEEPEST_BATCH {
            return Err(ReadFault::Corrupt("arrays are nested deeper than in any export".to_owned()));
        }
        if open.is_empty() {
            return Ok(());
        }
    }
}

/// Has the record that begins with the next byte taken at a glance, and tells whether it was.
fn glance(input: &mut Input<'_>, each: &mut impl Records, place: Place) -> Result<bool, ReadFault> {
    loop {
        let ahead = input.ahead().len();
        // A line's end is looked at too.
        let most = input.limits.record.saturating_add(usize::from(place == Place::Line));
        let text = &input.ahead()[..ahead.min(most)];
        match each.glance(text, place) {
            Glance::Taken(length) => {
                input.advance(length);
                return Ok(true);
            }
            Glance::Left => return Ok(false),
            Glance::Unfinished => {}
        }
        if text.len() < ahead {
            return Ok(false);
        }
        input.look_ahead(ahead + 1).map_err(fault)?;
        if input.ahead().len() == ahead {
            return Ok(false);
        }
    }
}

/// The next line, without its end; the last one need not have an end.
fn line<'i>(input: &'i mut Input<'_>) -> io::Result<Cut<'i>> {
    let mut searched = 0;
    let mut too_long = false;
    loop {
        let ahead = input.ahead();
        let found = memchr(b'\n', &ahead[searched..]).map(|position| searched + position);
        let length = found.unwrap_or(ahead.len());
        too_long |= length > input.limits.record;
        if too_long {
            // What was passed over need not be kept to go on searching.
            input.advance(length);
            searched = 0;
        } else {
            searched = length;
        }
        if found.is_some() || !input.more()? {
            return Ok(if too_long { Cut::TooLong } else { Cut::Text(input.take(length)) });
        }
    }
}

/// Whether objects and arrays lie in one another deeper than this.
fn is_deeper(text: &[u8], depth: usize) -> bool {
    // Nearly all have fewer brackets than may be in one another.
    text.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > depth && {
        let mut scan = Scan::default();
        scan.end(text, &[]);
        scan.deepest() > depth
    }
}

/// A value that was gone through.
enum Value<'i> {
    /// All of it.
    Whole(Cut<'i>),
    /// Up to the first element of the array that makes it a batch.
    Batch,
}

/// The JSON value that begins with the next byte, or `None` when the input ends before the value does.
fn value<'i>(input: &'i mut Input<'_>, batches: &[&str]) -> io::Result<Option<Value<'i>>> {
    scanned(input, Scan::default(), batches)
}

/// The name or value within a batch that begins with the next byte, likewise.
fn member<'i>(input: &'i mut Input<'_>, batches: &[&str]) -> io::Result<Option<Value<'i>>> {
    scanned(input, Scan::of_member(), batches)
}

fn scanned<'i>(input: &'i mut Input<'_>, mut scan: Scan, batches: &[&str]) -> io::Result<Option<Value<'i>>> {
    let mut scanned = 0;
    let mut too_long = false;
    loop {
        let ahead = input.ahead();
        let found = scan.end(&ahead[scanned..], batches);
        let length = found.as_ref().map_or(ahead.len(), |end| end.position(scanned));
        too_long |= length > input.limits.record;
        match found {
            Some(End::Batch(_)) => {
                input.advance(length);
                return Ok(Some(Value::Batch));
            }
            Some(End::Value(_) | End::Next { .. }) => {
                if too_long {
                    input.advance(length);
                    return Ok(Some(Value::Whole(Cut::TooLong)));
                }
                return Ok(Some(Value::Whole(Cut::Text(input.take(length)))));
            }
            None if too_long => {
                // What was passed over need not be kept to go on scanning, but for what the next record may begin with.
                scanned = scan.undecided();
                input.advance(length - scanned);
            }
            None => scanned = length,
        }
        if !input.more()? {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde::Serialize;

    use super::super::Limits;
    use super::*;

    /// What was cut out, damaged or not.
    #[derive(Default)]
    struct Found(Vec<String>);

    impl Records for Found {
        fn glance(&mut self, _: &[u8], _: Place) -> Glance {
            Glance::Left
        }

        fn cut(&mut self, record: Cut<'_>) -> Result<(), NotJson> {
            self.0.push(match record {
                Cut::Text(text) => {
                    serde_json::from_slice::<serde::de::IgnoredAny>(text).map_err(|_| NotJson)?;
                    String::from_utf8_lossy(text).trim().to_owned()
                }
                Cut::TooLong => "too long".to_owned(),
                Cut::TooDeep => "too deep".to_owned(),
            });
            Ok(())
        }

        fn damaged(&mut self) {
            self.0.push("damaged".to_owned());
        }
    }

    type Cutting = fn(&mut Input<'_>, &mut Found) -> Result<(), ReadFault>;

    const VALUES: Cutting = |input, found| super::values(input, &["value"], found);
    const LINES: Cutting = |input, found| super::lines(input, "value", found);

    fn cut(text: &str, limits: Limits, cutting: Cutting) -> (Vec<String>, Result<(), ReadFault>) {
        let mut input = Input::new(Box::new(text.as_bytes()), limits);
        let mut found = Found::default();
        let result = cutting(&mut input, &mut found);
        (found.0, result)
    }

    /// The records of a text that is read to its end.
    fn found(text: &str, cutting: Cutting) -> Vec<String> {
        let (found, result) = cut(text, Limits::default(), cutting);
        assert!(result.is_ok(), "{result:?}: {text}");
        found
    }

    fn lines(text: &str, limit: usize) -> Vec<String> {
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: limit, ..Limits::default() });
        let mut lines = Vec::new();
        while input.skip_white_space().unwrap().is_some() {
            lines.push(match line(&mut input).unwrap() {
                Cut::Text(text) => String::from_utf8_lossy(text).trim_end().to_owned(),
                Cut::TooLong => "too long".to_owned(),
                Cut::TooDeep => "too deep".to_owned(),
            });
        }
        lines
    }

    #[test]
    fn lines_end_at_line_ends_and_at_the_end() {
        assert_eq!(lines("one\r\n\n two\nthree", 99), ["one", "two", "three"]);
    }

    #[test]
    fn a_line_that_is_too_long_costs_only_itself_wherever_the_blocks_fall() {
        for length in [101, 70_000, 200_000] {
            let text = format!("one\n{}\nthree", "x".repeat(length));
            assert_eq!(lines(&text, 100), ["one", "too long", "three"], "{length}");
        }
    }

    #[test]
    fn documents_of_every_kind_are_cut_into_their_records() {
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
            (r#"[{"value" : [ {"a":1} ] }, 7, [8]]"#, vec![r#"{"a":1}"#, "7", "8"]),
            ("", vec![]),
        ] {
            assert_eq!(found(text, VALUES), expected, "{text}");
        }
    }

    #[test]
    fn marks_between_documents_are_passed_over() {
        for cutting in [VALUES, LINES] {
            assert_eq!(found("{},{},\u{feff}{}\n,\u{feff}\r\n{}", cutting), ["{}"; 4]);
            assert_eq!(found(r#"{"value":[1]},{"value":[2]} {"value":[3]},"#, cutting), ["1", "2", "3"]);
        }
        assert_eq!(found(":{},:{}:,{}", VALUES), ["{}"; 3]);
    }

    #[test]
    fn a_batch_is_found_behind_a_member_that_is_longer_than_a_record_may_be() {
        let text = format!(r#"{{"x":"{}","value":[{{"a":1}}]}}"#, "x".repeat(200_000));
        let (found, result) = cut(&text, Limits { record: 100, ..Limits::default() }, VALUES);
        assert!(result.is_ok());
        assert_eq!(found, [r#"{"a":1}"#]);
    }

    #[test]
    fn a_document_that_does_not_end_is_reported() {
        for text in [r#"[{"a":1}"#, r#"{"value":[{"a":1}"#, r#"{"value":[{"a":1}]"#, r#"{"a""#] {
            assert!(matches!(cut(text, Limits::default(), VALUES).1, Err(ReadFault::Truncated(_))), "{text}");
        }
        let deep = "[".repeat(1000);
        assert!(matches!(cut(&deep, Limits::default(), VALUES).1, Err(ReadFault::Corrupt(_))));
    }

    #[test]
    fn damage_costs_the_record_that_has_it() {
        for (there, here) in [
            // A line, or the rest of one, was lost.
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
            for (text, cutting) in [
                (format!("[{first},\n{damaged}\n{third}]"), VALUES),
                (format!("{{\"value\":[\n{first},\n{damaged}\r\n\t{third}\n]}}\n"), VALUES),
                (format!("{{\"value\":[\n{first},\n{damaged}\r\n\t{third}\n]}}\n"), LINES),
                (format!("{{\"value\":[{first},{damaged}\n{{\"value\":[{third}]}}\n"), LINES),
                (format!("{first}\n{damaged}\n{third}\n"), LINES),
                (format!("{first}\n{damaged}\n{third}\n"), VALUES),
            ] {
                assert_eq!(found(&text, cutting), expected, "{text}");
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

    proptest! {
        #[test]
        fn what_is_json_is_cut_nowhere_but_at_its_ends(records in vec(json(), 0..6), indent in prop::option::of(0..3_usize)) {
            let mut text = Vec::new();
            let indent = indent.map(|spaces| " ".repeat(spaces));
            let whole = serde_json::json!([{"value": records}, {"n": 1}]);
            match &indent {
                None => serde_json::to_writer(&mut text, &whole).unwrap(),
                Some(indent) => {
                    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
                    whole.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter)).unwrap();
                }
            }
            let found = found(std::str::from_utf8(&text).unwrap(), |input, found| super::values(input, &["value"], found));
            let read: Vec<serde_json::Value> = found.iter().map(|found| serde_json::from_str(found).unwrap()).collect();
            // Arrays within arrays have their elements cut.
            let mut expected = Vec::new();
            for record in &records {
                flattened(record, &mut expected);
            }
            expected.push(serde_json::json!({"n": 1}));
            prop_assert_eq!(read, expected);
        }
    }

    fn flattened(record: &serde_json::Value, into: &mut Vec<serde_json::Value>) {
        match record {
            serde_json::Value::Array(elements) => {
                for element in elements {
                    flattened(element, into);
                }
            }
            record => into.push(record.clone()),
        }
    }

    #[test]
    fn a_bracket_that_was_lost_costs_one_record_also_without_line_ends() {
        for damaged in [r#"{"a":{"b":1}"#, r#"{"a":[1}"#, r#"{"a":{"b":[1,{}}}"#] {
            let text = format!(r#"[{{"n":1}},{damaged},{{"n":2}},{damaged}]{{"n":3}}"#);
            let expected = [r#"{"n":1}"#, "damaged", r#"{"n":2}"#, "damaged", r#"{"n":3}"#];
            assert_eq!(found(&text, VALUES), expected, "{text}");
        }
    }

    #[test]
    fn a_bracket_too_many_is_damage_and_costs_nothing_else() {
        for (text, damaged) in [("{}]{}", 1), ("[{}}},{}]", 2), ("}{}{}", 1), (r#"{"value":[{}]]}{}"#, 1)] {
            let found = found(text, VALUES);
            assert_eq!(found.iter().filter(|found| *found == "damaged").count(), damaged, "{text}");
            assert_eq!(found.iter().filter(|found| *found == "{}").count(), 2, "{text}");
        }
    }

    #[test]
    fn a_batch_that_is_cut_off_costs_no_other() {
        let whole = r#"{"value":[{"n":1}]}"#;
        for damaged in
            [r#"{"value":["#, r#"{"value":[{"n":1}"#, r#"{"value":[{"n":1},"#, r#"{"value":[{"n":1}],"x":{"y":1"#]
        {
            let text = format!("{whole}\n{damaged}\n{whole}\n").repeat(20);
            for cutting in [VALUES, LINES] {
                let found = found(&text, cutting);
                assert!(found.iter().filter(|found| *found == r#"{"n":1}"#).count() >= 40, "{damaged}: {found:?}");
            }
        }
    }

    #[test]
    fn records_that_share_a_line_are_all_found() {
        let text = "{\"n\":1}{\"n\":2}\n{\"n\":3},\n{\"n\":4},\n{\"n\":5} rest\n{\"n\":6}";
        let expected = [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":4}"#, r#"{"n":5}"#, "damaged", r#"{"n":6}"#];
        assert_eq!(found(text, LINES), expected);
    }

    #[test]
    fn a_record_that_is_too_long_and_damaged_costs_no_other() {
        let limits = Limits { record: 1000, ..Limits::default() };
        for length in [2_000, 262_100, 262_130, 300_000, 600_000] {
            for gap in ["", " ", "      "] {
                let text = format!("[{{\"a\":\"{}\n{{{gap}\"n\":1}}]", "x".repeat(length));
                let (found, result) = cut(&text, limits, VALUES);
                assert!(result.is_ok());
                assert_eq!(found, ["too long", &format!("{{{gap}\"n\":1}}")], "{length}");
            }
        }
    }

    #[test]
    fn a_value_ends_at_its_matching_bracket_whatever_its_strings_hold() {
        for (text, expected) in [
            (r#"{"a":"}]\"}","b":[{}]} ,"#, r#"{"a":"}]\"}","b":[{}]}"#),
            ("12, 13", "12"),
            (r#""a,b" ]"#, r#""a,b" "#),
        ] {
            let mut input = Input::new(Box::new(text.as_bytes()), Limits::default());
            match value(&mut input, &[]).unwrap() {
                Some(Value::Whole(Cut::Text(found))) => assert_eq!(String::from_utf8_lossy(found), expected),
                _ => panic!("{text} was not cut"),
            }
        }
    }

    #[test]
    fn a_value_nested_a_million_deep_is_cut_like_any_other() {
        let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: 10_000_000, ..Limits::default() });
        assert!(
            matches!(value(&mut input, &[]).unwrap(), Some(Value::Whole(Cut::Text(found))) if found.len() == text.len())
        );
    }

    #[test]
    fn a_value_without_an_end_is_none() {
        let mut input = Input::new(Box::new(&br#"{"a":"#[..]), Limits::default());
        assert!(value(&mut input, &[]).unwrap().is_none());
    }
}
