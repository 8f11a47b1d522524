//! Limits the decompressed size of an object, so that a decompression bomb cannot exhaust a function's time.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Limits;

/// Decompressed bytes that are exempt from the ratio. A decoder returns much for its first block, and a small file may
/// repeat one record.
const EXEMPT: u64 = 16 * 1024 * 1024;

/// A limit that an object has exceeded.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum Exceeded {
    /// [`Limits::object`].
    #[error("more than {0} bytes")]
    Object(u64),
    /// [`Limits::ratio`].
    #[error("more than {0} bytes for one")]
    Ratio(u64),
}

impl From<Exceeded> for io::Error {
    fn from(exceeded: Exceeded) -> Self {
        Self::other(exceeded)
    }
}

/// The compressed and the decompressed bytes of an object so far.
pub(crate) struct Expansion {
    consumed: Arc<AtomicU64>,
    produced: Arc<AtomicU64>,
    limits: Limits,
}

impl Expansion {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { consumed: Arc::default(), produced: Arc::default(), limits }
    }

    /// The expansion of the next decoder, for the same compressed bytes of the object.
    pub(crate) fn next_layer(&self) -> Self {
        Self { consumed: Arc::clone(&self.consumed), produced: Arc::default(), limits: self.limits }
    }

    /// Counts the bytes that a decoder takes.
    pub(crate) fn metered<R>(&self, bytes: R) -> Metered<R> {
        Metered { bytes, consumed: Arc::clone(&self.consumed) }
    }

    /// Limits the bytes that a decoder returns.
    pub(crate) fn limited<R>(&self, bytes: R) -> Limited<R> {
        let Self { consumed, produced, limits } = self;
        Limited { bytes, consumed: Arc::clone(consumed), produced: Arc::clone(produced), limits: *limits }
    }
}

/// A decoder's source, counted.
pub(crate) struct Metered<R> {
    bytes: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.consumed.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A decoder's output, limited.
pub(crate) struct Limited<R> {
    bytes: R,
    consumed: Arc<AtomicU64>,
    produced: Arc<AtomicU64>,
    limits: Limits,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The bytes up to the limit are returned before the error.
        let room = self.limits.object.saturating_sub(self.produced.load(Ordering::Relaxed));
        if room == 0 && !buffer.is_empty() {
            return match self.bytes.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(Exceeded::Object(self.limits.object).into()),
            };
        }
        let most = usize::try_from(room).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.bytes.read(&mut buffer[..most])?;
        let produced = self.produced.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        let consumed = self.consumed.load(Ordering::Relaxed);
        if produced > EXEMPT && produced > consumed.saturating_mul(self.limits.ratio) {
            return Err(Exceeded::Ratio(self.limits.ratio).into());
        }
        Ok(read)
    }
}
