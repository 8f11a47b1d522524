//! Sign-in exports: the outcome of each record in every shape, and the objects that are refused.

mod agreement;
mod beside_others;
mod capture;
mod compression;
mod containers;
mod cultures;
mod date_orders;
mod defender;
mod diagnostic;
mod forwarded;
mod framing;
mod graph;
mod kibana;
mod limits;
mod log_analytics;
mod long_keys;
mod portal_csv;
mod published;
mod published_logins;
mod query_csv;
mod refused;
mod rewritten;
mod tools;
mod values;
mod without_id;
mod writers;
