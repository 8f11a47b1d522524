//! Decompresses an object. The first bytes decide the compression, never the object's name.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::container::Container;
use super::encoding::{ByteOrder, Utf16};
use super::json_sequence::{JsonSequence, is_sequence};
use super::limited::{Exceeded, Expansion};
use super::{Foreign, Limits, ReadFault};

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The last bytes of a skippable frame's magic: `0x184D2A50` to `0x184D2A5F`, in little endian. It can start a stream.
const ZSTD_SKIPPABLE: &[u8] = b"\x2a\x4d\x18";

/// Bytes of a decoder's input buffer: large enough for few calls, small enough for the CPU's cache.
const BUFFER: usize = 64 * 1024;

/// The binary logarithm of the largest zstd window: 32 MiB, which a decoder holds in memory. All levels without
/// `--long` or `--ultra` use at most 8 MiB.
const ZSTD_WINDOW: u32 = 25;

/// How an object is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not compressed.
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

    pub(super) fn of(first: &[u8]) -> Self {
        if first.starts_with(GZIP) {
            Self::Gzip
        } else if first.starts_with(ZSTD) || (first.get(1..) == Some(ZSTD_SKIPPABLE) && first[0] & 0xf0 == 0x50) {
            Self::Zstd
        } else {
            Self::None
        }
    }
}

/// The transfer failed, for a reason outside of the object. A source of bytes wraps its errors in this type, so that a
/// lost connection does not count as a damaged object.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Interrupted(pub String);

impl From<Interrupted> for io::Error {
    fn from(interrupted: Interrupted) -> Self {
        Self::other(interrupted)
    }
}

/// The most layers of compression. A shipper may compress a compressed file.
const LAYERS: usize = 2;

/// The decompressed text in UTF-8, and the outermost compression.
pub(super) fn decompressed<'a>(
    bytes: impl Read + Send + 'a,
    limits: Limits,
) -> Result<(Box<dyn Read + Send + 'a>, Compression), ReadFault> {
    // The limits of each layer refer to the bytes of the object itself.
    let expansion = Expansion::new(limits);
    let (mut plain, outermost) = without_layer(Box::new(expansion.metered(bytes)), &expansion)?;
    let mut compression = outermost;
    for _ in 1..LAYERS {
        if compression != Compression::None {
            (plain, compression) = without_layer(plain, &expansion.next_layer())?;
        }
    }
    let (first, plain) = with_first(plain, ZSTD.len())?;
    if compression != Compression::None && Compression::of(&first) != Compression::None {
        return Err(ReadFault::NotAnExport(Foreign::Container(Container::Nested)));
    }
    let text: Box<dyn Read + Send + 'a> = match ByteOrder::of(&first) {
        Some(order) => Box::new(Utf16::new(BufReader::with_capacity(BUFFER, plain), order)),
        None if is_sequence(&first) => Box::new(JsonSequence(plain)),
        None => plain,
    };
    Ok((text, outermost))
}

/// Removes one layer of compression, if there is one.
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

/// The first bytes, at most `count`, and all bytes including these.
fn with_first<'a>(
    mut bytes: Box<dyn Read + Send + 'a>,
    count: usize,
) -> Result<(Vec<u8>, Box<dyn Read + Send + 'a>), ReadFault> {
    let mut first = Vec::with_capacity(count);
    bytes.by_ref().take(count as u64).read_to_end(&mut first).map_err(fault)?;
    let whole = io::Cursor::new(first.clone()).chain(bytes);
    Ok((first, Box::new(whole)))
}

/// Decodes gzip: concatenated members, as log shippers write them, and zeros after the last, as tapes and block devices
/// pad them.
struct Gzip<R: BufRead> {
    /// `None` after the last member.
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

/// Skips zeros, and returns whether other bytes follow. The decoder rejects bytes that do not start a member: they can
/// be the rest of a damaged one, and must not be lost silently.
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

/// Whether an error is damage to the data, and not a failed transfer. Sources of bytes wrap their errors in
/// [`Interrupted`], so other errors of these kinds come from a decoder. Zstandard's decoder returns `Other` for all of
/// its errors.
pub(super) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    let is_interrupted = error.get_ref().and_then(|inner| inner.downcast_ref::<Interrupted>()).is_some();
    !is_interrupted && matches!(error.kind(), UnexpectedEof | InvalidData | InvalidInput | Other)
}

/// The fault of the object that an error means.
pub(super) fn fault(error: io::Error) -> ReadFault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Exceeded>()) {
        Some(Exceeded::Object(limit)) => ReadFault::TooLarge(*limit),
        Some(Exceeded::Ratio(limit)) => ReadFault::Bomb(*limit),
        None if !is_damage(&error) => ReadFault::Transfer(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => ReadFault::Truncated("its compressed data"),
        None => ReadFault::Corrupt(error.to_string()),
    }
}
