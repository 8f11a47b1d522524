//! Decompresses an object, and frames its records without interpreting them.
//!
//! Sign-in exports and CloudTrail's log files have the same encodings and compressions, so both are read through this
//! module. It reads from [`std::io::Read`], so the Lambda function and the command line read alike.

mod compression;
mod container;
pub(crate) mod csv;
mod encoding;
mod fault;
mod json_sequence;
mod limited;
mod limits;
pub(crate) mod log_line;
mod object;
pub(crate) mod object_text;
mod part;
pub(crate) mod sniff;

pub use compression::{Compression, Interrupted};
pub use container::Container;
pub use fault::{Foreign, ReadFault};
pub(crate) use limited::Expansion;
pub use limits::Limits;
pub use object::Input;
pub(crate) use part::{PART_BEGINNING, is_unreadable_part};
