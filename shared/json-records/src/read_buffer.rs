//! A buffer over a stream, from which records are taken without a copy.

use std::io::{self, BufRead, Read};

/// Bytes of one read. Smaller blocks leave more records incomplete at their end, and those are validated again.
const BLOCK: usize = 256 * 1024;

/// In UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a stream. `buffer[start..end]` has been read and not been consumed.
pub struct ReadBuffer<'a> {
    bytes: Box<dyn Read + Send + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_finished: bool,
    /// An error after the bytes of the buffer, reported once those were consumed.
    error: Option<io::Error>,
    is_damage: fn(&io::Error) -> bool,
}

impl<'a> ReadBuffer<'a> {
    /// A buffer over a stream. `is_damage` distinguishes damage to the data, which is permanent, from a failed
    /// transfer.
    #[must_use]
    pub fn new(bytes: Box<dyn Read + Send + 'a>, is_damage: fn(&io::Error) -> bool) -> Self {
        Self { bytes, buffer: vec![0; BLOCK], start: 0, end: 0, is_finished: false, error: None, is_damage }
    }

    /// A text in memory. It takes no other buffer, so that a short text costs little.
    #[must_use]
    pub fn of_text(text: Vec<u8>) -> Self {
        let end = text.len();
        let bytes = Box::new(io::empty());
        Self { bytes, buffer: text, start: 0, end, is_finished: true, error: None, is_damage: |_| true }
    }

    /// The bytes that have been read and not been consumed.
    #[must_use]
    pub fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Consumes `count` of the bytes ahead.
    pub fn advance(&mut self, count: usize) {
        self.start += count;
    }

    /// Consumes `count` of the bytes ahead, and returns their range for [`ReadBuffer::at`], valid until the next read.
    pub(crate) fn take(&mut self, count: usize) -> std::ops::Range<usize> {
        self.start += count;
        self.start - count..self.start
    }

    /// Bytes that were taken since the last read.
    pub(crate) fn at(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Reads another block. Returns whether there was one.
    ///
    /// # Errors
    /// The stream's, as do all methods that read.
    pub fn more(&mut self) -> io::Result<bool> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.is_finished {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < BLOCK {
            self.buffer.resize(self.buffer.len() + BLOCK, 0);
        }
        let read = loop {
            match self.bytes.read(&mut self.buffer[self.end..self.end + BLOCK]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += read;
        self.is_finished = read == 0;
        Ok(read > 0)
    }

    /// Reads until `count` bytes are ahead, or the stream ends. Damage after some bytes is reported once these are
    /// consumed, because they may be whole records.
    ///
    /// # Errors
    /// The stream's, except damage after some bytes.
    pub fn look_ahead(&mut self, count: usize) -> io::Result<()> {
        while self.ahead().len() < count && self.error.is_none() {
            match self.more() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if !self.ahead().is_empty() && (self.is_damage)(&error) => {
                    self.error = Some(error);
                    self.is_finished = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The damage after the bytes ahead, if any.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Consumes white space, and returns the byte after it without consuming that. A byte order mark is white space:
    /// concatenated files have some within.
    ///
    /// # Errors
    /// The stream's.
    pub fn skip_white_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let ahead = self.ahead();
            if let Some(position) = ahead.iter().position(|byte| !byte.is_ascii_whitespace()) {
                let byte = ahead[position];
                self.advance(position);
                if byte == BYTE_ORDER_MARK[0] {
                    self.look_ahead(BYTE_ORDER_MARK.len())?;
                    if self.ahead().starts_with(BYTE_ORDER_MARK) {
                        self.advance(BYTE_ORDER_MARK.len());
                        continue;
                    }
                }
                return Ok(Some(byte));
            }
            self.advance(self.ahead().len());
            if !self.more()? {
                return Ok(None);
            }
        }
    }
}

/// For formats that are read as a stream, without framing.
impl Read for ReadBuffer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for ReadBuffer<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead().is_empty() {
            self.more()?;
        }
        Ok(self.ahead())
    }

    fn consume(&mut self, count: usize) {
        self.advance(count);
    }
}
