//! The pipeline of both functions: **record** facts, **read back** the evidence of their addresses, **settle**
//! incidents.
//!
//! The order matters. Each invocation writes its facts before it reads, and reads are strongly consistent. Of two
//! concurrent invocations, the one that reads last therefore sees the facts of both. So no match between a failure and
//! a login is missed, in any order and after any delay.
//!
//! Each function adds what it did to a [`Summary`], also when it fails. Within the pipeline the caller passes the
//! summary as `&mut Summary`, so that no count is lost when a future is dropped at the deadline. The public methods
//! return `(Summary, Result)`.
//!
//! | module | holds |
//! |---|---|
//! | `detect`, `ingest` | the handlers of the two functions |
//! | `process_object`, [`object_reader`] | one object: reads, records and settles it; recognises and parses its bytes |
//! | `fact_collector`, `success_collector` | collect an object's facts into chunks of bounded size |
//! | `record_facts`, `settle` | writes facts; stores the incidents that they cause |
//! | `publish`, `slots`, `sweep` | publishes incidents and their updates, within limits; reports the others in digests |
//! | `activity` | counts what the deployment received, for the weekly message |
//! | `judge` | which incidents tuning entries hide |
//! | `summary`, `record_kinds`, `unusable_export` | counts of an invocation, and the exports that cannot be used |
//! | `tuning_cache`, `announce`, `resettle` | the tuning entries: when they are read and announced; what they hid |
//! | `unfinished`, `object_fault` | errors, and how they are reported |
//! | `deadline`, `horizon`, `runtime`, `invocation` | time: when to stop, which times are in the future, clock |

mod activity;
mod announce;
mod deadline;
mod detect;
mod fact_collector;
mod horizon;
mod ingest;
mod invocation;
mod judge;
mod object_fault;
pub mod object_reader;
mod process_object;
mod publish;
mod record_facts;
mod record_kinds;
mod republish;
mod resettle;
mod runtime;
mod settle;
mod slots;
mod success_collector;
mod summary;
mod sweep;
mod tuning_cache;
mod unfinished;
mod unsettled_days;
mod unusable_export;

pub use activity::ActivityLog;
pub use deadline::Deadline;
pub use fact_collector::add_networks;
pub use horizon::horizon;
pub use ingest::FailedObjects;
pub use invocation::Invocation;
pub use judge::{IncidentsOfDay, judge};
pub use object_fault::ObjectFault;
pub use record_kinds::RecordKinds;
pub use resettle::LOOK_BACK;
pub use runtime::{Runtime, SystemRuntime};
pub use success_collector::SuccessCollector;
pub use summary::{Reasons, Summary, count};
pub use tuning_cache::TuningCache;
pub use unfinished::Unfinished;
pub use unsettled_days::UnsettledDays;
pub use unusable_export::UnusableExport;

use crate::detection::Rule;
use crate::detection::reporting::ReportingPolicy;
use crate::input::Limits;
use crate::notify::{Deployment, PublishError};
use crate::store::StoreError;

/// The pipeline: the rule, its tuning and limits, and its adapters.
#[derive(Debug)]
pub struct Pipeline<S, N, R> {
    /// Stores facts and incidents.
    pub store: S,
    /// Sends messages.
    pub notifier: N,
    /// Clock, timers, random numbers and thread pool.
    pub runtime: R,
    /// The rule.
    pub rule: Rule,
    /// The tuning entries.
    pub tuning: TuningCache,
    /// What the deployment received, for its weekly message.
    pub activity: ActivityLog,
    /// How many messages are sent, and whether any.
    pub policy: ReportingPolicy,
    /// Bounds of what is read of an object.
    pub limits: Limits,
    /// What messages say of the deployment.
    pub deployment: Deployment,
}

/// Why an invocation could not finish. Every error is worth a retry, and a retry is harmless.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message could not be sent.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Other invocations kept writing the same record.
    #[error("too many others are writing the record {0}; the event is delivered again")]
    Contended(String),
    /// The deadline passed.
    #[error("the function's timeout was too near to continue; the event is delivered again")]
    OutOfTime,
}

impl PipelineError {
    /// The stable code for logs and alarms.
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
