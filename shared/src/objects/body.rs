//! The bytes of an object, on their way from an asynchronous source to a reader that blocks.

use std::io::{self, Read};

use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::input::Interrupted;

/// Pieces that are fetched ahead of the reader. S3 gives them as they come off the network, some 8 to 64 KiB each.
const AHEAD: usize = 32;

/// A piece of an object, or why there are no more.
type Piece<B> = Result<B, Interrupted>;

/// An object's bytes as a reader. Reading blocks, so it belongs on a thread for blocking work.
#[derive(Debug)]
pub struct Body {
    pieces: Receiver<Piece<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
}

impl Body {
    /// A body, and where to put its pieces. Dropping the sender ends it.
    #[must_use]
    pub fn channel() -> (Sender<Piece<Vec<u8>>>, Self) {
        let (sender, pieces) = mpsc::channel(AHEAD);
        (sender, Self { pieces, piece: io::Cursor::default() })
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = io::Cursor::new(piece?),
            }
        }
    }
}
