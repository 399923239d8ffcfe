//! The commands that a build leaves out: each says which feature it lacks, whatever else is asked.

use std::ffi::OsString;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::features::Feature;

/// The arguments of a command that is not there.
macro_rules! absent {
    ($(#[doc = $about:literal])+ $name:ident, $feature:ident, $command:literal) => {
        $(#[doc = $about])+
        #[derive(Debug, Args)]
        pub(super) struct $name {
            #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
            anything: Vec<OsString>,
        }

        impl $name {
            pub(super) fn execute(self) -> Result<Exit, CommandError> {
                drop(self.anything); // it was for the command that is not there
                Feature::$feature.needed_for(concat!("command `", $command, "`"))?;
                Ok(Exit::Good)
            }
        }
    };
}

#[cfg(not(feature = "aws"))]
absent! {
    /// Not in this build (feature `aws`): check what each account needs
    DoctorArguments, Aws, "doctor"
}

#[cfg(not(feature = "aws"))]
absent! {
    /// Not in this build (feature `aws`): read account facts, and print them as a snapshot
    FactsArguments, Aws, "facts"
}

#[cfg(not(feature = "aws"))]
absent! {
    /// Not in this build (feature `aws`): show what an `AwsOrganization` does
    OrganizationArguments, Aws, "organization"
}

absent! {
    /// Not in this build (feature `kubernetes`): keep the baselines of a Kubernetes cluster evaluated
    OperatorArguments, Kubernetes, "operator"
}

impl OperatorArguments {
    /// It sends none.
    pub(super) const fn traces(&self) -> Option<crate::telemetry::TraceSettings> {
        None
    }
}
