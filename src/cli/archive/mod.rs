//! `plumbline archive`: archives findings that nothing asks for any more.

mod files;
mod hubs;
mod report;

use std::path::PathBuf;

use clap::Args;

use super::archivals::ConfirmedArguments;
use super::exit::{CommandError, Exit};
use super::features::Feature;
use super::live::{self, LiveArguments};
use super::output;
use super::output::OutputFormat;
use clock::{Clock, SystemClock};
use engine::drift::Leftovers;
use engine::plan::BaselineKey;
use report::ArchiveReport;

/// Archive findings that are no longer needed
///
/// While Plumbline runs, it archives the findings of baselines, controls and resources that are
/// removed. Findings stay open if it cannot: the installation was renamed, a cluster was lost, the
/// operator was uninstalled before its baselines were deleted, or AWS could not be reached before
/// the archive deadline. This command finds such findings by installation, baseline, account and
/// region, and archives them in Security Hub or in a file of findings.
///
/// Without --yes, the command only lists the findings that it would archive.
///
/// First stop the Plumbline with the same installation name, or select only findings that its
/// baselines no longer need: it publishes the others again.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
pub(super) struct ArchiveArguments {
    /// Only findings of this baseline; may be given several times.
    #[arg(long = "baseline", value_name = "NAMESPACE/NAME")]
    baselines: Vec<BaselineKey>,
    /// All findings of the installation in the selected accounts and regions.
    #[arg(long)]
    all: bool,
    /// Archive the findings. Without it, they are only listed.
    #[arg(long)]
    yes: bool,
    /// Only list the findings, which is the default.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Search a folder of findings that `--sink file` wrote, instead of Security Hub: the state
    /// folder of `plumbline run` or of the operator.
    #[arg(long, value_name = "DIR", conflicts_with = "declared")]
    state: Option<PathBuf>,
    /// A YAML file or folder with the `AwsAccount`s whose Security Hub is searched.
    ///
    /// Default: the account of the credentials or of the role.
    #[arg(long = "accounts", value_name = "PATH", id = "declared")]
    accounts: Option<PathBuf>,
    /// Archive findings that another Plumbline published too, such as the operator of a lost cluster.
    /// Without it they are only counted, in a warning; findings that carry no mark, that scans
    /// published or that belong to the state folder are archived in any case.
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    archivals: ConfirmedArguments,
    /// The output format.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
    #[command(flatten)]
    live: LiveArguments,
}

/// What is to be archived, and what may be.
struct ArchiveOrder {
    leftovers: Leftovers,
    /// Whether what another Plumbline published is archived, too.
    adopts: bool,
    archivals: ConfirmedArguments,
}

const EXAMPLES: &str = "\
Exit codes:
  0   nothing is left to archive
  1   findings would be archived; run the command again with --yes
  2   findings could not be read or archived, belong to another Plumbline or wait for
      --confirm-archival (takes precedence over 1)
  64  a wrong command line
  65  a mistake in the files of --accounts
  66  a file is missing or cannot be read, or there is no AwsAccount in it

Examples:
  plumbline archive --installation blue --all --accounts accounts/
      list what the installation `blue` left in all regions of these accounts
  plumbline archive --installation blue --all --accounts accounts/ --yes --adopt
      archive it, although the operator that published it no longer runs
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
        let mut report = ArchiveReport::new(&leftovers, !self.yes);
        let now = SystemClock.now();
        let wanted = ArchiveOrder { leftovers, adopts: self.adopt, archivals: self.archivals };
        if let Some(state) = &self.state {
            files::archive(state, &wanted, now, &mut report)?;
        } else {
            Feature::Aws.needed_for("command `archive` without --state")?;
            let runtime = live::runtime().map_err(CommandError::Runtime)?;
            let accounts = self.accounts.as_deref();
            runtime.block_on(hubs::archive(&self.live, accounts, &wanted, now, &mut report))?;
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
        let LiveArguments { accounts, regions, .. } = &self.live;
        let installation = self.live.installation();
        let are_chosen = !self.baselines.is_empty() || !accounts.is_empty() || !regions.is_empty();
        if !are_chosen && !self.all {
            let problem = format!(
                "no findings of the installation `{installation}` are selected: pass --baseline, \
                 --account or --region, or --all for all of them"
            );
            return Err(CommandError::Usage(problem));
        }
        Ok(Leftovers {
            installation,
            baselines: self.baselines.clone(),
            accounts: accounts.clone(),
            regions: regions.clone(),
        })
    }
}
