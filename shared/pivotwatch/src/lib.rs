//! pivotwatch: finds console logins to AWS from addresses that failed to sign in to Microsoft Entra ID.
//!
//! ```text
//!                               ┌─► store, notify ──► detection
//!                               │                         ▲
//! functions, cli ──► pipeline ──┼─► entra, aws ───────────┤
//!                               │                         ▼
//!                               └─► objects ────────────► input ──► json-records
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`detection`] | the rule: tallies, matches, incidents; no I/O and no clock |
//! | [`entra`] | parses sign-in exports, by shape |
//! | [`aws`] | parses CloudTrail records, and finds them in events and log files |
//! | [`input`] | opens objects: compression, encoding, CSV, containers, limits |
//! | [`json_records`] | the crate that frames, validates and indexes JSON records |
//! | [`store`] | stores facts and incidents, in DynamoDB or in memory |
//! | [`objects`] | reads objects from S3, and parses notifications about them |
//! | [`notify`] | writes and publishes the messages of incidents |
//! | [`pipeline`] | records facts, reads evidence back, settles incidents: the handlers of both functions |
//! | `telemetry` | prints an invocation's summary as metrics, in one log line |
//! | [`settings`] | parses the environment variables |
//! | `clients` | configures the AWS clients |
//! | `error_chain` | renders a chain of errors, as those of the AWS clients |
//!
//! The feature `sdk` enables `clients`, and the adapters for DynamoDB, S3 and SNS. The feature `telemetry` enables
//! `telemetry`, which only the functions need.
//!
//! `docs/DESIGN.md` has the reasons.

pub mod aws;
#[cfg(feature = "sdk")]
pub mod clients;
pub mod detection;
pub mod entra;
#[cfg(feature = "sdk")]
pub mod error_chain;
pub mod input;
pub mod notify;
pub mod objects;
pub mod pipeline;
pub mod settings;
pub mod store;
#[cfg(feature = "telemetry")]
pub mod telemetry;
