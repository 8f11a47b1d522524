//! A window onto the decompressed bytes, from which records are cut without copying them.

use std::io::{self, BufRead, Read};

use super::compression::{Compression, decompressed, fault, is_compressed, is_damage};
use super::container::{Container, HEADER};
use super::{Foreign, ReadFault};

/// How much is read at a time: less would have more records begun and not ended, which are looked at again.
const BLOCK: usize = 256 * 1024;

/// Bytes of the beginning by which nearly all shapes are recognised.
const HEAD: usize = 64 * 1024;

/// Bytes of the longest beginning by which a shape is recognised.
const LONGEST_HEAD: usize = 16 * 1024 * 1024;

/// How many times as long the next beginning is, if one does not suffice.
const LONGER_HEAD: usize = 4;

/// In UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What an object may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record. A longer one is rejected and passed over without being held in memory.
    pub record: usize,
    /// Bytes of the whole object, decompressed. Nothing is read beyond.
    pub object: u64,
    /// How many bytes one compressed byte may become, over the whole object.
    pub ratio: u64,
    /// How deep the objects and arrays of a record of JSON may lie in one another, the record being the first. A deeper one
    /// is rejected.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Real records have 2 to 40 KiB, and an hour of a large tenant some GiB; text of logs shrinks to a tenth or a
        // twentieth, and not much further when a script repeats one record. The deepest is six deep.
        Self { record: 1024 * 1024, object: 64 * 1024 * 1024 * 1024, ratio: 400, depth: 128 }
    }
}

/// An object's bytes. `buffer[start..end]` has been read and not been used.
pub struct Input<'a> {
    bytes: Box<dyn Read + Send + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    /// Damage behind what has been read, which is told when everything before it was used.
    damage: Option<io::Error>,
    compression: Compression,
    pub(crate) limits: Limits,
}

impl<'a> Input<'a> {
    /// Opens an object, whatever its compression.
    ///
    /// # Errors
    /// [`ReadFault`] when not even its beginning can be read.
    pub fn open(bytes: impl Read + Send + 'a, limits: Limits) -> Result<Self, ReadFault> {
        let (bytes, compression) = decompressed(bytes, limits)?;
        Ok(Self { compression, ..Self::new(bytes, limits) })
    }

    /// Text that is in no compression.
    pub(crate) fn new(bytes: Box<dyn Read + Send + 'a>, limits: Limits) -> Self {
        let compression = Compression::None;
        Self { bytes, buffer: vec![0; BLOCK], start: 0, end: 0, finished: false, damage: None, compression, limits }
    }

    /// Text that is in memory already. It takes no buffer of its own, so that a short text costs little.
    pub(crate) fn of_text(text: Vec<u8>, limits: Limits) -> Self {
        let (end, compression) = (text.len(), Compression::None);
        let bytes = Box::new(io::empty());
        Self { bytes, buffer: text, start: 0, end, finished: true, damage: None, compression, limits }
    }

    /// How the object is compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// What has been read and not been used.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether what is ahead begins as compressed data does. What broke off is still ahead.
    pub(crate) fn begins_compressed(&self) -> bool {
        is_compressed(self.ahead())
    }

    /// Uses up `count` bytes of what is ahead.
    pub(crate) fn advance(&mut self, count: usize) {
        self.start += count;
    }

    /// Uses up `count` bytes and returns them.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        self.start += count;
        &self.buffer[self.start - count..self.start]
    }

    /// Reads on. Returns whether there was anything more.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if let Some(damage) = self.damage.take() {
            return Err(damage);
        }
        if self.finished {
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
        self.finished = read == 0;
        Ok(read > 0)
    }

    /// The beginning without a byte order mark and leading white space: so much of it, or all there is.
    ///
    /// # Errors
    /// [`ReadFault`] when it cannot be read, when there is nothing, or when it is no text of records but a [`Container`].
    pub fn head(&mut self) -> Result<&[u8], ReadFault> {
        self.look_ahead(HEADER).map_err(fault)?;
        if let Some(container) = Container::of(self.ahead()) {
            return Err(ReadFault::NotAnExport(Foreign::Container(container)));
        }
        self.fill_head().map_err(fault)?;
        if self.ahead().is_empty() { Err(ReadFault::Empty) } else { Ok(self.ahead()) }
    }

    /// A longer beginning, of about [`LONGEST_HEAD`] bytes or the longest record at most; `None` when there is none.
    ///
    /// # Errors
    /// [`ReadFault`] when it cannot be read.
    pub fn longer_head(&mut self) -> Result<Option<&[u8]>, ReadFault> {
        let before = self.ahead().len();
        let longest = LONGEST_HEAD.max(self.limits.record.saturating_add(HEAD));
        if before < longest {
            self.look_ahead(before.saturating_mul(LONGER_HEAD).min(longest)).map_err(fault)?;
        }
        Ok(if self.ahead().len() > before { Some(self.ahead()) } else { None })
    }

    fn fill_head(&mut self) -> io::Result<()> {
        self.skip_white_space()?;
        self.look_ahead(HEAD)
    }

    /// Reads on until so much is ahead, if there is so much. Damage behind what is ahead is told when that was used: it may
    /// be whole, and is all there is.
    pub(crate) fn look_ahead(&mut self, count: usize) -> io::Result<()> {
        while self.ahead().len() < count && self.damage.is_none() {
            match self.more() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if is_damage(&error) && !self.ahead().is_empty() => {
                    self.damage = Some(error);
                    self.finished = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The damage that ends the object within its beginning, if there is some: then it explains best why that cannot be
    /// recognised.
    pub(crate) fn damage(&mut self) -> Option<ReadFault> {
        self.damage.take().map(fault)
    }

    /// Goes to the next byte that is not white space, and returns it. A byte order mark is white space: files that were put
    /// one behind another have some within.
    pub(crate) fn skip_white_space(&mut self) -> io::Result<Option<u8>> {
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

/// For what is better read from its beginning to its end than cut.
impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Input<'_> {
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
