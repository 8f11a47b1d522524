//! `pivotwatch`: the rule on a laptop, for responders and analysts.

mod arguments;
mod files;
mod hunt;
mod inspect;
mod json;
mod log;

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
}

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Nothing was found.
    Quiet = 0,
    /// Something could not be read or used. What was found in the rest is printed all the same.
    Trouble = 1,
    /// Incidents were found.
    Found = 10,
    /// Standard output was closed before everything was inspected, as by SIGPIPE.
    Unread = 141,
}

fn main() -> ExitCode {
    // A panic while a file is read becomes a fault of that file. Its message can quote the file.
    std::panic::set_hook(Box::new(|panic| Log::new(io::stderr()).say(panic)));
    let Arguments { command } = arguments::parse();
    // Standard error is not locked: a panic on another thread writes to it.
    let (mut out, mut log) = (io::stdout().lock(), Log::new(io::stderr()));
    let (ended, printed) = match command {
        Command::Hunt(hunt) => hunt.run(&mut out, &mut log),
        Command::Inspect(inspect) => inspect.run(&mut out, &mut log),
    };
    let ended = match printed {
        // A reader that has seen enough changes nothing about what was found.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            log.say(format_args!("the findings could not be printed: {error}"));
            Ended::Trouble
        }
        _ => ended,
    };
    ExitCode::from(ended as u8)
}
