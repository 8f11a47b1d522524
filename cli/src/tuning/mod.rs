//! `pivotwatch tuning`: tuning entries in a table or a file.
//!
//! | module | holds |
//! |---|---|
//! | `arguments` | the options that all subcommands have, and what they refer to |
//! | `entries`, `entry_file`, `entry_table` | the entries, in a file or a DynamoDB table |
//! | `stored_entry`, `entries_fault` | what these give: an entry, valid or not, or why there is none |
//! | `new_entry` | an entry in the one format of tables and files |
//! | `listed_entry`, `explanation` | the state of an entry, and the entry in words |
//! | `comparison` | which stored incidents some entries hide |
//! | `add`, `list`, `show`, `remove`, `dry_run` | the subcommands |
//! | `add_arguments` | the types of the arguments of `add` |

mod add;
mod add_arguments;
mod arguments;
mod comparison;
mod dry_run;
mod entries;
mod entries_fault;
mod entry_file;
mod entry_table;
mod explanation;
mod list;
mod listed_entry;
mod new_entry;
mod remove;
mod show;
mod stored_entry;

use std::io::Write;

use clap::{Args, Subcommand};

use crate::aws::{NoRegion, NoRuntime, block_on};
use crate::log::Log;
use crate::stored_evidence::{TableFault, UnknownIncident};
use crate::{ExitStatus, Outcome};
use entries_fault::EntriesFault;

/// Add, list, show, remove and test tuning entries, which decide which incidents are mailed.
///
/// Exit status: 0 done, 1 trouble, 2 wrong arguments. Trouble: a table or a file could not be read or written, or an
/// entry is invalid or unknown. Also: `add` would hide an incident of high severity.
#[derive(Args)]
pub(crate) struct TuningCommand {
    #[command(subcommand)]
    action: TuningAction,
}

#[derive(Subcommand)]
enum TuningAction {
    Add(Box<add::Add>),
    List(list::List),
    Show(show::Show),
    Remove(remove::Remove),
    Test(dry_run::DryRun),
}

/// Why a subcommand cannot do what it should.
#[derive(Debug, thiserror::Error)]
enum TuningFault {
    #[error(transparent)]
    NoRegion(#[from] NoRegion),
    #[error(transparent)]
    Entries(#[from] EntriesFault),
    #[error(transparent)]
    Evidence(#[from] TableFault),
    #[error("{0}")]
    Arguments(String),
    #[error("there is no entry with the id {0}")]
    Unknown(String),
    #[error(transparent)]
    UnknownIncident(#[from] UnknownIncident),
    #[error(transparent)]
    Runtime(#[from] NoRuntime),
}

impl TuningFault {
    const fn status(&self) -> ExitStatus {
        match self {
            Self::Arguments(_) => ExitStatus::WrongArguments,
            _ => ExitStatus::Trouble,
        }
    }
}

impl TuningCommand {
    /// Runs the subcommand, prints its findings to `out` and all messages to `log`. Returns the exit status, and
    /// whether the findings could be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> Outcome {
        let outcome = match self.action {
            TuningAction::Add(add) => block_on(add.run(out, log)),
            TuningAction::List(list) => block_on(list.run(out, log)),
            TuningAction::Show(show) => block_on(show.run(out, log)),
            TuningAction::Remove(remove) => block_on(remove.run(out, log)),
            TuningAction::Test(dry_run) => Ok(dry_run.run(out, log)),
        };
        let (status, printed) = outcome.unwrap_or_else(|fault| {
            log.say(&fault);
            (fault.status(), Ok(()))
        });
        (status, printed.and_then(|()| out.flush()))
    }
}
