//! Console logins in: from CloudTrail's records to logins.

mod console_login;
mod event;
mod log_file;
mod trail;

pub use console_login::{Reading, Unusable, read};
pub use event::record_of;
pub use log_file::{Receiver, is_log_file, read as read_log_file};
pub use trail::{PassedOver, passed_over};
