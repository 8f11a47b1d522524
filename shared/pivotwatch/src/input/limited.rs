//! The limits of what an object may become, so that a few bytes that somebody prepared cannot keep a function busy until
//! its time is over, again and again.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Limits;

/// A ratio says nothing about the first bytes: a decoder gives much for a little that was read ahead, and a small file
/// may well repeat one record.
const UNSUSPECTED: u64 = 16 * 1024 * 1024;

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

/// What a decoder took and what it gave, over all of an object.
pub(crate) struct Expansion {
    taken: Arc<AtomicU64>,
    given: Arc<AtomicU64>,
    limits: Limits,
}

impl Expansion {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { taken: Arc::default(), given: Arc::default(), limits }
    }

    /// What a decoder gives that takes what this one gives: the object's bytes are the same.
    pub(crate) fn next_layer(&self) -> Self {
        Self { taken: Arc::clone(&self.taken), given: Arc::default(), limits: self.limits }
    }

    /// Counts what a decoder takes.
    pub(crate) fn metered<R>(&self, bytes: R) -> Metered<R> {
        Metered { bytes, taken: Arc::clone(&self.taken) }
    }

    /// Stops a decoder where a limit is exceeded.
    pub(crate) fn limited<R>(&self, bytes: R) -> Limited<R> {
        let Self { taken, given, limits } = self;
        Limited { bytes, taken: Arc::clone(taken), given: Arc::clone(given), limits: *limits }
    }
}

/// Bytes on their way into a decoder.
pub(crate) struct Metered<R> {
    bytes: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Bytes on their way out of a decoder.
pub(crate) struct Limited<R> {
    bytes: R,
    taken: Arc<AtomicU64>,
    given: Arc<AtomicU64>,
    limits: Limits,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // What is within the limit counts, whatever comes behind it.
        let room = self.limits.object.saturating_sub(self.given.load(Ordering::Relaxed));
        if room == 0 && !buffer.is_empty() {
            return match self.bytes.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(Exceeded::Object(self.limits.object).into()),
            };
        }
        let most = usize::try_from(room).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.bytes.read(&mut buffer[..most])?;
        let given = self.given.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        let taken = self.taken.load(Ordering::Relaxed);
        if given > UNSUSPECTED && given > taken.saturating_mul(self.limits.ratio) {
            return Err(Exceeded::Ratio(self.limits.ratio).into());
        }
        Ok(read)
    }
}
