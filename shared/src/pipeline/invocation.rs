//! What an invocation has besides its event.

use super::Deadline;

/// The identity of an invocation, and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation<'a> {
    /// Lambda's request id, by which the log of the invocation is found. Lambda's retry of an asynchronous invocation has
    /// the same id.
    pub request_id: &'a str,
    /// When the invocation must stop.
    pub deadline: Deadline,
}

impl Invocation<'static> {
    /// An invocation outside Lambda, such as by the command line: without a log to look it up in, and without a deadline.
    pub const LOCAL: Self = Self { request_id: "local", deadline: Deadline::NONE };
}
