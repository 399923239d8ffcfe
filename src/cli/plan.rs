//! `plumbline plan`: what a changed baseline would do, before it is applied.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::bucket::BucketReading;
use super::exit::{CommandError, Exit};
use super::files::{Exclusion, once};
use super::input::{Input, Opened, SnapshotOptions};
use super::json;
use super::output::OutputFormat;
use super::output::{self, warn};
use super::owners::OwnerArguments;
use super::progress::ReadingBar;
use super::results::{JsonChange, JsonError, SCHEMA_VERSION, change_line};
use assess::{Limits, Round, RoundReport, View, evaluate};
use aws::AwsSettings;
use cel::Timestamp;
use clock::{Clock, SystemClock};
use engine::drift::{FindingChange, KnownFindings, Publisher};
use engine::evaluation::EvaluationResult;

/// Show which findings a changed baseline would open, close and leave as they are
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct PlanArguments {
    /// The current baselines: a file or folder, or `-` for standard input; may be given several
    /// times.
    #[arg(long, value_name = "PATH", required = true)]
    from: Vec<PathBuf>,
    /// The changed baselines, given in the same way.
    #[arg(long, value_name = "PATH", required = true)]
    to: Vec<PathBuf>,
    #[command(flatten)]
    exclusion: Exclusion,
    /// An AWS Config snapshot: a file (plain, gzip or JSON Lines), a folder of them, the bucket that
    /// AWS Config delivers to (`s3://BUCKET/PREFIX`), or `-` for standard input; may be given several
    /// times.
    #[arg(long, value_name = "PATH", required = true)]
    snapshot: Vec<PathBuf>,
    #[command(flatten)]
    owners: OwnerArguments,
    #[command(flatten)]
    options: SnapshotOptions,
    /// The output format.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
}

const EXAMPLES: &str = "\
Exit codes:
  0   success, whether or not anything would change
  2   a verdict is unknown, or something could not be read completely, so the findings may differ
  64  a wrong command line
  65  a mistake in the baselines or in the objects that they refer to
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
    summary: PlanSummary<'c>,
}

#[derive(Debug, Serialize)]
struct PlanSummary<'c> {
    #[serde(flatten)]
    counts: BTreeMap<&'c str, usize>,
    /// Open findings that stay as they are.
    unchanged: usize,
    /// Verdicts of the changed baselines that are unknown, of which nobody knows what would change.
    unknown: u64,
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
        // What is unknown before or after hides what the change would do.
        let unknown = [&before, &after].map(|report| report.outcome.counts().unknown());
        let [was_unknown, unknown] = unknown;
        let summary = summary(changes, known.open(), unknown);
        output::write(|out| match self.output {
            OutputFormat::Text => text(out, changes, &summary),
            OutputFormat::Json => forecast(out, changes, summary),
        })?;
        warn::reading(&after.sources);
        let is_sure = before.is_sure() && after.is_sure() && was_unknown == 0 && unknown == 0;
        Ok(if is_sure { Exit::Good } else { Exit::Undecided })
    }
}

impl PlanArguments {
    /// The baselines as they are and as they would be.
    fn inputs(&self, now: Timestamp, progress: &ReadingBar) -> Result<[Input; 2], CommandError> {
        let paths = self.from.iter().chain(&self.to).chain(&self.snapshot);
        once(paths.map(PathBuf::as_path))?;
        let (from, to) = (self.exclusion.load(&self.from)?, self.exclusion.load(&self.to)?);
        let (settings, objects) = (AwsSettings::default(), vec![&from.0, &to.0]);
        let snapshot = Opened::at(&self.snapshot, BucketReading { objects, settings, now })?;
        let (options, owners) = (&self.options, self.owners.keys());
        Ok([
            options.prepare(from, &self.from, &owners, (&snapshot, None), now, progress)?,
            options.prepare(to, &self.to, &owners, (&snapshot, None), now, progress)?,
        ])
    }
}

fn compare(
    input: &Input,
    known: &KnownFindings,
    now: Timestamp,
    progress: &ReadingBar,
) -> RoundReport {
    let Input { resolved, sources, runtime, .. } = input;
    let _reading = runtime.as_ref().map(|runtime| runtime.enter());
    let round = Round {
        plans: &resolved.plans,
        sources,
        known: Some(known),
        publisher: &Publisher::default(),
        now,
        may_lack_baselines: false,
        limits: Limits::NONE,
    };
    let mut nothing = |_: &EvaluationResult<'_>| {};
    evaluate(&round, View { results: &mut nothing, filter: |_| false, progress })
}

fn text(
    out: &mut impl Write,
    changes: &[FindingChange],
    summary: &PlanSummary<'_>,
) -> io::Result<()> {
    for change in changes {
        writeln!(out, "{}", change_line(change))?;
    }
    let PlanSummary { counts, unchanged, unknown } = summary;
    let counts = counts.iter().map(|(change, count)| format!("{count} {change}, "));
    let unknown = if *unknown > 0 { format!(", {unknown} unknown") } else { String::new() };
    writeln!(out, "{}{unchanged} unchanged{unknown}", counts.collect::<String>())
}

fn forecast(
    out: &mut impl Write,
    changes: &[FindingChange],
    summary: PlanSummary<'_>,
) -> io::Result<()> {
    let listed = changes.iter().map(JsonChange::of).collect();
    json::write_pretty(out, &Forecast { schema_version: SCHEMA_VERSION, changes: listed, summary })
}

fn summary(changes: &[FindingChange], open: usize, unknown: u64) -> PlanSummary<'_> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(change.as_str()).or_default() += 1;
    }
    let new = counts.get("opened").copied().unwrap_or_default();
    PlanSummary { counts, unchanged: (open + new).saturating_sub(changes.len()), unknown }
}
