//! `plumbline scan`: one evaluation of a snapshot, or of accounts as AWS Config shows them.

use std::io::{self, BufWriter, Stdout, Write};
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::exit::{CommandError, Exit};
use super::files::{BaselineFiles, once};
use super::input::{Input, Opened, SnapshotOptions};
use super::json;
use super::live::{self, LiveArguments};
use super::output::{self, Look, Room, warn};
use super::progress::ReadingBar;
use super::results::{
    Advice, JsonError, JsonResults, JsonSummary, Only, Row, TableResults, write_summary,
};
use crate::controller::{Clock, Round, RoundReport, SystemClock, View, evaluate};
use crate::drift::KnownFindings;
use crate::evaluation::{EvaluationResult, Results};
use crate::plan::Plan;
use crate::publish::FindingSink;
use crate::resource::{Severity, Timestamp, Verdict};

/// Evaluate a snapshot or live accounts once, show the results, and say by the exit code whether
/// there is drift
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[command(group(ArgGroup::new("what").args(["snapshot", "live"]).required(true)))]
pub(super) struct ScanArguments {
    #[command(flatten)]
    baselines: BaselineFiles,
    /// An AWS Config snapshot: a file (plain, gzip or JSON Lines), a folder of them, or `-` for
    /// standard input; may be given several times.
    #[arg(long, value_name = "PATH")]
    snapshot: Vec<PathBuf>,
    /// Read the accounts themselves, through AWS Config.
    ///
    /// Accounts that an `AwsAccount` declares are read as it says: through their own API, or
    /// through an aggregator.
    #[arg(long)]
    live: bool,
    /// Publish what differs from Security Hub there: open drift, resolve what is fixed.
    ///
    /// Findings of other baselines, and of accounts and regions that are not looked at, stay.
    #[arg(long, requires = "live")]
    publish: bool,
    #[command(flatten)]
    options: SnapshotOptions,
    /// How results are written.
    ///
    /// table: for people, fitted to the terminal. wide: the same with a line for each result,
    /// however long. json: one object, `results` first, then `summary`. asff: the findings that drift
    /// would publish, one a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,
    /// Which results are shown: drift without what is exempt, unknown verdicts, or all. The
    /// summary counts all in any case.
    #[arg(long, value_enum, value_name = "WHICH", default_value = "drift")]
    only: Only,
    /// The least severity at which drift makes the exit code 1.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "low", ignore_case = true)]
    fail_on: FailOn,
    /// Do not exit with 2 only because verdicts are unknown, or because a baseline is suspended or
    /// has every control disabled.
    #[arg(long)]
    allow_unknown: bool,
    #[command(flatten)]
    accounts: LiveArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Table,
    Wide,
    Json,
    Asff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Informational,
}

const EXAMPLES: &str = "\
Exit codes:
  0   no drift at or above --fail-on, and nothing unknown
  1   drift at or above --fail-on
  2   something could not be determined: input that could not be read whole, or an internal error
      (both take precedence over 1), or an unknown verdict or a baseline of which nothing is
      evaluated (unless --allow-unknown)
  64  a wrong command line
  65  a mistake in the baselines or in what they name
  66  a file is missing or cannot be read, or there is no baseline in it
  69  AWS cannot be reached, or refuses

Examples:
  plumbline scan --baseline baseline.yaml --snapshot snapshot.json.gz
      a table of drift
  plumbline scan --baseline baselines/ --snapshot snapshots/ --fail-on high
      a folder of snapshot files; only High and Critical drift fails
  plumbline scan --baseline team/ --baseline platform/ --snapshot snapshot.json.gz --only unknown
      baselines and accounts of two folders; what is unknown, and why
  aws s3 cp s3://bucket/snapshot.json.gz - | plumbline scan --baseline baseline.yaml --snapshot -
  kustomize build overlays/prod | plumbline scan --baseline - --snapshot snapshot.json.gz
      from standard input
  plumbline scan --baseline baseline.yaml --snapshot snapshot.json --output json |
      jq -r '.results[] | [.control, .resourceId, .message] | @tsv'
      results as data
  plumbline scan --baseline baseline.yaml --live --profile prod --region eu-west-1
      the account of a profile, as AWS Config shows it now
  plumbline scan --baseline baselines/ --live --role-arn arn:aws:iam::111122223333:role/plumbline
      through a role";

