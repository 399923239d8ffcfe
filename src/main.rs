//! The `plumbline` command.

use std::process::ExitCode;

use clap::Parser;
use plumbline::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().execute()
}
