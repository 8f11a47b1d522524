//! What both functions do: **record** a fact, **read back** everything known of its address, **settle** what follows.
//!
//! The order is the whole point. Each invocation writes its fact before it reads, and reads are strongly consistent; so
//! of two invocations at the same time, whichever reads last sees both facts, and neither the failure nor the login can
//! slip between them, in whichever order they came and however late.
//!
//! Each function adds what it did to a [`Summary`], also when it fails. Within the pipeline the caller passes the summary
//! as `&mut Summary`, so that no count is lost when a future is dropped at the deadline. The public methods return
//! `(Summary, Result)`.

mod days;
mod deadline;
mod detect;
mod failure;
mod gathering;
mod ingest;
mod invocation;
mod object;
pub mod reading;
mod record;
mod runtime;
mod seen;
mod settle;
mod summary;

pub use days::Days;
pub use deadline::Deadline;
pub use failure::Unfinished;
pub use gathering::horizon;
pub use ingest::FailedObjects;
pub use invocation::Invocation;
pub use object::ObjectFault;
pub use runtime::{Runtime, System};
pub use seen::{UnusableExport, see_sign_in, see_trail_record};
pub use summary::{Reasons, Seen, Summary, count};

use crate::detection::Rule;
use crate::input::Limits;
use crate::notify::{PublishError, Table};
use crate::store::StoreError;

/// The pipeline: the rule, and what it needs of the world.
#[derive(Debug)]
pub struct Pipeline<S, N, R> {
    /// Where facts and incidents are kept.
    pub store: S,
    /// Where messages go.
    pub notifier: N,
    /// Time, waiting and chance.
    pub runtime: R,
    /// The rule.
    pub rule: Rule,
    /// What one record of an export may cost.
    pub limits: Limits,
    /// What responders are told to query.
    pub table: Table,
}

/// Why an invocation could not finish. All of it is worth trying again, and harmless to try again.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// Trouble with the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message could not be sent.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Others wrote the same record again and again.
    #[error("the record {0} is being written by too many others; it will be tried again")]
    Contended(String),
    /// The invocation's time was over.
    #[error("the function's timeout was too near to go on; the event is delivered again")]
    OutOfTime,
}

impl PipelineError {
    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Publish(error) => error.code(),
            Self::Contended(_) => "store.contended",
            Self::OutOfTime => "deadline.exceeded",
        }
    }
}