impl ScanArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        if self.output == OutputFormat::Asff && self.only != Only::Drift {
            let problem = "--output asff shows findings, which only drift has: leave --only out";
            return Err(CommandError::Usage(problem.to_owned()));
        }
        if !self.live && self.accounts.are_chosen() {
            let problem = "--region, --account and --role-arn choose what --live reads: add it";
            return Err(CommandError::Usage(problem.to_owned()));
        }
        let (now, progress) = (SystemClock.now(), ReadingBar::new());
        if self.live {
            return self.live(now, &progress);
        }
        let input = self.or_json_error(self.input(now, &progress))?;
        Ok(self.exit(&self.evaluate(&input, self.nothing_known().as_ref(), now, &progress)?))
    }

    /// Baselines, and the snapshot that they are held against.
    fn input(&self, now: Timestamp, progress: &ReadingBar) -> Result<Input, CommandError> {
        once(self.baselines.paths().iter().chain(&self.snapshot).map(PathBuf::as_path))?;
        let baselines = self.baselines.load()?;
        let snapshot = Opened::at(&self.snapshot)?;
        self.options.prepare(baselines, self.baselines.paths(), &snapshot, now, progress)
    }

    /// Where JSON is asked for and nothing of it is written yet, an error is written as JSON too.
    fn or_json_error<T>(&self, done: Result<T, CommandError>) -> Result<T, CommandError> {
        if let (OutputFormat::Json, Err(error)) = (self.output, &done) {
            output::write(|out| json::write_pretty(out, &JsonError::of(error)))?;
        }
        done
    }

    /// What findings are compared with that nobody publishes.
    fn nothing_known(&self) -> Option<KnownFindings> {
        (self.output == OutputFormat::Asff).then(KnownFindings::new)
    }

    /// Reads the accounts, and publishes if that is asked for.
    fn live(&self, now: Timestamp, progress: &ReadingBar) -> Result<Exit, CommandError> {
        let runtime = live::runtime().map_err(CommandError::Runtime)?;
        let loaded = runtime.block_on(self.accounts.load(&self.baselines, now, progress));
        let live = self.or_json_error(loaded)?;
        if !self.publish {
            let known = self.nothing_known();
            return Ok(self.exit(&self.evaluate(&live.input, known.as_ref(), now, progress)?));
        }
        let mut sink = runtime.block_on(live.security_hub(&self.accounts.installation));
        let report = self.evaluate(&live.input, Some(sink.known()), now, progress)?;
        let published = runtime.block_on(sink.publish(&report.drift.changes))?;
        let whole = warn::published(&published);
        Ok(if whole { self.exit(&report) } else { Exit::Undecided })
    }

    /// Evaluates, shows the results, and says what could not be read.
    fn evaluate(
        &self,
        input: &Input,
        known: Option<&KnownFindings>,
        now: Timestamp,
        progress: &ReadingBar,
    ) -> Result<RoundReport, CommandError> {
        let Input { resolved, sources } = input;
        let round = Round {
            plans: &resolved.plans,
            sources,
            known,
            installation: &self.accounts.installation,
            now,
            // What is published of baselines that this scan knows nothing of stays.
            may_lack_baselines: true,
        };
        let mut shown = Shown::new(self.output, self.only, &resolved.plans)?;
        let view = View { results: &mut shown, filter: self.filter(), progress };
        let report = evaluate(&round, view);
        progress.clear();
        shown.finish(&report)?;
        warn::reading(&report.sources);
        Ok(report)
    }

    /// Which results are shown. Findings come from the comparison with what is published: nothing.
    fn filter(&self) -> fn(&EvaluationResult<'_>) -> bool {
        match self.output {
            OutputFormat::Table | OutputFormat::Wide if self.only == Only::Drift => {
                // What is unknown is named below the table.
                |result| result.is_drift() || matches!(result.verdict, Verdict::Unknown(_))
            }
            OutputFormat::Table | OutputFormat::Wide | OutputFormat::Json => self.only.filter(),
            OutputFormat::Asff => |_| false,
        }
    }

    fn exit(&self, report: &RoundReport) -> Exit {
        let failing = report
            .drift
            .summary
            .iter()
            .flat_map(|summary| &summary.by_severity)
            .any(|(severity, resources)| *severity >= self.fail_on.into() && *resources > 0);
        let mut summaries = report.drift.summary.iter();
        let is_passed_over = summaries.any(|summary| summary.not_evaluated.is_some());
        let unknown = is_passed_over || report.outcome.counts().unknown() > 0;
        if !report.is_sure() {
            Exit::Undecided
        } else if failing {
            Exit::Bad
        } else if unknown && !self.allow_unknown {
            Exit::Undecided
        } else {
            Exit::Good
        }
    }
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Critical => Self::Critical,
            FailOn::High => Self::High,
            FailOn::Medium => Self::Medium,
            FailOn::Low => Self::Low,
            FailOn::Informational => Self::Informational,
        }
    }
}

