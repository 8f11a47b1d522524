//! Compression, told by the first bytes and never by the name of the object.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::container::Container;
use super::encoding::{ByteOrder, Utf16};
use super::limited::{Exceeded, Expansion};
use super::{Foreign, Limits, ReadFault};

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// A zstd stream can also begin with a frame that says nothing: `0x184D2A50` to `0x184D2A5F`, in little endian.
const ZSTD_SKIPPABLE: &[u8] = b"\x2a\x4d\x18";

/// Large enough that a decoder is called seldom, small enough to stay in the cache.
const BUFFER: usize = 64 * 1024;

/// The longest distance that a zstd stream may refer back to: 2^25 bytes are 32 MiB, which a decoder holds in memory.
/// All levels without `--long` or `--ultra` stay within 8 MiB.
const ZSTD_WINDOW: u32 = 25;

/// How an object is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip.
    Gzip,
    /// By Zstandard.
    Zstd,
}

impl Compression {
    /// The name in logs and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn of(first: &[u8]) -> Self {
        if first.starts_with(GZIP) {
            Self::Gzip
        } else if first.starts_with(ZSTD) || (first.get(1..) == Some(ZSTD_SKIPPABLE) && first[0] & 0xf0 == 0x50) {
            Self::Zstd
        } else {
            Self::None
        }
    }
}

/// The bytes stopped coming for a reason that has nothing to do with what they say. A source of bytes wraps its errors
/// in this, so that a lost connection is not taken for a damaged object.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Interrupted(pub String);

impl From<Interrupted> for io::Error {
    fn from(interrupted: Interrupted) -> Self {
        Self::other(interrupted)
    }
}

/// How often an object may be compressed: a shipper compresses a file that is compressed already.
const LAYERS: usize = 2;

/// The text as it was before compression, and the outermost compression.
pub(super) fn decompressed<'a>(
    bytes: impl Read + Send + 'a,
    limits: Limits,
) -> Result<(Box<dyn Read + Send + 'a>, Compression), ReadFault> {
    // Each layer gives no more than the limits allow for the bytes of the object itself.
    let taken = Expansion::new(limits);
    let (mut plain, outermost) = without_layer(Box::new(taken.metered(bytes)), &taken)?;
    let mut compression = outermost;
    for _ in 1..LAYERS {
        if compression != Compression::None {
            (plain, compression) = without_layer(plain, &taken.next_layer())?;
        }
    }
    let (mark, plain) = with_first(plain, ZSTD.len())?;
    if compression != Compression::None && Compression::of(&mark) != Compression::None {
        return Err(ReadFault::NotAnExport(Foreign::Container(Container::Nested)));
    }
    let text: Box<dyn Read + Send + 'a> = match ByteOrder::of(&mark) {
        Some(order) => Box::new(Utf16::new(BufReader::with_capacity(BUFFER, plain), order)),
        None => plain,
    };
    Ok((text, outermost))
}

/// Bytes by which [`is_compressed`] decides.
pub(crate) const LONGEST_MAGIC: usize = 8;

/// Whether bytes are the beginning of compressed data or of an archive. A record and a row never begin so.
pub(crate) fn is_compressed(text: &[u8]) -> bool {
    Compression::of(&text[..text.len().min(ZSTD.len())]) != Compression::None || Container::is_binary(text)
}

/// Bytes without the compression that they are in.
fn without_layer<'a>(
    bytes: Box<dyn Read + Send + 'a>,
    expansion: &Expansion,
) -> Result<(Box<dyn Read + Send + 'a>, Compression), ReadFault> {
    let (first, bytes) = with_first(bytes, ZSTD.len())?;
    let compression = Compression::of(&first);
    let plain: Box<dyn Read + Send + 'a> = match compression {
        Compression::None => Box::new(expansion.limited(bytes)),
        Compression::Gzip => Box::new(expansion.limited(Gzip::new(BufReader::with_capacity(BUFFER, bytes)))),
        Compression::Zstd => {
            let buffered = BufReader::with_capacity(BUFFER, bytes);
            let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered).map_err(fault)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(fault)?;
            Box::new(expansion.limited(decoder))
        }
    };
    Ok((plain, compression))
}

/// The first `count` bytes, or all there are, and the bytes from their beginning.
fn with_first<'a>(
    mut bytes: Box<dyn Read + Send + 'a>,
    count: usize,
) -> Result<(Vec<u8>, Box<dyn Read + Send + 'a>), ReadFault> {
    let mut first = Vec::with_capacity(count);
    bytes.by_ref().take(count as u64).read_to_end(&mut first).map_err(fault)?;
    let whole = io::Cursor::new(first.clone()).chain(bytes);
    Ok((first, Box::new(whole)))
}

/// Gzip as it is found: members one behind another, as log shippers write them, and zeros behind the last, as tapes and
/// block devices leave them.
struct Gzip<R: BufRead> {
    /// There is none only while the next member is being looked for.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    fn new(bytes: R) -> Self {
        Self { member: Some(GzDecoder::new(bytes)) }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            if has_another_member(&mut rest)? {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Passes zeros over, and tells whether there is anything else. What is not the start of a member is the decoder's to
/// refuse: it can be the rest of a damaged one, and must not be lost without a word.
fn has_another_member(bytes: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let ahead = bytes.fill_buf()?;
        if ahead.is_empty() {
            return Ok(false);
        }
        let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
        let is_all = zeros == ahead.len();
        bytes.consume(zeros);
        if !is_all {
            return Ok(true);
        }
    }
}

impl From<io::Error> for ReadFault {
    fn from(error: io::Error) -> Self {
        fault(error)
    }
}

/// Whether an error is about the data, and no trouble on the way to it: sources of bytes wrap their own errors in
/// [`Interrupted`], and what else goes wrong in these ways goes wrong in a decoder. Zstandard's calls everything "other".
pub(super) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    let is_interrupted = error.get_ref().and_then(|inner| inner.downcast_ref::<Interrupted>()).is_some();
    !is_interrupted && matches!(error.kind(), UnexpectedEof | InvalidData | InvalidInput | Other)
}

/// What an error says of the object.
pub(super) fn fault(error: io::Error) -> ReadFault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Exceeded>()) {
        Some(Exceeded::Object(limit)) => ReadFault::TooLarge(*limit),
        Some(Exceeded::Ratio(limit)) => ReadFault::Bomb(*limit),
        None if !is_damage(&error) => ReadFault::Transfer(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => ReadFault::Truncated("its compressed data"),
        None => ReadFault::Corrupt(error.to_string()),
    }
}
