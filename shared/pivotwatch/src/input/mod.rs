//! The bytes of an object: decompressed, and cut into records whatever these say.
//!
//! Sign-in exports and CloudTrail's log files come in the same wrappings, so both are read through this. Everything here
//! reads from [`std::io::Read`], so that the Lambda and a command on a laptop read alike.

mod compression;
mod container;
pub(crate) mod csv;
mod encoding;
mod fault;
mod limited;
mod limits;
mod object;
pub(crate) mod sniff;

pub use compression::{Compression, Interrupted};
pub(crate) use compression::{LONGEST_MAGIC, is_compressed};
pub use container::Container;
pub use fault::{Foreign, ReadFault};
pub(crate) use limited::Expansion;
pub use limits::Limits;
pub use object::Input;
