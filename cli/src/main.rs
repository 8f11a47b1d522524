//! `pivotwatch`: the command line for responders and analysts. They apply the rule to files, manage tuning entries, and
//! list and publish incidents that no message reported yet.

mod arguments;
mod aws;
mod explain;
mod files;
mod hunt;
mod incident_name;
mod incident_output;
mod inspect;
mod json;
mod log;
mod reporting;
mod rule_arguments;
mod stored_evidence;
mod tuning;
mod tuning_file;

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use log::Log;

/// Finds console logins to AWS from addresses that failed to sign in to Microsoft Entra ID.
#[derive(Parser)]
#[command(name = "pivotwatch", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Hunt(hunt::Hunt),
    Inspect(inspect::Inspect),
    Explain(explain::Explain),
    Tuning(tuning::TuningCommand),
    Show(reporting::ShowUnreported),
    Publish(Box<reporting::Publish>),
}

/// The exit status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExitStatus {
    /// `hunt` found no incident, `inspect` no fault, `explain` no unknown code, or `tuning`, `show` or `publish` did
    /// what it should.
    Clean = 0,
    /// A file, a table or a topic could not be used, or a code, a tuning entry or an incident is unknown. The findings
    /// in the other files, and on the other codes, entries and incidents, are printed.
    Trouble = 1,
    /// The arguments of `tuning add` make no valid entry. The parser of arguments exits with the same status.
    WrongArguments = 2,
    /// `hunt` found incidents.
    Incidents = 10,
    /// Standard output was closed before `inspect` ended: the status that a shell reports after SIGPIPE.
    PipeClosed = 141,
}

/// The exit status, and whether the findings could be printed.
type Outcome = (ExitStatus, io::Result<()>);

fn main() -> ExitCode {
    // A panic while a file is read becomes a fault of that file. Its message can quote the file, so it must be escaped.
    std::panic::set_hook(Box::new(|panic| Log::new(io::stderr()).say(panic)));
    let Arguments { command } = arguments::parse();
    // Standard error is not locked, so that a panic on another thread can write to it.
    let (mut out, mut log) = (io::stdout().lock(), Log::new(io::stderr()));
    let (status, printed) = match command {
        Command::Hunt(hunt) => hunt.run(&mut out, &mut log),
        Command::Inspect(inspect) => inspect.run(&mut out, &mut log),
        Command::Explain(explain) => explain.run(&mut out, &mut log),
        Command::Tuning(tuning) => tuning.run(&mut out, &mut log),
        Command::Show(show) => show.run(&mut out, &mut log),
        Command::Publish(publish) => publish.run(&mut out, &mut log),
    };
    let status = match printed {
        // A closed pipe does not change the findings.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            log.say(format_args!("the findings could not be printed: {error}"));
            ExitStatus::Trouble
        }
        _ => status,
    };
    ExitCode::from(status as u8)
}
