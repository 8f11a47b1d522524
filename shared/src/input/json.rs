//! Cutting JSON text into records without parsing it.
//!
//! Lines are cut at line ends, elements of an array at their matching bracket. Neither holds more than one record in
//! memory, and neither recurses, so that a document of any size or depth is safe to cut.

use std::io;

use memchr::memchr;

use super::compression::fault;
use super::{Input, ReadFault};

/// One record's text, as it was cut.
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

    /// Takes a record that was cut out.
    fn cut(&mut self, record: Cut<'_>);
}

/// Has every record cut out.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(Cut<'_>)> Records for Each<F> {
    fn glance(&mut self, _: &[u8], _: Place) -> Glance {
        Glance::Left
    }

    fn cut(&mut self, record: Cut<'_>) {
        (self.0)(record);
    }
}

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

/// The name of a batch's array is no longer than this; of longer names only so much is looked at.
const LONGEST_NAME: usize = 16;

const CUT_OFF: ReadFault = ReadFault::Truncated("a JSON document");

/// Cuts every record of an object that has one on each line. A line can also begin a batch, `{"records":[...]}` where
/// `batch` is `records`, which may go on over any number of lines.
pub(crate) fn lines(input: &mut Input<'_>, batch: &str, each: &mut impl Records) -> Result<(), ReadFault> {
    let depth = input.limits.depth;
    while input.skip_white_space().map_err(fault)?.is_some() {
        input.look_ahead(LONGEST_BATCH_START).map_err(fault)?;
        if batch_start(input.ahead(), batch).is_some() {
            document(input, &[batch], each)?;
        } else if !glance(input, each, Place::Line)? {
            each.cut(line(input).map_err(fault)?.within(depth));
        }
    }
    Ok(())
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
                return Err(ReadFault::Corrupt(format!("a JSON document has a {:?} too many", char::from(byte))));
            }
            (b'[', None | Some(Open::Array)) => {
                input.advance(1);
                open.push(Open::Array);
            }
            (b'{', Some(Open::Array)) if glance(input, each, Place::Array)? => {}
            (b'{', None | Some(Open::Array)) => match value(input, batches).map_err(fault)?.ok_or(CUT_OFF)? {
                Value::Whole(record) => each.cut(record.within(depth)),
                Value::Batch => open.extend([Open::Batch, Open::Array]),
            },
            (_, None | Some(Open::Array)) => {
                if let Value::Whole(record) = value(input, &[]).map_err(fault)?.ok_or(CUT_OFF)? {
                    each.cut(record.within(depth));
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
        scan.deepest > depth
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
    scanned(input, Scan { depth: 1, floor: 1, ..Scan::default() }, batches)
}

fn scanned<'i>(input: &'i mut Input<'_>, mut scan: Scan, batches: &[&str]) -> io::Result<Option<Value<'i>>> {
    let mut scanned = 0;
    let mut too_long = false;
    loop {
        let ahead = input.ahead();
        let found = scan.end(&ahead[scanned..], batches);
        let length = found.as_ref().map_or(ahead.len(), |end| scanned + end.position());
        too_long |= length > input.limits.record;
        match found {
            Some(End::Batch(_)) => {
                input.advance(length);
                return Ok(Some(Value::Batch));
            }
            Some(End::Value(_)) => {
                if too_long {
                    input.advance(length);
                    return Ok(Some(Value::Whole(Cut::TooLong)));
                }
                return Ok(Some(Value::Whole(Cut::Text(input.take(length)))));
            }
            None if too_long => {
                // What was passed over need not be kept to go on scanning.
                input.advance(length);
                scanned = 0;
            }
            None => scanned = length,
        }
        if !input.more()? {
            return Ok(None);
        }
    }
}

/// Where a scan ended.
enum End {
    /// Behind the value.
    Value(usize),
    /// Behind the bracket that opens a batch's array.
    Batch(usize),
}

impl End {
    fn position(&self) -> usize {
        match self {
            Self::Value(position) | Self::Batch(position) => *position,
        }
    }
}

/// Where in a value a scan stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    deepest: usize,
    /// The depth at which the value ends.
    floor: usize,
    in_string: bool,
    escaped: bool,
    /// The last text at the depth of an object's members.
    name: Vec<u8>,
    /// Whether the value of the member of that name comes next.
    named: bool,
}

impl Scan {
    /// Scans on, and returns where the value ends: behind its closing bracket, or before the mark that ends a value
    /// without one.
    fn end(&mut self, bytes: &[u8], batches: &[&str]) -> Option<End> {
        for (position, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ if self.depth == 1 && self.name.len() < LONGEST_NAME => self.name.push(*byte),
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.named = false;
                    if self.depth == 1 {
                        self.name.clear();
                    }
                }
                b':' if self.depth == 1 => self.named = true,
                b'[' if self.depth == 1 && self.named && self.is_batch(batches) => {
                    return Some(End::Batch(position + 1));
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    self.deepest = self.depth.max(self.deepest);
                    self.named = false;
                }
                b',' | b'}' | b']' if self.depth == self.floor => return Some(End::Value(position)),
                b':' if self.depth == 0 => return Some(End::Value(position)),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(End::Value(position + 1));
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn is_batch(&self, batches: &[&str]) -> bool {
        batches.iter().any(|batch| batch.as_bytes() == self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

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
            let mut input = Input::new(Box::new(text.as_bytes()), Limits::default());
            let mut found = Vec::new();
            let read = values(
                &mut input,
                &["value"],
                &mut Each(|cut: Cut<'_>| match cut {
                    Cut::Text(text) => found.push(String::from_utf8_lossy(text).trim().to_owned()),
                    Cut::TooLong => found.push("too long".to_owned()),
                    Cut::TooDeep => found.push("too deep".to_owned()),
                }),
            );
            assert!(read.is_ok(), "{text}");
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn marks_between_documents_are_passed_over() {
        let mut input = Input::new(Box::new(&b":{},:{}:,{}"[..]), Limits::default());
        let mut found = 0;
        assert!(values(&mut input, &[], &mut Each(|_: Cut<'_>| found += 1)).is_ok());
        assert_eq!(found, 3);
    }

    #[test]
    fn a_batch_is_found_behind_a_member_that_is_longer_than_a_record_may_be() {
        let text = format!(r#"{{"x":"{}","value":[{{"a":1}}]}}"#, "x".repeat(200_000));
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: 100, ..Limits::default() });
        let mut found = 0;
        assert!(values(&mut input, &["value"], &mut Each(|_: Cut<'_>| found += 1)).is_ok());
        assert_eq!(found, 1);
    }

    #[test]
    fn a_document_that_does_not_end_or_ends_twice_is_reported() {
        for text in [r#"[{"a":1}"#, r#"{"value":[{"a":1}"#, r#"{"value":[{"a":1}]"#, r#"{"a""#] {
            let mut input = Input::new(Box::new(text.as_bytes()), Limits::default());
            assert!(
                matches!(values(&mut input, &["value"], &mut Each(|_: Cut<'_>| ())), Err(ReadFault::Truncated(_))),
                "{text}"
            );
        }
        for text in ["{}]", "[}]", "}", &"[".repeat(1000)] {
            let mut input = Input::new(Box::new(text.as_bytes()), Limits::default());
            assert!(
                matches!(values(&mut input, &["value"], &mut Each(|_: Cut<'_>| ())), Err(ReadFault::Corrupt(_))),
                "{text}"
            );
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
