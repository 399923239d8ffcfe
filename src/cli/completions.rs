//! `plumbline completions`: shell completions.

use std::io;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory};
use clap_complete::{Shell, generate};

use super::exit::{CommandError, Exit};
use super::{Cli, output};
use crate::catalog::Catalog;

/// Print a shell's completions
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  plumbline completions bash > ~/.local/share/bash-completion/completions/plumbline
  plumbline completions zsh > \"${fpath[1]}/_plumbline\"
  plumbline completions fish > ~/.config/fish/completions/plumbline.fish";

impl CompletionsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let mut script = Vec::new();
        generate(self.shell, &mut with_names(Cli::command()), "plumbline", &mut script);
        output::write(|out| io::Write::write_all(out, &script))
    }
}

/// The command with the names that are built in, for a shell to offer: `controls show` and
/// `packs show` take them.
fn with_names(command: Command) -> Command {
    let catalog = Catalog::built_in();
    let controls = catalog.controls().map(|control| control.name.as_str()).collect();
    let packs = catalog.packs().map(|(name, _)| name).collect();
    offering(offering(command, "controls", controls), "packs", packs)
}

/// Offers these as the `name` of the command's `show`.
fn offering(command: Command, of: &'static str, names: Vec<&'static str>) -> Command {
    command.mut_subcommand(of, |command| {
        command.mut_subcommand("show", |show| {
            show.mut_arg("name", |name| name.value_parser(PossibleValuesParser::new(names)))
        })
    })
}
