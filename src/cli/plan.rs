//! `plumbline plan`: what a changed baseline would do, before it is applied.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::exit::{CommandError, Exit};
use super::input::{Input, Opened, SnapshotOptions};
use super::output::{self, warn};
use super::progress::ReadingBar;
use super::results::change_line;
use crate::controller::{Clock, Round, RoundReport, SystemClock, View, evaluate};
use crate::drift::{FindingChange, Installation, KnownFindings};
use crate::evaluation::EvaluationResult;
use crate::resource::Timestamp;

/// Show which findings a changed baseline would open, close and leave, before it is applied
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct PlanArguments {
    /// The baselines as they are: a file or folder.
    #[arg(long, value_name = "PATH")]
    from: PathBuf,
    /// The baselines as they would be: a file or folder.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// An AWS Config snapshot: a file (plain, gzip or JSON Lines), a folder of them, or `-` for
    /// standard input.
    #[arg(long, value_name = "PATH")]
    snapshot: PathBuf,
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
  0  shown; whether anything would change is in what is shown
  2  something could not be read whole, so the findings may differ; also a wrong command line

Examples:
  plumbline plan --from baseline.yaml --to changed.yaml --snapshot snapshot.json.gz
  git show main:baseline.yaml > before.yaml
  plumbline plan --from before.yaml --to baseline.yaml --snapshot snapshot.json --output json";

/// What the change would do.
#[derive(Debug, Serialize)]
struct Forecast<'c> {
    changes: Vec<Change<'c>>,
    summary: Summary<'c>,
}

#[derive(Debug, Serialize)]
struct Summary<'c> {
    #[serde(flatten)]
    counts: BTreeMap<&'c str, usize>,
    /// Open findings that stay as they are.
    unchanged: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'c> {
    #[serde(rename = "change")]
    what: &'c str,
    baseline: String,
    control: &'c str,
    severity: crate::resource::Severity,
    account: &'c str,
    region: &'c str,
    resource_type: &'c str,
    resource_id: &'c str,
    arn: Option<&'c str>,
}

impl PlanArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let now = SystemClock.now();
        let progress = ReadingBar::new();
        let snapshot = Opened::at(&self.snapshot)?;
        let from = self.options.load(&self.from, &snapshot, now, &progress)?;
        let to = self.options.load(&self.to, &snapshot, now, &progress)?;
        let mut known = KnownFindings::new();
        let before = compare(&from, &known, now, &progress);
        let opened = before.drift.changes.iter().map(|change| change.finding().clone());
        opened.for_each(|finding| known.upsert(finding));
        let after = compare(&to, &known, now, &progress);
        progress.clear();
        let changes = &after.drift.changes;
        output::write(|out| match self.output {
            OutputFormat::Text => text(out, changes, known.open()),
            OutputFormat::Json => json(out, changes, known.open()),
        })?;
        warn::reading(&after.sources);
        Ok(if after.read_whole() { Exit::Good } else { Exit::Undecided })
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

fn json(out: &mut impl Write, changes: &[FindingChange], open: usize) -> io::Result<()> {
    let listed = changes.iter().map(Change::of).collect();
    let forecast = Forecast { changes: listed, summary: summary(changes, open) };
    serde_json::to_writer_pretty(&mut *out, &forecast)?;
    writeln!(out)
}

fn summary(changes: &[FindingChange], open: usize) -> Summary<'_> {
    let mut counts = BTreeMap::new();
    for change in changes {
        *counts.entry(change.as_str()).or_default() += 1;
    }
    let new = counts.get("opened").copied().unwrap_or_default();
    Summary { counts, unchanged: (open + new).saturating_sub(changes.len()) }
}

impl<'c> Change<'c> {
    fn of(change: &'c FindingChange) -> Self {
        let finding = change.finding();
        Self {
            what: change.as_str(),
            baseline: finding.generator.baseline.to_string(),
            control: finding.generator.control.as_str(),
            severity: finding.severity,
            account: finding.account.as_str(),
            region: finding.region.as_str(),
            resource_type: &finding.resource.resource_type,
            resource_id: &finding.resource.id,
            arn: finding.resource.arn.as_deref(),
        }
    }
}
