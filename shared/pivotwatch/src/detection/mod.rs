//! What pivotwatch decides, and nothing of how it learns or tells it.
//!
//! Everything here takes plain values and returns plain values: no I/O, no AWS type, no clock. The same facts
//! therefore give the same incidents whoever computes them, in whichever order they arrived.
//!
//! | module | holds |
//! |---|---|
//! | [`rule`] | the rule and what of it can be set |
//! | [`address`], [`day`], [`source`] | the words that facts are told in |
//! | [`failure`], [`tally`], [`hour`], [`sample`], [`name_set`] | failed sign-ins, and how many of them are remembered in bounded space |
//! | [`account`], [`login`] | successful console logins, and the names that the rule gives their users |
//! | [`parameters`] | the values that the rule's settings may have, and their notation |
//! | [`window`] | when a login matches |
//! | [`incident`], [`evidence`] | what follows from everything known of an address, and what people read of it |

pub mod account;
pub mod address;
pub mod day;
pub mod evidence;
pub mod failure;
pub mod hour;
pub mod incident;
pub mod login;
pub mod name_set;
pub mod parameters;
pub mod rule;
pub mod sample;
pub mod source;
pub mod tally;
pub mod window;

pub use address::Address;
pub use day::Day;
pub use evidence::{Evidence, Tallies, incidents};
pub use failure::Failure;
pub use incident::{Incident, IncidentReport};
pub use login::Login;
pub use rule::Rule;
pub use source::Source;
pub use tally::Tally;
