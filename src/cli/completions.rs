//! `plumbline completions`: shell completions.

use std::io;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command, CommandFactory};
use clap_complete::{Shell, generate};

use super::exit::{CommandError, Exit};
use super::{Cli, output};
use engine::catalog::Catalog;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct CompletionsArguments {
    /// The shell to print completions for.
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  plumbline completions bash > ~/.local/share/bash-completion/completions/plumbline
  plumbline completions zsh > \"${fpath[1]}/_plumbline\"
  plumbline completions fish > ~/.config/fish/completions/plumbline.fish
  plumbline completions elvish > ~/.config/elvish/lib/plumbline.elv
      and `use plumbline` in rc.elv
  plumbline completions powershell >> $PROFILE";

/// What `show` of a command takes: names that are built in, each with its title.
struct Names {
    command: &'static str,
    titles: Vec<(&'static str, &'static str)>,
}

impl CompletionsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let (names, mut script) = (names(), Vec::new());
        let command = names.iter().fold(Cli::command(), offering);
        generate(self.shell, &mut command.clone(), "plumbline", &mut script);
        let script = names.iter().fold(script, |script, names| names.added(self.shell, script));
        output::write(|out| io::Write::write_all(out, &script))
    }
}

fn names() -> [Names; 2] {
    let catalog = Catalog::built_in();
    let controls = catalog.controls();
    let controls = controls.map(|it| (it.name.as_str(), it.spec.title.as_str())).collect();
    let packs = catalog.packs().map(|(name, pack)| (name, pack.title.as_str())).collect();
    [Names { command: "controls", titles: controls }, Names { command: "packs", titles: packs }]
}

/// Offers the names as the possible values of `show`'s argument, from which the scripts of bash and
/// zsh take them.
fn offering(command: Command, names: &Names) -> Command {
    let values: Vec<&str> = names.titles.iter().map(|(name, _)| *name).collect();
    command.mut_subcommand(names.command, |command| {
        command.mut_subcommand("show", |show| {
            show.mut_arg("name", |name| name.value_parser(PossibleValuesParser::new(values)))
        })
    })
}

impl Names {
    /// The script with the names, where clap's own leaves out the values of arguments without a
    /// flag: those of fish, elvish and PowerShell.
    fn added(&self, shell: Shell, script: Vec<u8>) -> Vec<u8> {
        let command = self.command;
        match shell {
            Shell::Fish => {
                let names: Vec<&str> = self.titles.iter().map(|(name, _)| *name).collect();
                let after = format!("__fish_plumbline_using_subcommand {command}; \
                                     and __fish_seen_subcommand_from show");
                let line =
                    format!("complete -c plumbline -n \"{after}\" -f -a \"{}\"\n", names.join(" "));
                [script, line.into_bytes()].concat()
            }
            Shell::Elvish => self.inserted(script, &format!("&'plumbline;{command};show'= {{\n"), |name, title| {
                format!("            cand {name} '{title}'\n")
            }),
            Shell::PowerShell => self.inserted(script, &format!("'plumbline;{command};show' {{\n"), |name, title| {
                let kind = "[CompletionResultType]::ParameterValue";
                format!("            [CompletionResult]::new('{name}', '{name}', {kind}, '{title}')\n")
            }),
            _ => script,
        }
    }

    /// The script with a line for each name after the one that begins what `show` offers. In both
    /// shells a quote is doubled in quotes.
    fn inserted(
        &self,
        script: Vec<u8>,
        beginning: &str,
        line: impl Fn(&str, &str) -> String,
    ) -> Vec<u8> {
        let Some(at) = memchr::memmem::find(&script, beginning.as_bytes()) else { return script };
        let lines = self.titles.iter().map(|(name, title)| line(name, &title.replace('\'', "''")));
        let (before, after) = script.split_at(at + beginning.len());
        [before, lines.collect::<Vec<String>>().concat().as_bytes(), after].concat()
    }
}
