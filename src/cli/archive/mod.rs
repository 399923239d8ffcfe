//! `plumbline archive`: archives findings that nothing asks for any more.

mod files;
mod hubs;
mod report;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{CommandError, Exit};
use super::live::{self, LiveArguments};
use super::output;
use crate::controller::{Clock, SystemClock};
use crate::drift::Leftovers;
use crate::plan::BaselineKey;
use report::Report;

/// Archive findings that nothing asks for any more
///
/// Plumbline archives the findings of a baseline, a control or a resource that goes away while it
/// runs. Findings stay open where Plumbline cannot see what went: the installation was renamed, a
/// cluster was lost, the operator was uninstalled before its baselines, or AWS could not be reached
/// until the archive deadline. This command finds such findings by installation, baseline, account
/// and region, and archives them in Security Hub or in a file of findings.
///
/// Without --yes nothing is changed: the command lists what it would archive.
///
/// Stop the Plumbline that has the same installation name first, or select only what it no longer
/// asks for: it publishes again what its baselines ask for.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct ArchiveArguments {
    /// Only findings of this baseline; may be given several times.
    #[arg(long = "baseline", value_name = "NAMESPACE/NAME")]
    baselines: Vec<BaselineKey>,
    /// Every finding of the installation in the accounts and regions that are looked at.
    #[arg(long)]
    all: bool,
    /// Archive the findings. Without it, they are only listed.
    #[arg(long)]
    yes: bool,
    /// Only list the findings, which is the default.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// A folder of findings written with `--sink file`, instead of Security Hub: the state folder
    /// of `plumbline run`, or that of the operator, which has one folder for each account.
    #[arg(long, value_name = "DIR", conflicts_with = "declared")]
    state: Option<PathBuf>,
    /// A file or folder of YAML with the `AwsAccount`s to look at in Security Hub.
    ///
    /// Default: the account of the credentials, or of the role.
    #[arg(long = "accounts", value_name = "PATH", id = "declared")]
    accounts: Option<PathBuf>,
    /// How the findings are listed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
    #[command(flatten)]
    live: LiveArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

const EXAMPLES: &str = "\
Exit codes:
  0   nothing is left to archive: there was nothing, or all was archived
  1   findings would be archived; run the command again with --yes
  2   findings could not be read or archived (takes precedence over 1)
  64  a wrong command line
  65  a mistake in the files of --accounts
  66  a file is missing or cannot be read, or there is no AwsAccount in it

Examples:
  plumbline archive --installation blue --all --accounts accounts/
      list what the installation `blue` left in all regions of these accounts
  plumbline archive --installation blue --all --accounts accounts/ --yes
      archive it
  plumbline archive --baseline platform/production --profile prod --region eu-west-1
      what a baseline left in the account of a profile
  plumbline archive --account 111122223333 --role-arn arn:aws:iam::111122223333:role/plumbline \\
      --region eu-west-1 --region us-east-1
      what is left in an account whose AwsAccount was deleted
  plumbline archive --installation default --all --state /var/lib/plumbline --output json
      what is left in files of findings";

impl ArchiveArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let leftovers = self.leftovers()?;
        let mut report = Report::new(&leftovers, !self.yes);
        let now = SystemClock.now();
        if let Some(state) = &self.state {
            files::archive(state, &leftovers, now, &mut report)?;
        } else {
            let runtime = live::runtime().map_err(CommandError::Runtime)?;
            let accounts = self.accounts.as_deref();
            runtime.block_on(hubs::archive(&self.live, accounts, &leftovers, now, &mut report))?;
        }
        report.warn();
        output::write(|out| match self.output {
            OutputFormat::Text => report.text(out),
            OutputFormat::Json => report.json(out),
        })?;
        Ok(report.exit())
    }

    /// What is meant. All of an installation has to be asked for by its name.
    fn leftovers(&self) -> Result<Leftovers, CommandError> {
        let LiveArguments { accounts, regions, installation, .. } = &self.live;
        let are_chosen = !self.baselines.is_empty() || !accounts.is_empty() || !regions.is_empty();
        if !are_chosen && !self.all {
            let problem = format!(
                "which findings of the installation `{installation}`? give --baseline, --account \
                 or --region, or --all for every one"
            );
            return Err(CommandError::Usage(problem));
        }
        Ok(Leftovers {
            installation: installation.clone(),
            baselines: self.baselines.clone(),
            accounts: accounts.clone(),
            regions: regions.clone(),
        })
    }
}