/// Writes results as they come.
struct Shown<'p> {
    plans: &'p [Plan],
    form: Form,
    /// The first error of writing; nothing is written after it.
    failed: Option<io::Error>,
}

type Out = BufWriter<Stdout>;

enum Form {
    Table(Box<ShownTable>),
    Json(JsonResults<Out>),
    Asff(Out),
}

/// A table, and what is said below it.
struct ShownTable {
    table: TableResults<Out>,
    advice: Advice,
    only: Only,
    look: Look,
}

impl<'p> Shown<'p> {
    fn new(output: OutputFormat, only: Only, plans: &'p [Plan]) -> Result<Self, CommandError> {
        let out = BufWriter::new(io::stdout());
        let look = output::look();
        let form = match output {
            OutputFormat::Table => Form::Table(Box::new(ShownTable::new(out, plans, only, look))),
            OutputFormat::Wide => {
                let look = Look { room: Room::Endless, ..look };
                Form::Table(Box::new(ShownTable::new(out, plans, only, look)))
            }
            OutputFormat::Json => Form::Json(JsonResults::begin(out)?),
            OutputFormat::Asff => Form::Asff(out),
        };
        Ok(Self { plans, form, failed: None })
    }

    fn write(&mut self, row: Row) -> io::Result<()> {
        match &mut self.form {
            Form::Table(table) => table.row(row),
            Form::Json(json) => json.row(&row),
            Form::Asff(_) => Ok(()),
        }
    }

    fn finish(self, report: &RoundReport) -> Result<(), CommandError> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        match self.form {
            Form::Table(table) => table.finish(report)?,
            Form::Json(json) => json.finish(&JsonSummary::new(report))?,
            Form::Asff(mut out) => {
                for change in &report.drift.changes {
                    json::write_compact(&mut out, &change.finding().to_asff())?;
                    out.write_all(b"\n")?;
                }
                out.flush()?;
            }
        }
        Ok(())
    }
}

impl ShownTable {
    fn new(out: Out, plans: &[Plan], only: Only, look: Look) -> Self {
        let table = TableResults::new(out, plans, only != Only::Drift, look);
        Self { table, advice: Advice::default(), only, look }
    }

    fn row(&mut self, row: Row) -> io::Result<()> {
        self.advice.note(&row);
        if self.only == Only::Drift && !row.is_drift() { Ok(()) } else { self.table.row(row) }
    }

    fn finish(self, report: &RoundReport) -> io::Result<()> {
        let Self { table, advice, only, look } = self;
        let mut out = table.finish()?;
        advice.write_fixes(&mut out, look)?;
        if only == Only::Drift {
            advice.write_unknown(&mut out, look, "--only unknown shows every unknown verdict")?;
        }
        write_summary(&mut out, &report.drift.summary, look)?;
        out.flush()
    }
}

impl Results for Shown<'_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        if self.failed.is_some() {
            return;
        }
        if let Some(row) = Row::of(self.plans, result) {
            self.failed = self.write(row).err();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::drift::Drift;
    use crate::evaluation::Outcome;
    use crate::resource::{InternalError, InternalErrors, InternalPlace};

    #[test]
    fn a_failure_of_our_own_in_the_comparison_alone_makes_a_scan_undecided() {
        let line = ["plumbline", "scan", "--baseline", "b", "--snapshot", "s", "--allow-unknown"];
        let Command::Scan(scan) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        let internal = InternalErrors::default();
        let drift = Drift { changes: Vec::new(), summary: Vec::new(), internal };
        let (outcome, sources) = (Outcome::of(&[]), Vec::new());
        let mut report = RoundReport { outcome, drift, sources, took: Duration::ZERO };
        assert_eq!(scan.exit(&report), Exit::Good);
        let error = InternalError { place: InternalPlace::Comparison, what: "misplaced" };
        report.drift.internal.add(error);
        assert_eq!(scan.exit(&report), Exit::Undecided);
    }
}
