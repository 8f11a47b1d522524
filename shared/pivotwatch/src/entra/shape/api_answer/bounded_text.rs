//! The text of an answer for a parser: bounded in memory, and valid UTF-8.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use super::MOST_HELD;
use crate::input::Input;

/// The length of the current row. Also bounds the text between two rows.
pub(super) struct RowLength {
    /// Bytes of the longest row.
    limit: usize,
    /// Kept bytes since the last row.
    bytes: Cell<usize>,
    /// Whether a string since the last row was shortened.
    is_shortened: Cell<bool>,
}

impl RowLength {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, bytes: Cell::new(0), is_shortened: Cell::new(false) }
    }

    pub(super) fn begin(&self) {
        self.bytes.set(0);
        self.is_shortened.set(false);
    }

    /// Whether the row `text` was longer than the limit.
    pub(super) fn is_exceeded(&self, text: &str) -> bool {
        self.is_shortened.get() || text.len() > self.limit
    }
}

/// Whether a position in JSON is in a string and in an escape.
#[derive(Default)]
struct StringState {
    in_string: bool,
    /// Bytes of the escape that still follow. The last digit after `\u` is no `u`, so it cannot start another escape.
    of_escape: usize,
}

impl StringState {
    fn advance(&mut self, byte: u8) {
        match (self.of_escape, byte) {
            // `\u` has four digits.
            (1, b'u') => self.of_escape = 4,
            (1.., _) => self.of_escape -= 1,
            (0, b'"') => self.in_string = !self.in_string,
            (0, b'\\') => self.of_escape = usize::from(self.in_string),
            (0, _) => {}
        }
    }
}

/// The text of an answer, bounded and valid for the parser.
///
/// Beyond the limit of a row its strings are truncated, so a long row costs itself and no memory. A question mark
/// replaces invalid UTF-8, where the parser would stop. Otherwise a user could hide the rest of the answer.
pub(super) struct BoundedText<'b, 'i, 'a> {
    input: &'i mut Input<'a>,
    /// Bytes ahead that are known to be UTF-8.
    valid: usize,
    state: StringState,
    /// Whether the rest of the current string is omitted.
    is_skipping: bool,
    row: &'b RowLength,
}

impl Read for BoundedText<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.characters(buffer)?;
            let kept = self.shortened(&mut buffer[..read]);
            let bytes = self.row.bytes.get() + kept;
            self.row.bytes.set(bytes);
            if bytes > self.row.limit.saturating_add(MOST_HELD) {
                let message = "a row of its tables is longer than a record may be";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// Bytes of the longest character.
const CHARACTER: usize = 4;

impl<'b, 'i, 'a> BoundedText<'b, 'i, 'a> {
    pub(super) fn new(input: &'i mut Input<'a>, row: &'b RowLength) -> Self {
        Self { input, valid: 0, state: StringState::default(), is_skipping: false, row }
    }

    /// Removes the omitted parts of strings from `text`, and returns its new length.
    fn shortened(&mut self, text: &mut [u8]) -> usize {
        let mut kept = 0;
        for index in 0..text.len() {
            let byte = text[index];
            let is_within = self.state.in_string && self.state.of_escape == 0 && byte != b'"';
            // A character of several bytes is kept or omitted whole.
            let begins_character = byte & 0xc0 != 0x80;
            let is_beyond = self.row.bytes.get() + kept > self.row.limit;
            if is_beyond && is_within && begins_character {
                self.is_skipping = true;
                self.row.is_shortened.set(true);
            }
            self.state.advance(byte);
            self.is_skipping &= self.state.in_string;
            if !self.is_skipping {
                text[kept] = byte;
                kept += 1;
            }
        }
        kept
    }

    fn characters(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.valid == 0 {
            self.input.look_ahead(CHARACTER)?;
            let ahead = self.input.fill_buf()?;
            self.valid = match std::str::from_utf8(ahead) {
                Ok(text) => text.len(),
                Err(fault) if fault.valid_up_to() == 0 => {
                    let length = fault.error_len().unwrap_or(ahead.len());
                    self.input.consume(length);
                    return (&b"?"[..]).read(buffer);
                }
                Err(fault) => fault.valid_up_to(),
            };
        }
        let most = self.valid.min(buffer.len());
        let read = self.input.read(&mut buffer[..most])?;
        // Outside of strings a control character is white space or damage. In strings JSON requires an escape, and some
        // writers do not escape.
        buffer[..read].iter_mut().filter(|byte| **byte < b' ').for_each(|byte| *byte = b' ');
        self.valid -= read;
        Ok(read)
    }
}
