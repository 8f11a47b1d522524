//! Reads the records of a stream one by one.
//!
//! A record is a JSON object. The reader frames and validates it, and returns it as a [`Record`]. Usually one pass does
//! both: a valid object ends at its closing bracket. The [`ValueScanner`] frames any other text (damage, or a string
//! that needs repair), and resynchronises after damage.
//!
//! The reader holds at most one record, and it does not recurse, so documents of any size and depth are safe.

mod record;
mod scanner;
mod text;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use memchr::memchr;

pub use self::record::{Framing, Limits, ReadError, Record};
use self::scanner::{End, ValueScanner};
pub use self::text::batch_start;
use self::text::{documents, is_deeper};
use crate::index::Invalid;
use crate::indexer::Indexer;
use crate::read_buffer::ReadBuffer;
use crate::repair::repaired;

/// Bytes of the longest start of a batch, `{"records":[`. No writer puts more white space into it.
const LONGEST_BATCH_START: usize = 1024;

/// Bytes of the longest literal of JSON and of the byte after it.
const LONGEST_LITERAL: usize = 6;

/// Arrays and batches within each other; real ones have three at most.
const DEEPEST_BATCH: usize = 8;

/// Reads the records of a buffered stream.
pub struct RecordReader<'b, 'a, const N: usize> {
    buffer: &'b mut ReadBuffer<'a>,
    indexer: &'b mut Indexer<N>,
    framing: Framing,
    limits: Limits,
    /// `true` within a document, which may have nothing open yet.
    is_in_document: bool,
    /// The arrays and batches that are open around the next record, the innermost last.
    open: Vec<Open>,
    /// Documents of a damaged line that are still to be returned.
    line: VecDeque<Range<usize>>,
    /// The first document of such a line that is not a record.
    damage: Option<Range<usize>>,
}

/// An open array or batch around the next value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Array,
    /// A batch, after its array or between its members.
    Batch,
}

/// A framed record. Ranges refer to the buffer, and are valid until the next read.
enum Framed {
    Indexed(Range<usize>),
    Raw(Range<usize>),
    TooLong,
    TooDeep,
    Damaged(Range<usize>),
}

/// A scanned value.
enum Scanned {
    Whole(Range<usize>),
    TooLong,
    /// Up to the first element of the array that makes the value a batch.
    Batch,
}

impl<'b, 'a, const N: usize> RecordReader<'b, 'a, N> {
    /// A reader of the records from the buffer's position on.
    pub fn new(buffer: &'b mut ReadBuffer<'a>, indexer: &'b mut Indexer<N>, framing: Framing, limits: Limits) -> Self {
        Self {
            buffer,
            indexer,
            framing,
            limits,
            is_in_document: false,
            open: Vec::new(),
            line: VecDeque::new(),
            damage: None,
        }
    }

