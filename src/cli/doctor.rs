//! `plumbline doctor`: what accounts need before they can be held to baselines.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use comfy_table::{Attribute, Cell, Color};

use super::exit::{CommandError, Exit};
use super::live::{self, Declared, LiveArguments, Snapshots};
use super::output;
use super::results::{arrange, table_for};
use crate::aws::{AwsSettings, Patience};
use crate::controller::{CheckResult, CheckState, Clock, Examination, SystemClock, examine};

/// Check what each account needs before its baselines can be evaluated, and say how to mend what
/// fails
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct DoctorArguments {
    /// A file or folder of YAML: `SecurityBaseline`s, and what they name.
    ///
    /// Without an `AwsAccount` in it, the account of the credentials is looked into.
    #[arg(long, value_name = "PATH")]
    baseline: PathBuf,
    #[command(flatten)]
    accounts: LiveArguments,
    /// How results are written: text is one line for each check, json a list of objects.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

const EXAMPLES: &str = "\
Nothing is changed: each check reads a little, and what only publishing would show is not tried.

Exit codes:
  0  nothing failed
  1  a check failed
  2  nothing could be checked: mistakes in the baseline, a wrong command line

Examples:
  plumbline doctor --baseline baselines/
      every account of the baselines, as its AwsAccount says
  plumbline doctor --baseline baseline.yaml --profile prod --region eu-west-1
      the account of a profile
  plumbline doctor --baseline baselines/ --output json | jq -r '.[] | select(.state == \"failed\") | .mend'
      what there is to do";

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
            OutputFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, &results)?;
                writeln!(out)
            }
        })?;
        let failed = results.iter().any(|result| result.state == CheckState::Failed);
        Ok(if failed { Exit::Bad } else { Exit::Good })
    }

    async fn results(&self) -> Result<Vec<CheckResult>, CommandError> {
        let now = SystemClock.now();
        let settings = AwsSettings { patience: PATIENCE, ..self.accounts.aws.settings() };
        let declared =
            self.accounts.declared(&self.baseline, settings, Snapshots::Kept, now).await?;
        let Declared { objects, resolved, aws } = declared;
        let (accounts, plans) = (&objects.accounts, &resolved.plans);
        let regions = &self.accounts.regions;
        Ok(examine(&aws, Examination { accounts, plans, regions, now }).await)
    }
}

fn text(out: &mut impl Write, results: &[CheckResult]) -> io::Result<()> {
    let look = output::look();
    let mut table = table_for(look);
    for result in results {
        let mend = result.mend.as_deref().map(|mend| format!("; {mend}")).unwrap_or_default();
        table.add_row([
            state(result.state),
            Cell::new(&result.account),
            Cell::new(result.region.as_ref().map_or("", |region| region.as_str())),
            Cell::new(result.check.as_str()),
            Cell::new(format!("{}{mend}", result.message)),
        ]);
    }
    arrange(&mut table, look);
    writeln!(out, "{}\n\n{}", table.trim_fmt(), conclusion(results))
}

fn state(state: CheckState) -> Cell {
    let cell = Cell::new(state);
    match state {
        CheckState::Ok => cell.fg(Color::Green),
        CheckState::Warning => cell.fg(Color::Yellow),
        CheckState::Failed => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        CheckState::NotTried => cell,
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
