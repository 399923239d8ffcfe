//! `plumbline operator`, in a build that leaves it out.

use std::ffi::OsString;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::features::Feature;
use crate::telemetry::TraceSettings;

/// Not in this build (feature `kubernetes`): keep the baselines of a Kubernetes cluster evaluated
#[derive(Debug, Args)]
pub(super) struct OperatorArguments {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    anything: Vec<OsString>,
}

impl OperatorArguments {
    /// It sends none.
    pub(super) const fn traces(&self) -> Option<TraceSettings> {
        None
    }

    pub(super) fn execute(self) -> Result<Exit, CommandError> {
        drop(self.anything); // it was for the command that is not there
        Feature::Kubernetes.needed_for("command `operator`")?;
        Ok(Exit::Good)
    }
}
