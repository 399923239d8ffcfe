//! `plumbline doctor`, in a build that leaves it out.

use std::ffi::OsString;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::features::Feature;

/// Not in this build (feature `aws`): check what each account needs
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    anything: Vec<OsString>,
}

impl DoctorArguments {
    pub(super) fn execute(self) -> Result<Exit, CommandError> {
        drop(self.anything); // it was for the command that is not there
        Feature::Aws.needed_for("command `doctor`")?;
        Ok(Exit::Good)
    }
}
