//! JSON text sequences: a record separator precedes each JSON text (<https://www.rfc-editor.org/rfc/rfc7464>).

use std::io::{self, Read};

const RECORD_SEPARATOR: u8 = 0x1e;

/// Whether a text with these first bytes is a sequence.
pub(super) fn is_sequence(beginning: &[u8]) -> bool {
    matches!(beginning.trim_ascii_start(), [RECORD_SEPARATOR, RECORD_SEPARATOR | b'{' | b'[', ..])
}

/// Replaces the separators with spaces. Strings cannot have one, since JSON requires an escape.
pub(super) struct JsonSequence<R>(pub(super) R);

impl<R: Read> Read for JsonSequence<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        buffer[..read].iter_mut().filter(|byte| **byte == RECORD_SEPARATOR).for_each(|byte| *byte = b' ');
        Ok(read)
    }
}
