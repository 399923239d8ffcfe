//! `plumbline cost`: what AWS Config and Security Hub cost a month for baselines.

mod counts;
mod given;
mod live;
mod shown;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::bucket::BucketReading;
use super::exit::{CommandError, Exit};
use super::files::{BaselineFiles, once};
use super::input::{Input, Opened, SnapshotOptions};
use super::live::LiveArguments;
use super::output::{self, OutputFormat, warn};
use super::progress::ReadingBar;
use super::source::SourceArguments;
use super::{json, live as reached};
use assess::{Limits, Round, RoundReport, View, evaluate};
use cel::Timestamp;
use clock::{Clock, SystemClock};
use cost::{PlaceCounts, PlaceEstimate, Prices, estimate};
use counts::{CountedTypes, places};
use engine::drift::{KnownFindings, Publisher};
use engine::evaluation::EvaluationResult;
use engine::plan::OwnerKeys;
use given::{given_items, given_rate};
use model::{AccountId, Region};
use shown::CostReport;

/// Show what AWS Config recording, AWS Config rules and Security Hub findings cost a month
///
/// Counts the resources that are recorded, estimates from their capture times how many configuration
/// items a month brings, evaluates the baselines for the findings that they publish, and applies list
/// prices. Shows what each recorded type costs, the types that no control of the baselines reads, the
/// types that are cheaper to record once a day, and the AWS managed rules that the controls replace.
/// Of accounts that are read through an aggregator it reads their delivered snapshots only.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct CostArguments {
    #[command(flatten)]
    baselines: BaselineFiles,
    #[command(flatten)]
    source: SourceArguments,
    /// How many configuration items one resource brings a month, for all types or for one; may be
    /// given several times.
    ///
    /// Default: estimated from when the resources were last recorded.
    #[arg(long, value_name = "[TYPE=]NUMBER", value_parser = given_rate)]
    changes_per_resource: Vec<(Option<String>, f64)>,
    /// How many configuration items a type brings a month in each account and region, as AWS's metric
    /// `ConfigurationItemsRecorded` counts them; may be given several times. It takes precedence over
    /// --changes-per-resource.
    #[arg(long, value_name = "TYPE=NUMBER", value_parser = given_items)]
    items: Vec<(String, f64)>,
    /// A YAML file of prices. Its regions take precedence over the list prices of us-east-1 that
    /// Plumbline knows, which stand for all other regions.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    #[command(flatten)]
    options: SnapshotOptions,
    /// The output format.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: OutputFormat,
    #[command(flatten)]
    accounts: LiveArguments,
}

const EXAMPLES: &str = "\
Exit codes:
  0   success
  2   something could not be read completely, so the costs may be higher
  64  a wrong command line
  65  a mistake in the baselines, in the objects that they refer to or in the prices
  66  a file is missing or cannot be read, or there is no baseline in it
  69  AWS cannot be reached, or refuses

Examples:
  plumbline cost --baseline baselines/ --snapshot snapshot.json.gz
      from a snapshot that AWS Config delivered
  plumbline cost --baseline baselines/ --live --profile prod --region eu-west-1
      the account of a profile, as AWS Config shows it now
  plumbline cost --baseline baselines/ --snapshot snapshots/ --changes-per-resource 4 \\
      --items AWS::EC2::NetworkInterface=90000
      with what you know of changes, such as from CloudWatch
  plumbline cost --baseline baselines/ --snapshot snapshots/ --output json |
      jq -r '.places[].types[] | select(.read | not) | [.resourceType, .items.usd] | @tsv'
      what the types cost that no control reads";

/// What is counted in each place, and how reading went.
struct CountedPlaces {
    places: Vec<PlaceCounts>,
    /// What could not be counted.
    notes: BTreeSet<String>,
    report: RoundReport,
}

