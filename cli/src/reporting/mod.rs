//! `pivotwatch show` and `pivotwatch publish`: what no message reported yet, and publishing it by hand.

mod publish;
mod show;

use std::io::Write;

use clap::Args;
use pivotwatch::pipeline::PipelineError;

pub(crate) use publish::Publish;
pub(crate) use show::ShowUnreported;

use crate::aws::{AwsArguments, NoRegion, NoRuntime};
use crate::files::Format;
use crate::log::Log;
use crate::stored_evidence::{TableFault, UnknownIncident};
use crate::{ExitStatus, Outcome};

/// Where the incidents are, and how to print.
#[derive(Args)]
struct EvidenceArguments {
    /// The DynamoDB table of the evidence.
    #[arg(long, value_name = "NAME")]
    table: String,

    /// How to print: text for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,

    #[command(flatten)]
    aws: AwsArguments,
}

/// Why a command cannot do what it should.
#[derive(Debug, thiserror::Error)]
enum ReportingFault {
    #[error(transparent)]
    NoRegion(#[from] NoRegion),
    #[error(transparent)]
    NoRuntime(#[from] NoRuntime),
    #[error(transparent)]
    Evidence(#[from] TableFault),
    #[error(transparent)]
    UnknownIncident(#[from] UnknownIncident),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

/// Ends a command: logs why it failed, if it did.
fn end(outcome: Result<Outcome, ReportingFault>, out: &mut impl Write, log: &mut Log<impl Write>) -> Outcome {
    let (status, printed) = outcome.unwrap_or_else(|fault| {
        log.say(&fault);
        (ExitStatus::Trouble, Ok(()))
    });
    (status, printed.and_then(|()| out.flush()))
}
