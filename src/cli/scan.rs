//! `plumbline scan`: one evaluation of a snapshot, or of accounts as AWS Config shows them.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::archivals::ConfirmedArguments;
use super::bucket::BucketReading;
use super::exit::{CommandError, Exit};
use super::files::{BaselineFiles, once};
use super::input::{Input, Opened, SnapshotOptions, warn_of};
use super::live::{self, LiveArguments};
use super::output::warn;
use super::owners::OwnerArguments;
use super::progress::ReadingBar;
use super::results::Only;
use super::shown::{OutputFormat, Shown};
use super::source::SourceArguments;
use api::AccountFactsMode;
use assess::{Limits, Round, RoundReport, Survey, View, evaluate, evaluate_at_once};
use aws::publish::FindingSink;
use cel::Timestamp;
use clock::{Clock, SystemClock};
use engine::drift::{KnownFindings, Publisher, PublisherId};
use manifest::Objects;
use manifest::document::Diagnostic;
use model::Severity;

/// Evaluate a snapshot or live accounts once and show the results; the exit code shows whether
/// there is drift
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
pub(super) struct ScanArguments {
    #[command(flatten)]
    baselines: BaselineFiles,
    #[command(flatten)]
    source: SourceArguments,
    /// Publish the differences to Security Hub: open findings for drift, resolve those that are
    /// fixed.
    ///
    /// Findings of other baselines, accounts and regions stay as they are. Needs --live and
    /// --installation.
    #[arg(long)]
    publish: bool,
    /// Take over findings of the installation that another Plumbline published, such as the
    /// operator. Without it they stay as they are, with a warning and exit code 2.
    #[arg(long, requires = "publish")]
    adopt: bool,
    #[command(flatten)]
    archivals: ConfirmedArguments,
    /// Do not read account facts, such as the password policy and the credential report. Controls
    /// that check them are then `Unknown`.
    #[arg(long)]
    without_account_facts: bool,
    #[command(flatten)]
    owners: OwnerArguments,
    #[command(flatten)]
    options: SnapshotOptions,
    /// The output format.
    ///
    /// table: for people, fitted to the terminal. wide: the same with one line for each result.
    /// json: one object, `results` first, then `summary`. asff: the findings that would be
    /// published, one per line. sarif: SARIF 2.1.0 for code scanning. junit: XML with a test case
    /// for each control and resource. github: annotations of GitHub Actions.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,
    /// Which results are shown: drift that is not exempt, unknown verdicts, or all results. The
    /// summary always counts all of them.
    ///
    /// Default: drift. sarif and github also show unknown verdicts, sarif shows exempt drift as
    /// suppressed, and junit shows every resource that a control applies to.
    #[arg(long, value_enum, value_name = "WHICH")]
    only: Option<Only>,
    /// The lowest severity of drift for which the exit code is 1.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "low", ignore_case = true)]
    fail_on: FailOn,
    /// Do not exit with 2 if verdicts are unknown, or if a baseline is suspended or has every
    /// control disabled.
    #[arg(long)]
    allow_unknown: bool,
    #[command(flatten)]
    accounts: LiveArguments,
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
  2   the result is not certain: input that could not be read completely, findings that could not
      be published, belong to another Plumbline or wait for --confirm-archival, or an internal error
      (both take precedence over 1), or an unknown verdict or a baseline of which nothing is
      evaluated (unless --allow-unknown)
  64  a wrong command line
  65  a mistake in the baselines or in the objects that they refer to
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
  plumbline scan --baseline baselines/ --snapshot snapshots/ --output sarif > plumbline.sarif
      for GitHub's code scanning; --output junit for GitLab and Jenkins
  plumbline scan --baseline baseline.yaml --live --profile prod --region eu-west-1
      the account of a profile, as AWS Config shows it now
  plumbline scan --baseline baselines/ --live --role-arn arn:aws:iam::111122223333:role/plumbline
      through a role";

impl ScanArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        if self.output == OutputFormat::Asff && self.only.is_some_and(|only| only != Only::Drift) {
            let problem = "--output asff prints findings, which exist only for drift: remove \
                --only";
            return Err(CommandError::Usage(problem.to_owned()));
        }
        self.source.check(&self.accounts, &self.options)?;
        self.check_options_of_live()?;
        let (now, progress) = (SystemClock.now(), ReadingBar::new());
        if self.source.live {
            if self.publish {
                live::chosen(self.accounts.installation.as_ref(), "--publish")?;
            }
            return self.live(now, &progress);
        }
        let files = self.output.or_failure(self.files(now))?;
        let survey = match self.at_once(&files, now, &progress)? {
            Ok(report) => return Ok(self.exit(&report)),
            Err(survey) => survey,
        };
        let ScanFiles { baselines, snapshot } = files;
        let (paths, owners) = (self.baselines.paths(), self.owners.keys());
        let input =
            self.options.prepare(baselines, paths, &owners, (&snapshot, survey), now, &progress);
        let input = self.output.or_failure(input)?;
        Ok(self.exit(&self.evaluate(&input, self.nothing_known().as_ref(), now, &progress)?))
    }

    /// Refuses what only counts for live accounts, or where findings are published. Clap does not: it asks for no
    /// `--live` beside `--snapshot`, with which that cannot be used.
    fn check_options_of_live(&self) -> Result<(), CommandError> {
        let of_live =
            [("--publish", self.publish), ("--without-account-facts", self.without_account_facts)];
        let of_live = of_live.into_iter().find(|(_, is_given)| *is_given && !self.source.live);
        if let Some((option, _)) = of_live {
            let problem = format!("{option} needs live accounts: replace --snapshot with --live");
            return Err(CommandError::Usage(problem));
        }
        if self.archivals.confirm_archival && !self.publish {
            let problem = "--confirm-archival confirms what --publish archives: add --publish";
            return Err(CommandError::Usage(problem.to_owned()));
        }
        Ok(())
    }

    /// Reads the baselines, and finds the snapshot that they are held against.
    fn files(&self, now: Timestamp) -> Result<ScanFiles, CommandError> {
        once(self.baselines.paths().iter().chain(&self.source.snapshot).map(PathBuf::as_path))?;
        let baselines = self.baselines.load()?;
        let (settings, objects) = (self.accounts.aws.settings(), vec![&baselines.0]);
        let snapshot = Opened::at(&self.source.snapshot, BucketReading { objects, settings, now })?;
        Ok(ScanFiles { baselines, snapshot })
    }

    /// Where no file declares accounts, evaluates those that the snapshot seems to be of, in one reading.
    /// Where that cannot be, nothing was shown, and what is in the snapshot may be given.
    fn at_once(
        &self,
        ScanFiles { baselines, snapshot }: &ScanFiles,
        now: Timestamp,
        progress: &ReadingBar,
    ) -> Result<Result<RoundReport, Option<Arc<Survey>>>, CommandError> {
        let (paths, owners) = (self.baselines.paths(), self.owners.keys());
        let presumed = self.options.presume(baselines, paths, &owners, snapshot, now);
        let Some((input, places)) = presumed else { return Ok(Err(None)) };
        let known = self.nothing_known();
        let evaluate = |round: &Round<'_>, view: View<'_>| evaluate_at_once(round, &places, view);
        let report = self.evaluate_by(evaluate, &input, known.as_ref(), now, progress);
        // Otherwise it is said where the accounts are known.
        if !matches!(report, Ok(Err(_))) {
            warn_of(&baselines.0, &input.resolved);
        }
        report
    }

    /// What findings are compared with that nobody publishes.
    fn nothing_known(&self) -> Option<KnownFindings> {
        (self.output == OutputFormat::Asff).then(KnownFindings::new)
    }

    /// Reads the accounts, and publishes if that is asked for.
    fn live(&self, now: Timestamp, progress: &ReadingBar) -> Result<Exit, CommandError> {
        let runtime = live::runtime().map_err(CommandError::Runtime)?;
        let facts = self.without_account_facts.then_some(AccountFactsMode::Disabled);
        let owners = self.owners.keys();
        let loaded = self.accounts.load(&self.baselines, &owners, facts, now, progress);
        let live = self.output.or_failure(runtime.block_on(loaded))?;
        if !self.publish {
            let known = self.nothing_known();
            return Ok(self.exit(&self.evaluate(&live.input, known.as_ref(), now, progress)?));
        }
        let mut sink = runtime.block_on(live.security_hub(&self.publisher()));
        let mut report = self.evaluate(&live.input, Some(sink.known()), now, progress)?;
        let held = self.archivals.hold(&mut report.drift.changes, sink.known(), now);
        let published = runtime.block_on(sink.publish(&report.drift.changes))?;
        let refusals = live.refusals(&sink).into_iter().chain(held).collect();
        let whole = warn::published(&published) & warn::refusing(&refusals);
        Ok(if whole { self.exit(&report) } else { Exit::Undecided })
    }

    /// Who publishes. What is only shown carries no mark.
    fn publisher(&self) -> Publisher {
        let id = self.publish.then(PublisherId::scan);
        Publisher { installation: self.accounts.installation(), id, adopts: self.adopt }
    }

    /// Evaluates, shows the results, and says what could not be read.
    fn evaluate(
        &self,
        input: &Input,
        known: Option<&KnownFindings>,
        now: Timestamp,
        progress: &ReadingBar,
    ) -> Result<RoundReport, CommandError> {
        let evaluate =
            |round: &Round<'_>, view: View<'_>| Ok::<_, Infallible>(evaluate(round, view));
        let Ok(report) = self.evaluate_by(evaluate, input, known, now, progress)?;
        Ok(report)
    }

    /// Does the same in one way or another. Where that is not the way, nothing is shown.
    fn evaluate_by<E>(
        &self,
        evaluate: impl FnOnce(&Round<'_>, View<'_>) -> Result<RoundReport, E>,
        input: &Input,
        known: Option<&KnownFindings>,
        now: Timestamp,
        progress: &ReadingBar,
    ) -> Result<Result<RoundReport, E>, CommandError> {
        let Input { resolved, sources, places, runtime } = input;
        let _reading = runtime.as_ref().map(|runtime| runtime.enter());
        let round = Round {
            plans: &resolved.plans,
            sources,
            known,
            publisher: &self.publisher(),
            now,
            // What is published of baselines that this scan knows nothing of stays.
            may_lack_baselines: true,
            limits: Limits::NONE,
        };
        let mut shown = Shown::new(self.output, self.only, &resolved.plans, places);
        let view = View { results: &mut shown, filter: self.output.filter(self.only), progress };
        let report = match evaluate(&round, view) {
            Ok(report) => report,
            Err(other) => return Ok(Err(other)),
        };
        progress.clear();
        shown.finish(&report)?;
        warn::reading(&report.sources);
        if self.output == OutputFormat::Asff {
            warn::unseen_in_findings(&report);
        }
        Ok(Ok(report))
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

/// Baselines, and the snapshot that they are held against.
struct ScanFiles {
    baselines: (Objects, Vec<Diagnostic>),
    snapshot: Opened,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::cli::results::JsonSummary;
    use crate::cli::{Cli, Command};
    use engine::drift::Drift;
    use engine::evaluation::Outcome;
    use model::{InternalError, InternalErrors, InternalPlace};

    #[test]
    fn a_failure_of_our_own_in_the_comparison_alone_makes_a_scan_undecided() {
        let line = ["plumbline", "scan", "--baseline", "b", "--snapshot", "s", "--allow-unknown"];
        let Command::Scan(scan) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        let internal = InternalErrors::default();
        let drift =
            Drift { changes: Vec::new(), summary: Vec::new(), left_out: Vec::new(), internal };
        let (outcome, sources) = (Outcome::of(&[]), Vec::new());
        let (kept, updated, took) = (BTreeMap::new(), BTreeSet::new(), Duration::ZERO);
        let mut report = RoundReport { outcome, drift, sources, kept, updated, took };
        let read_whole = |report: &RoundReport| {
            serde_json::to_value(JsonSummary::new(report)).unwrap()["readWhole"].clone()
        };
        assert_eq!((scan.exit(&report), read_whole(&report)), (Exit::Good, true.into()));
        let error = InternalError { place: InternalPlace::Comparison, what: "misplaced" };
        report.drift.internal.add(error);
        assert_eq!((scan.exit(&report), read_whole(&report)), (Exit::Undecided, false.into()));
    }
}