    /// The next record, or `None` at the end of the stream.
    ///
    /// # Errors
    /// [`ReadError`] where the stream cannot be read on.
    #[expect(clippy::should_implement_trait, reason = "a record borrows from the reader, which no `Iterator` allows")]
    pub fn next(&mut self) -> Result<Option<Record<'_, N>>, ReadError> {
        loop {
            let framed = if !self.line.is_empty() || self.damage.is_some() {
                self.next_of_line()
            } else if self.is_in_document {
                let framed = self.step()?;
                self.is_in_document = !self.open.is_empty();
                framed
            } else {
                let Some(byte) = self.buffer.skip_white_space()? else { return Ok(None) };
                self.begin(byte)?
            };
            let Some(framed) = framed else { continue };
            return Ok(Some(match framed {
                Framed::Indexed(range) => {
                    let text = self.buffer.at(range);
                    self.indexer.trusted(text).map_or(Record::Raw(text), Record::Indexed)
                }
                Framed::Raw(range) => Record::Raw(self.buffer.at(range)),
                Framed::TooLong => Record::TooLong,
                Framed::TooDeep => Record::TooDeep,
                Framed::Damaged(range) => Record::Damaged(self.buffer.at(range)),
            }));
        }
    }

    /// Begins a document or a line with this byte.
    fn begin(&mut self, byte: u8) -> Result<Option<Framed>, ReadError> {
        let is_lines = self.framing != Framing::Values;
        // Only damage has a colon between documents. It is no value, and would be scanned as one without end.
        if byte == b',' || byte == b':' && !is_lines {
            self.buffer.advance(1);
            return Ok(None);
        }
        let is_batch = self.framing == Framing::BatchLines && self.is_batch_next()? && self.ends_as_batch()?;
        if is_lines && !is_batch {
            if let Some(framed) = self.validated(true)? {
                return Ok(Some(framed));
            }
            if !self.is_batch_next()? && !self.is_long_batch_next()? {
                return self.next_line().map_err(ReadError::Io);
            }
        }
        self.is_in_document = true;
        Ok(None)
    }

    fn is_batch_next(&mut self) -> io::Result<bool> {
        self.buffer.look_ahead(LONGEST_BATCH_START)?;
        let ahead = self.buffer.ahead();
        let start = &ahead[..ahead.len().min(LONGEST_BATCH_START)];
        Ok(self.indexer.keys().batches().first().is_some_and(|key| batch_start(start, key).is_some()))
    }

    /// Whether the next line ends in `}]}`, as a batch without further members does, or is longer than a record may be.
    /// Any other line is validated whole first, because a key after its array can show that it is a record.
    fn ends_as_batch(&mut self) -> io::Result<bool> {
        let mut searched = 0;
        loop {
            let ahead = self.buffer.ahead();
            let found = memchr(b'\n', &ahead[searched..]).map(|position| searched + position);
            let length = found.unwrap_or(ahead.len());
            if length > self.limits.record {
                return Ok(true);
            }
            searched = length;
            if found.is_some() || !self.buffer.more()? {
                let last = self.buffer.ahead()[..length].iter().rev().filter(|byte| !byte.is_ascii_whitespace());
                return Ok(last.take(3).eq(b"}]}"));
            }
        }
    }

    /// The keys of batches at this position. An element of a batch on lines is a record.
    fn batches(&self) -> &'static [&'static str] {
        let batches = self.indexer.keys().batches();
        let is_element_of_line = self.framing != Framing::Values && !self.open.is_empty();
        if is_element_of_line { batches.get(..1).unwrap_or_default() } else { batches }
    }

    /// Whether the next line is longer than a record may be, and begins an array or a batch of objects or arrays.
    fn is_long_batch_next(&mut self) -> io::Result<bool> {
        let most = self.limits.record.saturating_add(1);
        self.buffer.look_ahead(most)?;
        let ahead = self.buffer.ahead();
        let line = &ahead[..ahead.len().min(most)];
        if line.len() < most || memchr(b'\n', line).is_some() {
            return Ok(false);
        }
        let keys = self.indexer.keys();
        let array = if line.starts_with(b"[") {
            Some(1)
        } else {
            match ValueScanner::default().end(line, keys.batches()) {
                Some(End::Batch(array)) if !keys.is_whole(&line[..array]) => Some(array),
                _ => None,
            }
        };
        let first = array.and_then(|array| line[array..].trim_ascii_start().first());
        Ok(matches!(first, Some(b'{' | b'[')))
    }

    /// Takes the next record of a document, or the next token around records. A damaged record costs itself, up to
    /// where the [`ValueScanner`] resynchronises.
    fn step(&mut self) -> Result<Option<Framed>, ReadError> {
        let byte = self.buffer.skip_white_space()?.ok_or(ReadError::Truncated)?;
        match (byte, self.open.last()) {
            (b',' | b':', Some(_)) => self.buffer.advance(1),
            (b']', Some(Open::Array)) | (b'}', Some(Open::Batch)) => {
                self.buffer.advance(1);
                self.open.pop();
            }
            (b']' | b'}', _) => {
                return Ok(Some(Framed::Damaged(self.buffer.take(1))));
            }
            // Deeper arrays are values: of another log, whose depth must not end the stream.
            (b'[', None | Some(Open::Array)) if self.open.len() < DEEPEST_BATCH => {
                self.buffer.advance(1);
                self.open.push(Open::Array);
            }
            (b'{', around @ (None | Some(Open::Array))) => {
                // A batch may be too long to validate whole.
                let is_batch = self.framing == Framing::BatchLines && around.is_none() && self.is_batch_next()?;
                if !is_batch && let Some(framed) = self.validated(false)? {
                    return Ok(Some(framed));
                }
                return self.scan_record(true);
            }
            // The batch before was truncated.
            (b'{', Some(Open::Batch)) => drop(self.open.pop()),
            (_, None | Some(Open::Array)) => {
                // `jq` writes one without a delimiter before the next document.
                if let Some(length) = self.literal()? {
                    return Ok(Some(Framed::Damaged(self.buffer.take(length))));
                }
                return self.scan_record(false);
            }
            // Another key or value of a batch is skipped, unless it is a second array of records.
            (_, Some(Open::Batch)) => {
                if matches!(self.scanned(ValueScanner::in_object(), true)?, Scanned::Batch) {
                    self.open.push(Open::Array);
                }
            }
        }
        Ok(None)
    }

    /// The length of the literal that begins with the next byte.
    fn literal(&mut self) -> io::Result<Option<usize>> {
        self.buffer.look_ahead(LONGEST_LITERAL)?;
        let ahead = self.buffer.ahead();
        let ends =
            |length: usize| ahead.get(length).is_none_or(|byte| byte.is_ascii_whitespace() || b"[{".contains(byte));
        let literals: [&[u8]; 3] = [b"null", b"true", b"false"];
        let mut found = literals.into_iter().filter(|literal| ahead.starts_with(literal) && ends(literal.len()));
        Ok(found.next().map(<[u8]>::len))
    }

    /// Scans the value that begins with the next byte, or enters the batch that it is.
    fn scan_record(&mut self, with_batches: bool) -> Result<Option<Framed>, ReadError> {
        match self.scanned(ValueScanner::default(), with_batches)? {
            Scanned::Whole(range) => Ok(Some(self.framed(range))),
            Scanned::TooLong => Ok(Some(Framed::TooLong)),
            Scanned::Batch => {
                // No batch is a record of a batch: the one before was truncated.
                if self.open.ends_with(&[Open::Batch, Open::Array]) {
                    self.open.truncate(self.open.len() - 2);
                }
                self.open.extend([Open::Batch, Open::Array]);
                Ok(None)
            }
        }
    }

    /// The record that begins with the next byte, if it is a valid object within the limits, and alone on its line if
    /// `in_line`.
    fn validated(&mut self, in_line: bool) -> Result<Option<Framed>, ReadError> {
        loop {
            let mut whole = None;
            let ahead = self.buffer.ahead().len();
            // The line feed after a record counts too.
            let most = self.limits.record.saturating_add(usize::from(in_line));
            let text = &self.buffer.ahead()[..ahead.min(most)];
            match self.indexer.index(text, in_line) {
                Ok(index) if index.is_batch && !in_line => return Ok(None),
                Ok(index) => {
                    let length = index.length;
                    let rest =
                        if in_line { text[length..].iter().find(|byte| !is_blank(**byte)) } else { Some(&b'\n') };
                    match rest {
                        Some(b'\n') => return Ok(Some(Framed::Indexed(self.buffer.take(length)))),
                        Some(_) => return Ok(None),
                        None => whole = Some(length).filter(|length| *length <= self.limits.record),
                    }
                }
                Err(Invalid::Malformed) => return Ok(None),
                Err(Invalid::Incomplete) => {}
            }
            if text.len() < ahead {
                return Ok(None);
            }
            // Twice as many bytes each time, so that the validations of a long record add up to twice its length.
            self.buffer.look_ahead(ahead.saturating_mul(2))?;
            if self.buffer.ahead().len() == ahead {
                // The last line can lack its line feed.
                return Ok(whole.map(|length| Framed::Indexed(self.buffer.take(length))));
            }
        }
    }

    /// Classifies a scanned value.
    fn framed(&self, range: Range<usize>) -> Framed {
        let text = self.buffer.at(range.clone());
        if is_deeper(text, self.indexer.depth()) {
            Framed::TooDeep
        } else if self.is_record(text) {
            Framed::Raw(range)
        } else {
            Framed::Damaged(range)
        }
    }

    fn is_record(&self, text: &[u8]) -> bool {
        let is_object = |text: &[u8]| self.indexer.is_object(text) && simdutf8::basic::from_utf8(text).is_ok();
        is_object(text) || repaired(text).is_some_and(|text| is_object(&text))
    }

    /// The next line, which may hold several records: line feeds were lost between them, or delimiters were added.
    fn next_line(&mut self) -> io::Result<Option<Framed>> {
        let Some(line) = self.take_line()? else { return Ok(Some(Framed::TooLong)) };
        match self.framed(line.clone()) {
            Framed::Damaged(_) => {}
            framed => return Ok(Some(framed)),
        }
        let text = self.buffer.at(line.clone());
        let documents = documents(text);
        let may_be_read = |document: &Range<usize>| matches!(text[document.start], b'{' | b'[');
        let is_whole = |document: &Range<usize>| document.len() == text.trim_ascii().len();
        // The caller may know what a line without objects and arrays is, such as a row of a table.
        if documents.first().is_none_or(is_whole) || !documents.iter().any(may_be_read) {
            return Ok(Some(Framed::Damaged(line)));
        }
        self.line = documents.into_iter().map(|range| line.start + range.start..line.start + range.end).collect();
        Ok(None)
    }

    /// The next record of a line with several. All of it that is neither a record nor an array counts as one damaged
    /// record, at the end.
    fn next_of_line(&mut self) -> Option<Framed> {
        let Some(range) = self.line.pop_front() else { return self.damage.take().map(Framed::Damaged) };
        match self.framed(range) {
            // The caller can read its elements.
            Framed::Damaged(range) if is_array_of_values(self.buffer.at(range.clone())) => Some(Framed::Damaged(range)),
            Framed::Damaged(range) => {
                self.damage.get_or_insert(range);
                None
            }
            framed => Some(framed),
        }
    }

    /// The next line without its line feed, or `None` if it is too long. The last line may lack the line feed.
    fn take_line(&mut self) -> io::Result<Option<Range<usize>>> {
        let mut searched = 0;
        let mut is_too_long = false;
        loop {
            let ahead = self.buffer.ahead();
            let found = memchr(b'\n', &ahead[searched..]).map(|position| searched + position);
            let length = found.unwrap_or(ahead.len());
            is_too_long |= length > self.limits.record;
            if is_too_long {
                // The rest of the line is searched without the beginning.
                self.buffer.advance(length);
                searched = 0;
            } else {
                searched = length;
            }
            if found.is_some() || !self.buffer.more()? {
                return Ok(if is_too_long { None } else { Some(self.buffer.take(length)) });
            }
        }
    }

    /// Scans the value that begins with the next byte, for arrays under the keys of batches too if `with_batches`.
    fn scanned(&mut self, mut scanner: ValueScanner, with_batches: bool) -> Result<Scanned, ReadError> {
        let mut searched = 0;
        let mut is_too_long = false;
        let mut batches = if with_batches { self.batches() } else { &[] };
        loop {
            let ahead = self.buffer.ahead();
            let found = scanner.end(&ahead[searched..], batches);
            let length = found.as_ref().map_or(ahead.len(), |end| end.position(searched));
            is_too_long |= length > self.limits.record;
            match found {
                // A record, even if it has the array of a batch. It is scanned again without.
                Some(End::Batch(_))
                    if !is_too_long && ahead.starts_with(b"{") && self.indexer.keys().is_whole(&ahead[..length]) =>
                {
                    (scanner, searched, batches) = (ValueScanner::default(), 0, &[]);
                    continue;
                }
                Some(End::Batch(_)) => {
                    self.buffer.advance(length);
                    return Ok(Scanned::Batch);
                }
                Some(End::Value(_) | End::Resync { .. }) if is_too_long => {
                    self.buffer.advance(length);
                    return Ok(Scanned::TooLong);
                }
                Some(End::Value(_) | End::Resync { .. }) => return Ok(Scanned::Whole(self.buffer.take(length))),
                None if is_too_long => {
                    // The rest is scanned without the beginning, except for what may begin the next record.
                    searched = scanner.undecided();
                    self.buffer.advance(length - searched);
                }
                None => searched = length,
            }
            if !self.buffer.more()? {
                return Err(ReadError::Truncated);
            }
        }
    }
}

/// Whether a text begins an array of objects or arrays. Lines of other logs begin with words in brackets.
fn is_array_of_values(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| rest.starts_with(b"{") || rest.starts_with(b"["))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests;
