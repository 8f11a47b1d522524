//! The limits of what an object may become, so that a few bytes that somebody prepared cannot keep a function busy until
//! its time is over, again and again.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::window::Limits;

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

/// Counts the bytes that a decoder takes.
pub(super) struct Metered<R> {
    bytes: R,
    taken: Arc<AtomicU64>,
}

impl<R> Metered<R> {
    /// The reader, and where it counts.
    pub(super) fn new(bytes: R) -> (Self, Arc<AtomicU64>) {
        let taken = Arc::default();
        (Self { bytes, taken: Arc::clone(&taken) }, taken)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops where a limit is exceeded.
pub(super) struct Limited<R> {
    bytes: R,
    taken: Arc<AtomicU64>,
    given: u64,
    limits: Limits,
}

impl<R> Limited<R> {
    pub(super) fn new(bytes: R, taken: Arc<AtomicU64>, limits: Limits) -> Self {
        Self { bytes, taken, given: 0, limits }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.given += read as u64;
        if self.given > self.limits.object {
            return Err(Exceeded::Object(self.limits.object).into());
        }
        let taken = self.taken.load(Ordering::Relaxed);
        if self.given > UNSUSPECTED && self.given / self.limits.ratio > taken {
            return Err(Exceeded::Ratio(self.limits.ratio).into());
        }
        Ok(read)
    }
}
