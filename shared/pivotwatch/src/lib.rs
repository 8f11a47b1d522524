//! pivotwatch: finds console logins to AWS from addresses that failed to sign in to Microsoft Entra ID.
//!
//! ```text
//! functions, cli ──► pipeline ──► store, notify, objects ──► detection
//!                        └──────► entra, aws ───────────────────┘
//!                                     └────► input
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`detection`] | the rule and everything that follows from it; pure |
//! | [`entra`] | sign-in exports in |
//! | [`aws`] | console logins in |
//! | [`input`] | the bytes of objects, decompressed and cut into records |
//! | [`store`] | facts and incidents, in DynamoDB or in memory |
//! | [`objects`] | objects in S3, and the events that tell of them |
//! | [`notify`] | messages out |
//! | [`pipeline`] | record, read back, settle: what both functions do |
//! | `telemetry` | an invocation's summary as one log line of metrics |
//! | [`settings`], [`clients`] | the environment, and AWS behind it |
//!
//! AWS itself is behind the feature `sdk`: [`clients`], and the implementations of the store, the objects and the messages
//! that talk to it. `telemetry` is behind the feature `telemetry`, which only the functions need.
//!
//! `docs/DESIGN.md` has the reasons.

pub mod aws;
#[cfg(feature = "sdk")]
pub mod clients;
pub mod detection;
pub mod entra;
#[cfg(feature = "sdk")]
mod error_chain;
pub mod input;
pub mod notify;
pub mod objects;
pub mod pipeline;
pub mod settings;
pub mod store;
#[cfg(feature = "telemetry")]
pub mod telemetry;
