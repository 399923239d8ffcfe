//! One round: read every source once, evaluate all plans, compare with what is published.
//!
//! Nothing is published here, and nothing is remembered: the same sources, plans, known findings
//! and time give the same changes in the same order. Results are passed on as they come, so that
//! what a round holds does not grow with their number.

mod batch;
mod examination;
mod in_order;
mod interest;
mod live;
mod part;
mod retained;
mod setting;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bumpalo::Bump;

use super::sources::{self, SourceInput, SourceReport, SourceStatement};
use aws::source::Which;
use cel::Timestamp;
use engine::drift::{Comparison, Drift, KnownFindings, Publisher, Summaries};
use engine::evaluation::{Coverage, EvaluationResult, Outcome, Results};
use engine::plan::Plan;
use examination::Take;
use interest::Interest;
use model::{AccountId, InternalErrors, ResourceType};
use setting::Setting;

pub use retained::{Retained, evaluate_changed};

/// What a round is about.
#[derive(Debug, Clone, Copy)]
pub struct Round<'r> {
    /// Every plan of the installation.
    pub plans: &'r [Plan],
    /// Where the items of the plans' accounts come from.
    pub sources: &'r [SourceInput],
    /// What is published. Without it nothing is compared, and a round holds no findings: there
    /// are no changes, however much drifts.
    pub known: Option<&'r KnownFindings>,
    /// Who publishes what comes of it.
    pub publisher: &'r Publisher,
    /// The time.
    pub now: Timestamp,
    /// Whether there may be baselines that no plan stands for: what is theirs stays as it is.
    pub may_lack_baselines: bool,
    /// What it may come to.
    pub limits: Limits,
}

/// What a round may come to, where tenants that do not trust each other share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many findings of a baseline may stand open in one account.
    pub findings: usize,
    /// What the expressions of one namespace may compute, in steps.
    pub steps: u64,
}

impl Limits {
    /// Whatever it takes.
    pub const NONE: Self = Self { findings: usize::MAX, steps: u64::MAX };
}

/// What a round came to.
#[derive(Debug)]
pub struct RoundReport {
    /// The verdicts, counted.
    pub outcome: Outcome,
    /// What is to be published, and what to say of each plan.
    pub drift: Drift,
    /// How reading went, a report for each source.
    pub sources: Vec<SourceReport>,
    /// The accounts of which nothing changed since an earlier round, and when they were evaluated: what
    /// is said of them was found then.
    pub kept: BTreeMap<AccountId, Timestamp>,
    /// The accounts of which only what changed since an earlier round was evaluated.
    pub updated: BTreeSet<AccountId>,
    /// How long it took.
    pub took: Duration,
}

impl RoundReport {
    /// Whether every source was read whole.
    pub fn read_whole(&self) -> bool {
        self.sources.iter().all(SourceReport::is_whole)
    }

    /// Whether every source was read whole, and nothing of our own failed.
    pub fn is_sure(&self) -> bool {
        self.read_whole() && self.internal_errors().is_empty()
    }

    /// Failures of our own in this round.
    pub fn internal_errors(&self) -> InternalErrors {
        let mut errors = self.outcome.internal;
        errors.merge(&self.drift.internal);
        errors
    }

    /// The same, its failures of our own being in the log.
    fn logged(self) -> Self {
        for (error, count) in self.internal_errors().iter() {
            tracing::error!(place = %error.place, count, "{error}");
        }
        self
    }
}

/// What somebody wants to see of a round while it goes on.
pub struct View<'v> {
    /// Takes results, in the order of the sources' items,
    pub results: &'v mut (dyn Results + Send),
    /// those for which this holds.
    pub filter: fn(&EvaluationResult<'_>) -> bool,
    /// Hears how far reading is.
    pub progress: &'v dyn Progress,
}

/// Hears how reading goes on, source by source.
pub trait Progress: Sync {
    /// A source of so many bytes is read now.
    fn total(&self, bytes: u64);

