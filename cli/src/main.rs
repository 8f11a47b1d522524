//! `pivotwatch`: the rule on a laptop, for responders and analysts.

mod files;
mod hunt;
mod inspect;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Something could not be read. What was found in the rest is printed all the same.
    Trouble = 1,
    /// Incidents were found.
    Found = 10,
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let ended = match command {
        Command::Hunt(hunt) => hunt.run(&mut io::stdout().lock(), &mut io::stderr().lock()),
        Command::Inspect(inspect) => inspect.run(&mut io::stdout().lock(), &mut io::stderr().lock()),
    };
    match ended {
        Ok(ended) => ExitCode::from(ended as u8),
        // Whoever reads our output has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be written, the status has to do.
            let _ = writeln!(io::stderr(), "pivotwatch: {error}");
            ExitCode::from(Ended::Trouble as u8)
        }
    }
}
