//! What an invocation has besides its event.

use super::Deadline;

/// The identity of an invocation, and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation<'a> {
    /// Lambda's request id, by which the invocation's log lines are found. Lambda's retry of an asynchronous invocation
    /// has the same id.
    pub request_id: &'a str,
    /// When the invocation must stop.
    pub deadline: Deadline,
}

impl Invocation<'static> {
    /// An invocation outside Lambda, such as the command line: it has no request id and no deadline.
    pub const LOCAL: Self = Self { request_id: "local", deadline: Deadline::NONE };
}
