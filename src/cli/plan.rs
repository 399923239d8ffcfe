//! `plumbline plan`: what a changed baseline would do, before it is applied.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::exit::{CommandError, Exit};
use super::files::{Exclusion, once};
use super::input::{Input, Opened, SnapshotOptions};
use super::json;
use super::output::{self, warn};
use super::progress::ReadingBar;
use super::results::{JsonChange, JsonError, SCHEMA_VERSION, change_line};
use crate::controller::{Clock, Round, RoundReport, SystemClock, View, evaluate};
use crate::drift::{FindingChange, Installation, KnownFindings};
use crate::evaluation::EvaluationResult;
use crate::resource::Timestamp;

/// Show which findings a changed baseline would open, close and leave, before it is applied
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct PlanArguments {
    /// The baselines as they are: a file or folder, or `-` for standard input; may be given several
    /// times.
    #[arg(long, value_name = "PATH", required = true)]
    from: Vec<PathBuf>,
    /// The baselines as they would be, likewise.
    #[arg(long, value_name = "PATH", required = true)]
    to: Vec<PathBuf>,
    #[command(flatten)]
    exclusion: Exclusion,
    /// An AWS Config snapshot: a file (plain, gzip or JSON Lines), a folder of them, or `-` for
    /// standard input; may be given several times.
    #[arg(long, value_name = "PATH", required = true)]
    snapshot: Vec<PathBuf>,
    #[command(flatten)]
    options: SnapshotOptions,
    /// How changes are written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

const EXAMPLES: &str = "\
Exit codes:
  0   shown; whether anything would change is in what is shown
  2   something could not be read whole, so the findings may differ
  64  a wrong command line
  65  a mistake in the baselines or in what they name
  66  a file is missing or cannot be read, or there is no baseline in it

Examples:
  plumbline plan --from baseline.yaml --to changed.yaml --snapshot snapshot.json.gz
  git show main:baseline.yaml |
      plumbline plan --from - --to baseline.yaml --snapshot snapshot.json --output json";

/// What the change would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Forecast<'c> {
    schema_version: u32,
    changes: Vec<JsonChange<'c>>,
    summary: Summary<'c>,
}

#[derive(Debug, Serialize)]
struct Summary<'c> {
    #[serde(flatten)]
    counts: BTreeMap<&'c str, usize>,
    /// Open findings that stay as they are.
    unchanged: usize,
}

impl PlanArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let now = SystemClock.now();
        let progress = ReadingBar::new();
        let [from, to] = self.inputs(now, &progress).inspect_err(|error| {
            if self.output == OutputFormat::Json {
                // That it cannot be written shows by the exit code.
                let _ = output::write(|out| json::write_pretty(out, &JsonError::of(error)));
            }
        })?;
        let mut known = KnownFindings::new();
        let before = compare(&from, &known, now, &progress);
        let opened = before.drift.changes.iter().map(|change| change.finding().clone());
        opened.for_each(|finding| known.upsert(finding));
        let after = compare(&to, &known, now, &progress);
        progress.clear();
        let changes = &after.drift.changes;
        output::write(|out| match self.output {
            OutputFormat::Text => text(out, changes, known.open()),
            OutputFormat::Json => forecast(out, changes, known.open()),
        })?;
        warn::reading(&after.sources);
        Ok(if before.is_sure() && after.is_sure() { Exit::Good } else { Exit::Undecided })
    }
}

impl PlanArguments {
    /// The baselines as they are and as they would be.
    fn inputs(&self, now: Timestamp, progress: &ReadingBar) -> Result<[Input; 2], CommandError> {
        let paths = self.from.iter().chain(&self.to).chain(&self.snapshot);
        once(paths.map(PathBuf::as_path))?;
        let (from, to) = (self.exclusion.load(&self.from)?, self.exclusion.load(&self.to)?);
        let snapshot = Opened::at(&self.snapshot)?;
        let options = &self.options;
        Ok([
            options.prepare(from, &self.from, &snapshot, now, progress)?,
            options.prepare(to, &self.to, &snapshot, now, progress)?,
        ])
    }
}

fn compare(
    input: &Input,
    known: &KnownFindings,
    now: Timestamp,
    progress: &ReadingBar,
) -> RoundReport {
    let Input { resolved, sources } = input;
    let round = Round {
        plans: &resolved.plans,
        sources,
        known: Some(known),
        installation: &Installation::default(),
        now,
        may_lack_baselines: false,
    };
    let mut nothing = |_: &EvaluationResult<'_>| {};
    evaluate(&round, View { results: &mut nothing, filter: |_| false, progress })
}

fn text(out: &mut impl Write, changes: &[FindingChange], open: usize) -> io::Result<()> {
    for change in changes {
        writeln!(out, "{}", change_line(change))?;
    }
    let Summary { counts, unchanged } = summary(changes, open);
    let counts = counts.iter().map(|(change, count)| format!("{count} {change}, "));
    writeln!(out, "{}{unchanged} unchanged", counts.collect::<String>())
}

fn forecast(out: &mut impl Write, changes: &[FindingChange], open: usize) -> io::Result<()> {
    let listed = changes.iter().map(JsonChange::of).collect();
    let summary = summary(changes, open);
    json::write_pretty(out, &Forecast { schema_version: SCHEMA_VERSION, changes: listed, summary })
}

fn summary(changes: &[FindingChange], open: usize) -> Summary<'_> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(change.as_str()).or_default() += 1;
    }
    let new = counts.get("opened").copied().unwrap_or_default();
    Summary { counts, unchanged: (open + new).saturating_sub(changes.len()) }
}
