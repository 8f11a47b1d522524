//! Exports to measure with, and a store that counts.
//!
//! The exports are sign-ins as a tenant of some ten thousand people has them: made up, and for the same seed the same on
//! every machine.

mod chance;
mod counting;
pub mod findings;
mod record;
mod sign_in;

pub use counting::{Counting, Work, pipeline};
pub use record::{Order, write_record};
pub use sign_in::{SignIn, SignIns};
