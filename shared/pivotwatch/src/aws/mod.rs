//! Console logins in: from CloudTrail's records to logins.

mod console_login;
mod event;
mod log_file;
mod outcome;
mod trail;

pub use console_login::read;
pub use event::record_of;
pub use log_file::{TrailReceiver, is_log_file, read as read_log_file};
pub use outcome::{TrailIgnored, TrailOutcome, TrailRejected};
pub use trail::{PassedOver, passed_over};
