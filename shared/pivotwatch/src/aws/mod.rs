//! Console logins in: from CloudTrail's records to logins.

mod console_login;
mod event;
mod log_file;
mod outcome;
mod trail_key;

pub use console_login::parse as parse_record;
pub use event::record_of;
pub use log_file::{TrailReceiver, is_log_file, read as read_log_file};
pub use outcome::{TrailIgnored, TrailOutcome, TrailRejected};
pub use trail_key::{SkipReason, skip_reason};
