//! `plumbline facts`: the facts of accounts, as a snapshot.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::exit::{CommandError, Exit};
use super::live::{self, LiveArguments};
use super::output;
use api::AwsAccountSpec;
use assess::AwsAccounts;
use aws::AwsError;
use aws::source::account_facts::{Fact, tell};
use cel::Timestamp;
use clock::{Clock, SystemClock};
use model::Region;

/// Read account facts, and print them as a snapshot
///
/// AWS Config does not record account facts: the password policy, credential report, root user, EBS
/// encryption by default, alternate contacts and organization. `scan --live`, `run` and the
/// operator read them by themselves. For an account whose source is a snapshot, put the output of
/// this command next to the file that AWS Config delivered.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct FactsArguments {
    /// A file or folder of YAML with the `AwsAccount`s to read.
    ///
    /// Default: the account of the credentials or of the role.
    #[arg(long, value_name = "PATH")]
    accounts_from: Option<PathBuf>,
    #[command(flatten)]
    live: LiveArguments,
}

const EXAMPLES: &str = "\
Exit codes:
  0   all facts were read
  2   some could not be read; those that could are printed
  64  a wrong command line
  65  a mistake in the files of --accounts-from
  66  a file is missing or cannot be read, or there is no AwsAccount in it
  69  AWS is not available

Examples:
  plumbline facts --region eu-west-1 --region us-east-1 > snapshots/facts.json
      the facts of the account of the environment's credentials
  plumbline facts --accounts-from accounts/ > snapshots/facts.json
      the facts of every AwsAccount of a folder";

/// The facts of accounts, while they are gathered.
#[derive(Default)]
struct GatheredFacts {
    items: Vec<String>,
    is_incomplete: bool,
}

impl FactsArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let runtime = live::runtime().map_err(CommandError::Runtime)?;
        let gathered = runtime.block_on(self.gather(SystemClock.now()))?;
        output::write(|out| gathered.write(out))?;
        Ok(if gathered.is_incomplete { Exit::Undecided } else { Exit::Good })
    }

    async fn gather(&self, now: Timestamp) -> Result<GatheredFacts, CommandError> {
        let (accounts, aws) = self.live.accounts(self.accounts_from.as_deref()).await?;
        let mut gathered = GatheredFacts::default();
        for spec in &accounts {
            gathered.account(&aws, spec, &self.regions(spec), now).await;
        }
        Ok(gathered)
    }

    /// The regions to look at: those that were asked for, else the account's own.
    fn regions(&self, spec: &AwsAccountSpec) -> Vec<Region> {
        let asked = &self.live.regions;
        if asked.is_empty() { spec.regions.clone() } else { asked.clone() }
    }
}

impl GatheredFacts {
    async fn account(
        &mut self,
        aws: &AwsAccounts,
        spec: &AwsAccountSpec,
        regions: &[Region],
        now: Timestamp,
    ) {
        let access = match aws.own(spec).await {
            Ok(access) => access,
            Err(error) => return self.missing(&error),
        };
        let (client, home) = (access.facts(), spec.partition.usual_region());
        // AWS Config records the block of public access to S3, as a type of its own.
        let facts = Fact::ALL.into_iter().filter(|fact| *fact != Fact::PublicAccessBlock);
        for fact in facts {
            let places = if fact.is_regional() { regions } else { std::slice::from_ref(&home) };
            for region in places {
                match tell(&client, fact, region, now).await {
                    Ok(reported) => {
                        self.items.extend(reported.items);
                        for problem in reported.problems {
                            self.is_incomplete = true;
                            tracing::warn!("{problem}");
                        }
                    }
                    Err(error) => self.missing(&error),
                }
            }
        }
    }

    fn missing(&mut self, error: &AwsError) {
        self.is_incomplete = true;
        tracing::warn!("{error}");
    }

    fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{{\"fileVersion\": \"1.0\", \"configurationItems\": [")?;
        for (at, item) in self.items.iter().enumerate() {
            let comma = if at + 1 == self.items.len() { "" } else { "," };
            writeln!(out, "  {item}{comma}")?;
        }
        writeln!(out, "]}}")
    }
}
