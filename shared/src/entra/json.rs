//! Cutting JSON text into records without parsing it.
//!
//! Lines are cut at line ends, elements of an array at their matching bracket. Neither holds more than one record in
//! memory, and neither recurses, so that a document of any size or depth is safe to cut.

use std::io;

use super::ReadFault;
use super::compression::fault;
use super::input::Input;

/// One record's text, as it was cut.
pub(super) enum Cut<'a> {
    /// The text.
    Text(&'a [u8]),
    /// It was longer than a record may be, and was passed over.
    TooLong,
}

/// No start of a batch is longer, however much white space a writer puts into it.
const LONGEST_BATCH_START: usize = 1024;

/// Cuts every record: a line each, or as elements of `{"records":[...]}` batches, of which there may be several and
/// lines between them.
pub(super) fn records(input: &mut Input<'_>, mut each: impl FnMut(Cut<'_>)) -> Result<(), ReadFault> {
    while input.skip_white_space().map_err(fault)?.is_some() {
        while input.ahead().len() < LONGEST_BATCH_START && input.more().map_err(fault)? {}
        if let Some(length) = batch_start(input.ahead()) {
            input.advance(length);
            batch(input, &mut each)?;
        } else {
            each(line(input).map_err(fault)?);
        }
    }
    Ok(())
}

/// The length of `{"records":[`, white space included, when that stands here.
pub(super) fn batch_start(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    for token in [&b"{"[..], b"\"records\"", b":", b"["] {
        rest = rest.trim_ascii_start().strip_prefix(token)?;
    }
    Some(text.len() - rest.len())
}

/// Cuts the elements of a batch whose array has been opened, and goes behind its closing brace.
fn batch(input: &mut Input<'_>, each: &mut impl FnMut(Cut<'_>)) -> Result<(), ReadFault> {
    const CUT_OFF: ReadFault = ReadFault::Truncated("a batch of records");
    loop {
        match input.skip_white_space().map_err(fault)? {
            None => return Err(CUT_OFF),
            Some(b',' | b':') => input.advance(1),
            Some(b']') => break,
            Some(b'}') => return Err(ReadFault::Corrupt("a batch closes a brace that it did not open".to_owned())),
            Some(_) => each(value(input).map_err(fault)?.ok_or(CUT_OFF)?),
        }
    }
    // What follows the array, further fields of the envelope, ends with the brace that closes it.
    input.advance(1);
    loop {
        match input.skip_white_space().map_err(fault)? {
            None => return Err(CUT_OFF),
            Some(b'}') => break,
            Some(b',' | b':' | b']') => input.advance(1),
            Some(_) => {
                value(input).map_err(fault)?.ok_or(CUT_OFF)?;
            }
        }
    }
    input.advance(1);
    Ok(())
}

/// The next line, without its end; the last one need not have an end.
fn line<'i>(input: &'i mut Input<'_>) -> io::Result<Cut<'i>> {
    let mut searched = 0;
    let mut too_long = false;
    loop {
        let ahead = input.ahead();
        let found = ahead[searched..].iter().position(|byte| *byte == b'\n').map(|position| searched + position);
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

/// The JSON value that begins with the next byte, or `None` when the input ends before the value does.
fn value<'i>(input: &'i mut Input<'_>) -> io::Result<Option<Cut<'i>>> {
    let mut scan = Scan::default();
    let mut scanned = 0;
    let mut too_long = false;
    loop {
        let ahead = input.ahead();
        let found = scan.end(&ahead[scanned..]).map(|position| scanned + position);
        let length = found.unwrap_or(ahead.len());
        too_long |= length > input.limits.record;
        if too_long {
            input.advance(length);
            scanned = 0;
        } else {
            scanned = length;
        }
        if found.is_some() {
            return Ok(Some(if too_long { Cut::TooLong } else { Cut::Text(input.take(length)) }));
        }
        if !input.more()? {
            return Ok(None);
        }
    }
}

/// Where in a value a scan stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Scans on, and returns where the value ends: behind its closing bracket, or before the mark that ends
    /// a value without one.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (position, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b',' | b':' | b'}' | b']' if self.depth == 0 => return Some(position),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(position + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::Limits;
    use super::*;

    fn lines(text: &str, limit: usize) -> Vec<String> {
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: limit });
        let mut lines = Vec::new();
        while input.skip_white_space().unwrap().is_some() {
            lines.push(match line(&mut input).unwrap() {
                Cut::Text(text) => String::from_utf8_lossy(text).trim_end().to_owned(),
                Cut::TooLong => "too long".to_owned(),
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
    fn a_value_ends_at_its_matching_bracket_whatever_its_strings_hold() {
        for (text, expected) in [
            (r#"{"a":"}]\"}","b":[{}]} ,"#, r#"{"a":"}]\"}","b":[{}]}"#),
            ("12, 13", "12"),
            (r#""a,b" ]"#, r#""a,b" "#),
        ] {
            let mut input = Input::new(Box::new(text.as_bytes()), Limits::default());
            match value(&mut input).unwrap() {
                Some(Cut::Text(found)) => assert_eq!(String::from_utf8_lossy(found), expected),
                _ => panic!("{text} was not cut"),
            }
        }
    }

    #[test]
    fn a_value_nested_a_million_deep_is_cut_like_any_other() {
        let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: 10_000_000 });
        assert!(matches!(value(&mut input).unwrap(), Some(Cut::Text(found)) if found.len() == text.len()));
    }

    #[test]
    fn a_value_without_an_end_is_none() {
        let mut input = Input::new(Box::new(&br#"{"a":"#[..]), Limits::default());
        assert!(value(&mut input).unwrap().is_none());
    }
}
