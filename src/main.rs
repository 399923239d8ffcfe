//! The `plumbline` command.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use plumbline::cli::{Cli, internal_error, refuse};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => {
            catch_unwind(AssertUnwindSafe(|| cli.execute())).unwrap_or_else(|_| internal_error())
        }
        Err(error) => refuse(&error),
    }
}