    /// So many bytes of it were read. Called from any thread.
    fn read(&self, bytes: u64);

    /// So many more items came from AWS. Called from any thread.
    fn fetched(&self, _items: u64) {}
}

/// Says nothing.
impl Progress for () {
    fn total(&self, _: u64) {}

    fn read(&self, _: u64) {}
}

/// Does one round.
pub fn evaluate(round: &Round<'_>, view: View<'_>) -> RoundReport {
    let started = Instant::now();
    let interest = Interest::of(round, view.filter);
    let (mut gathering, shown) = (Gathering::of(round), view.results);
    let mut receiver = |result: &EvaluationResult<'_>| {
        gathering.observe(result);
        if interest.shows(result) {
            shown.result(result);
        }
    };
    let (outcome, sources) = examine(round, &interest, view.progress, &mut receiver);
    let drift = gathering.finish(&outcome);
    let (kept, updated, took) = (BTreeMap::new(), BTreeSet::new(), started.elapsed());
    RoundReport { outcome, drift, sources, kept, updated, took }.logged()
}

/// Reads every source of a round once, and evaluates its plans.
fn examine(
    round: &Round<'_>,
    interest: &Interest,
    progress: &dyn Progress,
    receiver: &mut (dyn Results + Send),
) -> (Outcome, Vec<SourceReport>) {
    let arena = Bump::new();
    let setting = Setting::of(round.plans, round.sources, round, &arena);
    let Setting { evaluation, .. } = &setting;
    let types: BTreeSet<ResourceType> =
        evaluation.reading().into_iter().map(|(name, _)| name).collect();
    let mut workers = setting.workers();
    let mut coverage = Coverage::new();
    let mut reports = Vec::with_capacity(round.sources.len());
    let now = round.now;
    let examination = setting.examination(round, interest, progress);
    for source in round.sources {
        reports.push(match source {
            SourceInput::Snapshot(source) => {
                let examined = examination.snapshot(source, &mut workers, receiver);
                let statement = SourceStatement {
                    source,
                    report: &examined.report,
                    survey: examined.survey.as_deref(),
                    lost: &examined.lost,
                    types: &types,
                    now,
                };
                sources::state(&mut coverage, &statement);
                examined.report
            }
            SourceInput::Live(read) => {
                let all = read.parts.iter().map(|part| (part, Which::All)).collect();
                let workers = &mut workers;
                let examined = examination.live(read, &all, Take::Unkeyed, workers, receiver);
                sources::state_live(&mut coverage, read, &examined.report, &examined.lost);
                examined.report
            }
        });
    }
    (evaluation.finish(workers, &coverage, receiver), reports)
}

/// What is made of the results.
enum Gathering<'r> {
    Changes(Box<Comparison<'r>>),
    Summaries(Summaries<'r>),
}

impl<'r> Gathering<'r> {
    fn of(round: &Round<'r>) -> Self {
        let Round { plans, known, publisher, now, limits, .. } = *round;
        let Some(known) = known else { return Self::Summaries(Summaries::new(plans, now)) };
        let comparison = Comparison::new(plans, known, publisher, now).of_at_most(limits.findings);
        Self::Changes(Box::new(if round.may_lack_baselines {
            comparison.keep_absent_baselines()
        } else {
            comparison
        }))
    }

    /// Looks at a result. Whether a later round with the same known findings has a use for it.
    fn observe(&mut self, result: &EvaluationResult<'_>) -> bool {
        match self {
            Self::Changes(comparison) => comparison.observe(result),
            Self::Summaries(summaries) => summaries.observe(result, None),
        }
    }

    fn finish(self, outcome: &Outcome) -> Drift {
        match self {
            Self::Changes(comparison) => comparison.finish(outcome),
            Self::Summaries(summaries) => {
                let internal = InternalErrors::default();
                let summary = summaries.finish(outcome);
                Drift { changes: Vec::new(), summary, left_out: Vec::new(), internal }
            }
        }
    }
}
