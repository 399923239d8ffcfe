//! `plumbline completions`: shell completions.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::exit::{CommandError, Exit};
use super::{Cli, output};

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
        generate(self.shell, &mut Cli::command(), "plumbline", &mut script);
        output::write(|out| io::Write::write_all(out, &script))
    }
}
