//! `plumbline facts`, in a build that leaves it out.

use std::ffi::OsString;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::features::Feature;

/// Not in this build (feature `aws`): read account facts, and print them as a snapshot
#[derive(Debug, Args)]
pub(super) struct FactsArguments {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    anything: Vec<OsString>,
}

impl FactsArguments {
    pub(super) fn execute(self) -> Result<Exit, CommandError> {
        drop(self.anything); // it was for the command that is not there
        Feature::Aws.needed_for("command `facts`")?;
        Ok(Exit::Good)
    }
}
