//! The bytes of an object: decompressed, and cut into records whatever these say.
//!
//! Sign-in exports and CloudTrail's log files come in the same wrappings, so both are read through this. Everything here
//! reads from [`std::io::Read`], so that the Lambda and a command on a laptop read alike.

mod compression;
mod container;
pub(crate) mod csv;
mod encoding;
mod fault;
pub(crate) mod json;
pub(crate) mod likeness;
mod limited;
mod marks;
pub(crate) mod members;
pub(crate) mod names;
mod repair;
pub(crate) mod scalar;
mod scan;
pub(crate) mod walk;
mod window;

pub use compression::{Compression, Interrupted};
pub(crate) use compression::{LONGEST_MAGIC, is_compressed};
pub use container::Container;
pub use fault::{Foreign, ReadFault};
pub(crate) use limited::Expansion;
pub(crate) use repair::{for_sniffing, read_or_repair, repaired};
pub use window::{Input, Limits};
