//! Exports for measurements, and a store that counts.
//!
//! The sign-ins are those of a tenant of some ten thousand people: generated, and the same for the same seed on every
//! machine.

mod chance;
mod counting;
pub mod findings;
mod record;
mod sign_in;

pub use counting::{Counting, Work, pipeline};
pub use record::{Order, write_record};
pub use sign_in::{SignIn, SignIns};
