//! The rule, without input and output: from facts to incidents.
//!
//! All functions take and return plain values, without I/O, AWS types or a clock. The same facts therefore give the
//! same incidents, in any order.
//!
//! | module | holds |
//! |---|---|
//! | [`rule`] | the rule's constants and parameters |
//! | [`address`], [`day`], [`source`] | the types of a fact's fields |
//! | [`failure`], [`profile`] | failed sign-ins, and who failed by which client |
//! | [`tally`], [`hour`], [`sample`], [`bounded_set`], [`name_set`] | tallies of failures, in bounded space |
//! | [`references`], [`successes`] | the way back to Entra ID, and who succeeded |
//! | [`result_code`] | what Entra's result codes mean, and their classes |
//! | [`account`], [`login`], [`failed_login`] | console logins, successful or not, and the rule's names for their users |
//! | [`parameters`] | the bounds and the notation of the rule's parameters |
//! | [`window`] | when a login matches |
//! | [`tuning`] | which incidents entries hide |
//! | [`signal`] | what makes an incident more or less urgent, and its severity |
//! | [`incident`], [`matched_by`], [`context`], [`failure_index`] | the incidents of an address, and their reports |
//! | [`likely_cause`] | what the failures look like, as a guess for a responder |
//! | [`judgement`] | which incidents are mailed |
//! | [`evidence`] | the same decision about all facts of an address at once, by which tests judge the pipeline |
//! | [`reporting`], [`ledger`] | when an incident is reported, and how many messages are sent |

pub mod account;
pub mod address;
pub mod bounded_set;
pub mod context;
pub mod day;
pub mod evidence;
pub mod failed_login;
pub mod failure;
pub mod failure_index;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod hour;
pub mod incident;
pub mod judgement;
pub mod ledger;
pub mod likely_cause;
pub mod login;
pub mod matched_by;
pub mod name_set;
pub mod parameters;
pub mod profile;
pub mod references;
pub mod reporting;
pub mod result_code;
pub mod rule;
pub mod sample;
pub mod signal;
pub mod source;
pub mod successes;
pub mod tally;
pub mod tuning;
pub mod window;

pub use address::Address;
pub use day::Day;
pub use evidence::{Evidence, incidents};
pub use failed_login::FailedLogin;
pub use failure::Failure;
pub use incident::{Incident, IncidentReport};
pub use login::Login;
pub use rule::Rule;
pub use source::Source;
pub use tally::{Tallies, Tally};
pub use tuning::Tuning;
