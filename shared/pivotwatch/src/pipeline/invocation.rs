//! The parameters of an invocation besides its event.

use super::Deadline;

/// The request id and the deadline of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation<'a> {
    /// Lambda's request id, which is in all log lines of the invocation. Lambda's retry of an asynchronous invocation
    /// has the same id.
    pub request_id: &'a str,
    /// When the invocation must stop.
    pub deadline: Deadline,
}

impl Invocation<'static> {
    /// An invocation outside Lambda, such as the command line: it has no request id and no deadline.
    pub const LOCAL: Self = Self { request_id: "local", deadline: Deadline::NONE };
}
