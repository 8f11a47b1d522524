//! The bytes of an object: decompressed, buffered, and within limits.

use std::io::{self, BufRead, Read};

use json_records::{Framing, Indexer, ReadBuffer, ReadError, RecordReader};

use super::compression::{Compression, decompressed, fault, is_damage};
use super::container::{Container, HEADER};
use super::part::is_unreadable_part;
use super::{Foreign, Limits, ReadFault};

/// Bytes of the first preview. Nearly all exports are recognised by it.
const PREVIEW: usize = 64 * 1024;

/// Bytes of the longest preview.
const LONGEST_PREVIEW: usize = 16 * 1024 * 1024;

/// The ratio of the next preview's length to the length before.
const PREVIEW_GROWTH: usize = 4;

/// An object's bytes.
pub struct Input<'a> {
    buffer: ReadBuffer<'a>,
    compression: Compression,
    pub(crate) limits: Limits,
}

impl<'a> Input<'a> {
    /// Opens an object, compressed or not.
    ///
    /// # Errors
    /// [`ReadFault`] when its beginning cannot be read.
    pub fn open(bytes: impl Read + Send + 'a, limits: Limits) -> Result<Self, ReadFault> {
        let (bytes, compression) = decompressed(bytes, limits)?;
        Ok(Self { compression, ..Self::new(bytes, limits) })
    }

    /// An input of uncompressed text.
    pub(crate) fn new(bytes: Box<dyn Read + Send + 'a>, limits: Limits) -> Self {
        Self { buffer: ReadBuffer::new(bytes, is_damage), compression: Compression::None, limits }
    }

    /// An input of text in memory. It allocates no other buffer, so a short text costs little.
    pub(crate) fn of_text(text: Vec<u8>, limits: Limits) -> Self {
        Self { buffer: ReadBuffer::of_text(text), compression: Compression::None, limits }
    }

    /// How the object is compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// A reader of the JSON records from this position on.
    pub(crate) fn records<'i, const N: usize>(
        &'i mut self,
        framing: Framing,
        indexer: &'i mut Indexer<N>,
    ) -> RecordReader<'i, 'a, N> {
        let limits = json_records::Limits { record: self.limits.record };
        RecordReader::new(&mut self.buffer, indexer, framing, limits)
    }

    /// The bytes that have been read and not been consumed.
    pub(crate) fn ahead(&self) -> &[u8] {
        self.buffer.ahead()
    }

    /// Whether the bytes ahead begin a part that is not read. After an error, the damaged text is still ahead.
    pub(crate) fn begins_unreadable_part(&self) -> bool {
        is_unreadable_part(self.ahead())
    }

    /// Consumes `count` of the bytes ahead.
    pub(crate) fn advance(&mut self, count: usize) {
        self.buffer.advance(count);
    }

    /// Reads another block. Returns whether there was one.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        self.buffer.more()
    }

    /// The beginning of the object without a leading byte order mark and white space: at least 64 KiB, or the whole
    /// object.
    ///
    /// # Errors
    /// [`ReadFault`] when it cannot be read, is empty, or is a [`Container`].
    pub fn preview(&mut self) -> Result<&[u8], ReadFault> {
        self.look_ahead(HEADER)?;
        if let Some(container) = Container::of(self.ahead()) {
            return Err(ReadFault::NotAnExport(Foreign::Container(container)));
        }
        self.skip_white_space()?;
        self.look_ahead(PREVIEW)?;
        if self.ahead().is_empty() { Err(ReadFault::Empty) } else { Ok(self.ahead()) }
    }

    /// A longer preview, at most about [`LONGEST_PREVIEW`] bytes or the longest record. `None` if the object has no
    /// more.
    ///
    /// # Errors
    /// [`ReadFault`] when it cannot be read.
    pub fn longer_preview(&mut self) -> Result<Option<&[u8]>, ReadFault> {
        let before = self.ahead().len();
        let longest = self.longest_preview();
        if before < longest {
            self.look_ahead(before.saturating_mul(PREVIEW_GROWTH).min(longest))?;
        }
        Ok(if self.ahead().len() > before { Some(self.ahead()) } else { None })
    }

    /// Whether the bytes ahead are the rest of the object, if no longer preview of it was left.
    pub(crate) fn is_whole_ahead(&self) -> bool {
        self.ahead().len() < self.longest_preview()
    }

    /// Bytes of the longest preview of this object.
    fn longest_preview(&self) -> usize {
        LONGEST_PREVIEW.max(self.limits.record.saturating_add(PREVIEW))
    }

    /// Reads until `count` bytes are ahead, or the object ends. Damage after some bytes is reported once these are
    /// consumed, because they may be whole records.
    pub(crate) fn look_ahead(&mut self, count: usize) -> io::Result<()> {
        self.buffer.look_ahead(count)
    }

    /// The damage that ends the object within its beginning, if any. It explains best why no shape recognises the
    /// object.
    pub(crate) fn damage(&mut self) -> Option<ReadFault> {
        self.buffer.take_error().map(fault)
    }

    /// Consumes white space and byte order marks, and returns the byte after them without consuming that.
    pub(crate) fn skip_white_space(&mut self) -> io::Result<Option<u8>> {
        self.buffer.skip_white_space()
    }
}

impl From<ReadError> for ReadFault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => fault(error),
            ReadError::Truncated => Self::Truncated("a JSON document"),
        }
    }
}

/// For formats that are read as a stream, without framing.
impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.buffer.read(buffer)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.buffer.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.advance(count);
    }
}
