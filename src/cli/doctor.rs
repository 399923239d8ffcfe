//! `plumbline doctor`: what accounts need before they can be held to baselines.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use comfy_table::Color;

use super::exit::{CommandError, Exit};
use super::files::BaselineFiles;
use super::live::{self, Declared, LiveArguments};
use super::output::OutputFormat;
use super::results::{Field, Grid};
use super::{json, output};
use aws::{AwsSettings, Patience};
use clock::{Clock, SystemClock};
use engine::plan::OwnerKeys;
use setup::{CheckResult, CheckState, Examination, examine};

/// Check what each account needs before its baselines can be evaluated, and show how to fix what
/// fails
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct DoctorArguments {
    #[command(flatten)]
    baselines: BaselineFiles,
    #[command(flatten)]
    accounts: LiveArguments,
    /// The output format: text has one line for each check, json is a list of objects.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

const EXAMPLES: &str = "\
Nothing is changed: all checks only read. Permissions to publish are not checked, because only
publishing shows them.

Exit codes:
  0   nothing failed
  1   a check failed
  64  a wrong command line
  65  a mistake in the baselines
  66  a file cannot be read, or there is no baseline in it

Examples:
  plumbline doctor --baseline baselines/
      every account of the baselines, as its AwsAccount says
  plumbline doctor --baseline baseline.yaml --profile prod --region eu-west-1
      the account of a profile
  plumbline doctor --baseline baselines/ --output json | jq -r '.[] | select(.state == \"failed\") | .remediation'
      how to fix what failed";

/// Whoever waits at a terminal waits no longer than this for a call.
const PATIENCE: Patience = Patience {
    deadline: Duration::from_secs(15),
    first_pause: Duration::from_millis(200),
    longest_pause: Duration::from_secs(5),
};

impl DoctorArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let runtime = live::runtime().map_err(CommandError::Runtime)?;
        let results = runtime.block_on(self.results())?;
        output::write(|out| match self.output {
            OutputFormat::Text => text(out, &results),
            OutputFormat::Json => json::write_pretty(out, &results),
        })?;
        let failed = results.iter().any(|result| result.state == CheckState::Failed);
        Ok(if failed { Exit::Bad } else { Exit::Good })
    }

    async fn results(&self) -> Result<Vec<CheckResult>, CommandError> {
        let now = SystemClock.now();
        let settings = AwsSettings { patience: PATIENCE, ..self.accounts.aws.settings() };
        let owners = OwnerKeys::default(); // whom drift belongs to is not looked at
        let declared =
            self.accounts.declared(&self.baselines, &owners, settings, |_| {}, now).await?;
        let Declared { objects, resolved, aws } = declared;
        let (accounts, plans) = (&objects.accounts, &resolved.plans);
        let regions = &self.accounts.regions;
        Ok(examine(&aws, Examination { accounts, plans, regions, now }).await)
    }
}

fn text(out: &mut impl Write, results: &[CheckResult]) -> io::Result<()> {
    let mut grid = Grid::new(&[], output::style());
    for result in results {
        let remediation = result
            .remediation
            .as_deref()
            .map(|remediation| format!("; {remediation}"))
            .unwrap_or_default();
        grid.row([
            state(result.state),
            Field::new(result.account.as_str()),
            Field::new(result.region.as_ref().map_or("", |region| region.as_str())),
            Field::new(result.check.as_str()),
            Field::new(format!("{}{remediation}", result.message)),
        ]);
    }
    grid.write(out)?;
    writeln!(out, "\n{}", conclusion(results))
}

fn state(state: CheckState) -> Field {
    let field = Field::new(state.to_string());
    match state {
        CheckState::Ok => field.coloured(Some(Color::Green)),
        CheckState::Warning => field.coloured(Some(Color::Yellow)),
        CheckState::Failed => field.coloured(Some(Color::Red)).bold(),
        CheckState::NotTried => field,
    }
}

fn conclusion(results: &[CheckResult]) -> String {
    let mut counts: BTreeMap<CheckState, usize> = BTreeMap::new();
    for result in results {
        *counts.entry(result.state).or_default() += 1;
    }
    let counts = counts.iter().map(|(state, count)| format!("{count} {state}"));
    counts.collect::<Vec<_>>().join(", ")
}
