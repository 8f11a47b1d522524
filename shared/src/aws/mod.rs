//! Console logins in: from CloudTrail's records to logins.

mod console_login;
mod event;

pub use console_login::{Reading, Unusable, read};
pub use event::record_of;
