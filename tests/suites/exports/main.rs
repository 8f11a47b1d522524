//! Sign-in exports: the outcome of each record in every shape, and the objects that are refused.

mod agreement;
mod answers;
mod beside_others;
mod capture;
mod clients;
mod compression;
mod containers;
mod cultures;
mod date_orders;
mod defender;
mod diagnostic;
mod forwarded;
mod forwarded_logins;
mod framing;
mod graph;
mod kibana;
mod limits;
mod log_analytics;
mod long_keys;
mod pages;
mod portal_csv;
mod published;
mod published_logins;
mod query_csv;
mod refused;
mod rewritten;
mod strangers;
mod summaries;
mod tools;
mod values;
mod without_id;
mod writers;

use pivotwatch_tests::facts::SignIn;
use serde_json::Value;

/// Writes one sign-in as a record.
type RecordWriter = fn(&SignIn) -> Value;
