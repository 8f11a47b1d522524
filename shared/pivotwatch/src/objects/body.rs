//! The bytes of an object as a reader.

use std::fmt;
use std::io::{self, Read};

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::input::Interrupted;

/// Pieces that are fetched ahead of the reader. S3's client returns pieces of some 8 to 64 KiB.
const AHEAD: usize = 32;

/// A piece of an object, or the error that ends the transfer.
pub type Piece = Result<Bytes, Interrupted>;

/// An object's bytes. Reading can block, so it must run on a thread for blocking work.
pub struct Body(Box<dyn Read + Send>);

impl Body {
    /// The bytes of a reader.
    #[must_use]
    pub fn of(reader: impl Read + Send + 'static) -> Self {
        Self(Box::new(reader))
    }

    /// A body that is fed by an asynchronous source through the sender. Dropping the sender ends the body.
    #[must_use]
    pub fn channel() -> (Sender<Piece>, Self) {
        let (sender, pieces) = mpsc::channel(AHEAD);
        (sender, Self::of(Pieces { pieces, piece: Bytes::new().reader() }))
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

/// Concatenates pieces.
struct Pieces {
    pieces: Receiver<Piece>,
    piece: Reader<Bytes>,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?.reader(),
            }
        }
    }
}
