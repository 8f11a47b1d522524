//! Looks at a text that is not validated: where its documents end, whether it begins a batch, how deep it is.

use std::ops::Range;

use super::scanner::ValueScanner;
use crate::read_buffer::BYTE_ORDER_MARK;

/// The documents of a line. The last can be truncated.
pub(super) fn documents(line: &[u8]) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let mut start = 0;
    loop {
        let rest = &line[start..];
        start += rest.len() - rest.trim_ascii_start().len();
        match &line[start..] {
            [] => return documents,
            [b',' | b':', ..] => start += 1,
            rest if rest.starts_with(BYTE_ORDER_MARK) => start += BYTE_ORDER_MARK.len(),
            rest => {
                let end = ValueScanner::default().end(rest, &[]);
                let end = end.map_or(rest.len(), |end| end.position(0));
                // A bracket that closes nothing is a document of its own.
                let end = start + end.max(1);
                documents.push(start..end);
                start = end;
            }
        }
    }
}

/// The length of `{"records":[`, including white space, if `text` begins with it and `key` is `records`.
#[must_use]
pub fn batch_start(text: &[u8], key: &str) -> Option<usize> {
    let mut rest = text;
    for token in [b"{", b"\"".as_slice(), key.as_bytes(), b"\"", b":", b"["] {
        rest = if token == key.as_bytes() { rest } else { rest.trim_ascii_start() }.strip_prefix(token)?;
    }
    Some(text.len() - rest.len())
}

/// Whether objects and arrays are nested deeper than this.
pub(super) fn is_deeper(text: &[u8], depth: usize) -> bool {
    // Nearly all records have fewer brackets than they may nest.
    text.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > depth && {
        let mut scanner = ValueScanner::default();
        scanner.end(text, &[]);
        scanner.deepest() > depth
    }
}
