//! `plumbline controls`: the catalogue.

mod filters;
mod list;
mod show;

use clap::{Args, Subcommand, ValueEnum};

use super::exit::{CommandError, Exit};
use engine::catalog::Catalog;

/// List the built-in controls, or show one
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct ControlsArguments {
    #[command(subcommand)]
    command: ControlsCommand,
}

#[derive(Debug, Subcommand)]
enum ControlsCommand {
    /// List the controls: name, severity, checked resource types, title
    List {
        #[command(flatten)]
        filters: filters::Filters,
        /// The output format; markdown is the page docs/controls.md.
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
        output: ListFormat,
    },
    /// Show a control: what it checks and why, its parameters, and how to fix drift
    Show {
        /// The control's name.
        name: String,
        /// The output format.
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
        output: ShowFormat,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    Table,
    Json,
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowFormat {
    Text,
    Json,
}

const EXAMPLES: &str = "\
Exit codes:
  0   shown
  1   no control has this name, a similar one is suggested; or none matches the filters
  64  a wrong command line

Examples:
  plumbline controls list
  plumbline controls list --framework CIS --severity high
  plumbline controls list --type AWS::S3::Bucket
  plumbline controls list --output json | jq -r '.[] | select(.severity == \"Critical\").name'
  plumbline controls show s3-bucket-versioning";

impl ControlsArguments {
    pub(super) fn execute(self) -> Result<Exit, CommandError> {
        let catalog = Catalog::built_in();
        match self.command {
            ControlsCommand::List { filters, output } => list::write(catalog, &filters, output),
            ControlsCommand::Show { name, output } => show::write(catalog, &name, output),
        }
    }
}
