//! The lines of a text. A line feed, a carriage return, or both end a line.

use memchr::memchr2;

use super::super::compression::fault;
use super::super::{Input, ReadFault};

/// The lines of a text without their line ends, except empty lines.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty())
}

/// The length of the leading line of a text, including the line ends after it.
pub(super) fn line_length(text: &[u8]) -> usize {
    let length = memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    length + line_ends_length(&text[length..])
}

/// The number of line ends that a text begins with, in bytes.
pub(super) fn line_ends_length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()
}

/// The length of the leading line end of a text.
pub(super) fn line_end_length(text: &[u8]) -> usize {
    if text.starts_with(b"\r\n") { 2 } else { text.len().min(1) }
}

/// Skips line ends, and returns whether bytes follow.
pub(crate) fn skip_line_ends(input: &mut Input<'_>) -> Result<bool, ReadFault> {
    loop {
        let ahead = input.ahead();
        let count = line_ends_length(ahead);
        let is_found = count < ahead.len();
        input.advance(count);
        if is_found || !input.more().map_err(fault)? {
            return Ok(is_found);
        }
    }
}
