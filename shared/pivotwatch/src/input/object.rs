//! The bytes of an object, as formats read them: decompressed, buffered, and within limits.

use std::io::{self, BufRead, Read};

use json_records::{Framing, Indexer, ReadBuffer, ReadError, RecordReader};

use super::compression::{Compression, decompressed, fault, is_compressed, is_damage};
use super::container::{Container, HEADER};
use super::{Foreign, Limits, ReadFault};

/// Bytes of the beginning by which nearly all shapes are recognised.
const BEGINNING: usize = 64 * 1024;

/// Bytes of the longest beginning by which a shape is recognised.
const LONGEST_BEGINNING: usize = 16 * 1024 * 1024;

/// How many times as long the next beginning is, if one does not suffice.
const LONGER_BEGINNING: usize = 4;

/// An object's bytes.
pub struct Input<'a> {
    buffer: ReadBuffer<'a>,
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

    /// Text that is not compressed.
    pub(crate) fn new(bytes: Box<dyn Read + Send + 'a>, limits: Limits) -> Self {
        Self { buffer: ReadBuffer::new(bytes, is_damage), compression: Compression::None, limits }
    }

    /// Text in memory. It takes no other buffer, so that a short text costs little.
    pub(crate) fn of_text(text: Vec<u8>, limits: Limits) -> Self {
        Self { buffer: ReadBuffer::of_text(text), compression: Compression::None, limits }
    }

    /// How the object is compressed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The records of JSON from here on.
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

    /// Whether the bytes ahead begin as compressed data does. A text that broke off is still ahead.
    pub(crate) fn begins_compressed(&self) -> bool {
        is_compressed(self.ahead())
    }

    /// Consumes `count` of the bytes ahead.
    pub(crate) fn advance(&mut self, count: usize) {
        self.buffer.advance(count);
    }

    /// Reads another block. Returns whether there was one.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        self.buffer.more()
    }

    /// The beginning without a byte order mark and leading white space: so much of it, or all there is.
    ///
    /// # Errors
    /// [`ReadFault`] when it cannot be read, when there is nothing, or when it is no text of records but a [`Container`].
    pub fn beginning(&mut self) -> Result<&[u8], ReadFault> {
        self.look_ahead(HEADER)?;
        if let Some(container) = Container::of(self.ahead()) {
            return Err(ReadFault::NotAnExport(Foreign::Container(container)));
        }
        self.skip_white_space()?;
        self.look_ahead(BEGINNING)?;
        if self.ahead().is_empty() { Err(ReadFault::Empty) } else { Ok(self.ahead()) }
    }

    /// A longer beginning, of about [`LONGEST_BEGINNING`] bytes or the longest record at most; `None` when there is none.
    ///
    /// # Errors
    /// [`ReadFault`] when it cannot be read.
    pub fn longer_beginning(&mut self) -> Result<Option<&[u8]>, ReadFault> {
        let before = self.ahead().len();
        let longest = LONGEST_BEGINNING.max(self.limits.record.saturating_add(BEGINNING));
        if before < longest {
            self.look_ahead(before.saturating_mul(LONGER_BEGINNING).min(longest))?;
        }
        Ok(if self.ahead().len() > before { Some(self.ahead()) } else { None })
    }

    /// Reads until `count` bytes are ahead, or all that there are. Damage after some bytes is reported once these were
    /// consumed: they may be whole records.
    pub(crate) fn look_ahead(&mut self, count: usize) -> io::Result<()> {
        self.buffer.look_ahead(count)
    }

    /// The damage that ends the object within its beginning, if there is some: it explains best why the beginning is not
    /// recognised.
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
            ReadError::TooManyArrays => Self::Corrupt("arrays are nested deeper than in any export".to_owned()),
        }
    }
}

/// For formats that are read from the beginning to the end, and not framed.
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
