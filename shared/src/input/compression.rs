//! Compression, told by the first bytes and never by the name of the object.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::fault::ReadFault;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Large enough that a decoder is called seldom, small enough to stay in the cache.
const BUFFER: usize = 64 * 1024;

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

/// The bytes as they were before compression. Concatenated gzip members are one stream, as log shippers write them.
pub(super) fn decompressed<'a>(mut bytes: impl Read + Send + 'a) -> Result<Box<dyn Read + Send + 'a>, ReadFault> {
    let mut first = Vec::with_capacity(GZIP.len());
    bytes.by_ref().take(GZIP.len() as u64).read_to_end(&mut first).map_err(fault)?;
    let compressed = first == GZIP;
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(first).chain(bytes));
    Ok(if compressed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// Tells damage of the data from trouble on the way to it: decoders report damage as one of these three kinds, and
/// sources of bytes wrap their own errors in [`Interrupted`].
pub(super) fn fault(error: io::Error) -> ReadFault {
    if error.get_ref().and_then(|inner| inner.downcast_ref::<Interrupted>()).is_some() {
        return ReadFault::Transfer(error);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadFault::Truncated("its compressed data"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ReadFault::Corrupt(error.to_string()),
        _ => ReadFault::Transfer(error),
    }
}