impl CostArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        self.source.check(&self.accounts, &self.options)?;
        let now = SystemClock.now();
        let progress = ReadingBar::new();
        let prices = self.prices()?;
        let counted = if self.source.live {
            self.of_accounts(now, &progress)?
        } else {
            self.of_snapshot(now, &progress)?
        };
        progress.clear();
        let rates = given::rates(&self.changes_per_resource, &self.items);
        let is_sure = counted.report.is_sure() && counted.notes.is_empty();
        let mut report = CostReport::of(counted.notes);
        for counts in &counted.places {
            let Some((of, of_region)) = prices.of(&counts.region) else { continue };
            report.add(estimate(counts, &rates, of_region), of, of_region);
        }
        output::write(|out| match self.output {
            OutputFormat::Text => report.text(out),
            OutputFormat::Json => json::write_pretty(out, &report.json()),
        })?;
        warn::reading(&counted.report.sources);
        Ok(if is_sure { Exit::Good } else { Exit::Undecided })
    }

    /// The prices of the file before those that are built in.
    fn prices(&self) -> Result<Prices, CommandError> {
        let known = Prices::built_in().map_err(|error| CommandError::Data(error.to_string()))?;
        let Some(path) = &self.prices else { return Ok(known) };
        let shown = path.display();
        let text = fs::read_to_string(path)
            .map_err(|source| CommandError::Read { path: shown.to_string(), source })?;
        let prices = Prices::parse(&text)
            .map_err(|error| CommandError::Data(format!("--prices {shown}: {error}")))?;
        Ok(known.overridden_by(prices))
    }

    fn of_snapshot(
        &self,
        now: Timestamp,
        progress: &ReadingBar,
    ) -> Result<CountedPlaces, CommandError> {
        once(self.baselines.paths().iter().chain(&self.source.snapshot).map(PathBuf::as_path))?;
        let (baselines, owners) = (self.baselines.load()?, OwnerKeys::default());
        let (settings, objects) = (self.accounts.aws.settings(), vec![&baselines.0]);
        let opened = Opened::at(&self.source.snapshot, BucketReading { objects, settings, now })?;
        let paths = self.baselines.paths();
        let input =
            self.options.prepare(baselines, paths, &owners, (&opened, None), now, progress)?;
        let (types, notes) = snapshot::counted(opened.snapshot(), &input, now);
        Ok(counted(&input, &types, notes, now, progress))
    }

    fn of_accounts(
        &self,
        now: Timestamp,
        progress: &ReadingBar,
    ) -> Result<CountedPlaces, CommandError> {
        let runtime = reached::runtime().map_err(CommandError::Runtime)?;
        let owners = OwnerKeys::default();
        let loaded = self.accounts.load(&self.baselines, &owners, None, now, progress);
        let live = runtime.block_on(loaded)?;
        let (types, notes) = runtime.block_on(live::counted(&live, now))?;
        Ok(counted(&live.input, &types, notes, now, progress))
    }
}

/// Evaluates the baselines, and joins what comes of it with what is counted.
fn counted(
    input: &Input,
    types: &CountedTypes,
    notes: BTreeSet<String>,
    now: Timestamp,
    progress: &ReadingBar,
) -> CountedPlaces {
    let Input { resolved, sources, .. } = input;
    let round = Round {
        plans: &resolved.plans,
        sources,
        // Nothing is published yet.
        known: Some(&KnownFindings::new()),
        publisher: &Publisher::default(),
        now,
        may_lack_baselines: false,
        limits: Limits::NONE,
    };
    let mut nothing = |_: &EvaluationResult<'_>| {};
    let report = evaluate(&round, View { results: &mut nothing, filter: |_| false, progress });
    let mut findings: BTreeMap<(AccountId, Region), u64> = BTreeMap::new();
    for change in &report.drift.changes {
        let finding = change.finding();
        *findings.entry((finding.account.clone(), finding.region.clone())).or_default() += 1;
    }
    CountedPlaces { places: places(&resolved.plans, types, &findings, now), notes, report }
}

/// What all places cost.
fn total(places: &[PlaceEstimate]) -> f64 {
    places.iter().fold(0.0, |sum, place| sum + place.usd)
}
