//! `plumbline packs`: the sets of controls in the catalogue.

mod entry;
mod list;
mod show;

use clap::{Args, Subcommand};

use super::controls::{ListFormat, ShowFormat};
use super::exit::{CommandError, Exit};
use engine::catalog::Catalog;

/// List the built-in packs of controls, or show one
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct PacksArguments {
    #[command(subcommand)]
    command: PacksCommand,
}

#[derive(Debug, Subcommand)]
enum PacksCommand {
    /// List the packs: name, number of controls, title
    List {
        /// The output format; markdown is the page docs/packs.md.
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
        output: ListFormat,
    },
    /// Show a pack: its purpose, and its controls with their severities and parameters
    Show {
        /// The pack's name.
        name: String,
        /// The output format.
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
        output: ShowFormat,
    },
}

const EXAMPLES: &str = "\
Exit codes:
  0   shown
  1   no pack has this name; a similar name is suggested
  64  a wrong command line

Examples:
  plumbline packs list
  plumbline packs show foundations
  plumbline packs show foundations --output json | jq -r '.spec.controls[].name'";

impl PacksArguments {
    pub(super) fn execute(self) -> Result<Exit, CommandError> {
        let catalog = Catalog::built_in();
        match self.command {
            PacksCommand::List { output } => list::write(catalog, output),
            PacksCommand::Show { name, output } => show::write(catalog, &name, output),
        }
    }
}
