//! Who signed in to Entra ID successfully, in bounded space.
//!
//! Successes distinguish an office from an attacker: in an office, most of the users who fail then succeed. They are
//! recorded beside the failures that came in the same export, so an address without failures costs nothing. Their
//! number is therefore a lower bound.

use super::name_set::truncated_name;
use super::sample::{Sample, hash};

/// Users kept in a tally. Beyond, their number is an estimate.
pub const USERS: usize = 256;

/// The second of the day in place of a time that the export does not decide.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// The users who succeeded: the hash of each name, with the second of the day of the first success.
pub type Successes = Sample<USERS, u32>;

/// The hash of a user's name in lower case. Equal to the hash of the same user among the users who failed, so that the
/// two can be compared without the names.
#[must_use]
pub fn user_hash(user: &str) -> u64 {
    hash(&[truncated_name(user)])
}
