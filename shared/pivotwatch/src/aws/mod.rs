//! Parses CloudTrail records, and finds them in events and log files.
//!
//! | module | holds |
//! |---|---|
//! | `console_login` | parses a record: from JSON to a [`Login`](crate::detection::Login) |
//! | `envelope` | decides whether an object around records is one of AWS |
//! | `event` | finds the record in an EventBridge event |
//! | `log_events` | finds the messages of CloudTrail in events of CloudWatch Logs |
//! | `log_file` | recognises and reads log files |
//! | `outcome` | the outcomes of a record |
//! | `trail_key` | decides by an object's key whether to skip it |

mod console_login;
mod envelope;
mod event;
mod log_events;
mod log_file;
mod outcome;
mod trail_key;

pub use console_login::parse as parse_record;
pub use event::record_of;
pub use log_file::{TrailReceiver, is_log_file, read as read_log_file, read_one as read_trail_record};
pub use outcome::{TrailIgnored, TrailOutcome, TrailRejected};
pub use trail_key::{SkipReason, skip_reason};
