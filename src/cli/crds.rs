//! `plumbline crds`: the Kubernetes custom resource definitions, and schemas for editors.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{CommandError, Exit};
use super::output;
use api::crd_files;
use manifest::json_schemas;

/// Print the Kubernetes custom resource definitions, or write them into a folder
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct CrdsArguments {
    /// Write one file for each kind to this folder, instead of all of them to standard output.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The output format; json-schema is for editors and validators.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "yaml")]
    output: CrdsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CrdsFormat {
    Yaml,
    JsonSchema,
}

const EXAMPLES: &str = "\
Examples:
  plumbline crds | kubectl apply --server-side -f -
  plumbline crds --dir crds
  plumbline crds --output json-schema --dir schemas";

impl CrdsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let (files, separator) = match self.output {
            CrdsFormat::Yaml => (crd_files()?, "---\n"),
            CrdsFormat::JsonSchema => (json_schemas(), ""),
        };
        match &self.dir {
            Some(dir) => output::write_files(dir, &files),
            None => output::write(|out| {
                files.iter().try_for_each(|(_, text)| write!(out, "{separator}{text}"))
            }),
        }
    }
}
