//! One round: read every source once, evaluate all plans, compare with what is published.
//!
//! Nothing is published here, and nothing is remembered: the same sources, plans, known findings
//! and time give the same changes in the same order. Results are passed on as they come, so that
//! what a round holds does not grow with their number.

mod admission;
mod batch;
mod examination;
mod in_order;
mod interest;
mod live;
mod part;
mod retained;
mod setting;
mod withheld;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bumpalo::Bump;

use super::sources::{self, SnapshotInput, SourceInput, SourceReport, SourceStatement, Survey};
use aws::source::{AccountRegions, Which};
use cel::Timestamp;
use engine::drift::{Comparison, Drift, KnownFindings, Publisher, Summaries};
use engine::evaluation::{Coverage, EvaluationResult, Outcome, Results};
use engine::plan::Plan;
use examination::{Examined, Presumed, Take};
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
    let Ok(report) = evaluate_by(round, view, |interest, progress, receiver| {
        Ok::<_, Infallible>(examine(round, interest, progress, receiver))
    });
    report
}

/// Does one round over a single snapshot in one reading, presuming that all is well with it, and that it
/// holds items of just these accounts and regions.
///
/// # Errors
///
/// What is in the snapshot, as far as that is known, where it is not so. Nothing was shown then.
pub fn evaluate_at_once(
    round: &Round<'_>,
    presumed: &AccountRegions,
    view: View<'_>,
) -> Result<RoundReport, Option<Arc<Survey>>> {
    let [SourceInput::Snapshot(source)] = round.sources else { return Err(None) };
    evaluate_by(round, view, |interest, progress, receiver| {
        let presumed = Presumed { source, places: Some(presumed) };
        let (outcome, report) = examine_at_once(round, presumed, (interest, progress), receiver)?;
        Ok((outcome, vec![report]))
    })
}

fn evaluate_by<E>(
    round: &Round<'_>,
    view: View<'_>,
    examine: impl FnOnce(
        &Interest,
        &dyn Progress,
        &mut (dyn Results + Send),
    ) -> Result<(Outcome, Vec<SourceReport>), E>,
) -> Result<RoundReport, E> {
    let started = Instant::now();
    let interest = Interest::of(round, view.filter);
    let (mut gathering, shown) = (Gathering::of(round), view.results);
    let mut receiver = |result: &EvaluationResult<'_>| {
        gathering.observe(result);
        if interest.shows(result) {
            shown.result(result);
        }
    };
    let (outcome, sources) = examine(&interest, view.progress, &mut receiver)?;
    let drift = gathering.finish(&outcome);
    let (kept, updated, took) = (BTreeMap::new(), BTreeSet::new(), started.elapsed());
    Ok(RoundReport { outcome, drift, sources, kept, updated, took }.logged())
}

/// Reads every source of a round, and evaluates its plans. A single snapshot is read once, where all is well
/// with it; otherwise a first reading finds out what of it counts.
fn examine(
    round: &Round<'_>,
    interest: &Interest,
    progress: &dyn Progress,
    receiver: &mut (dyn Results + Send),
) -> (Outcome, Vec<SourceReport>) {
    if let [SourceInput::Snapshot(source)] = round.sources
        && source.survey.is_none()
    {
        let source = source.opened();
        let presumed = Presumed { source: &source, places: None };
        let survey = match examine_at_once(round, presumed, (interest, progress), receiver) {
            Ok((outcome, report)) => return (outcome, vec![report]),
            Err(survey) => survey,
        };
        let sources = &[SourceInput::Snapshot(SnapshotInput { survey, ..source })];
        return examine_all(&Round { sources, ..*round }, interest, progress, receiver);
    }
    examine_all(round, interest, progress, receiver)
}

/// Reads a snapshot once, and evaluates the round's plans, if it is as presumed. If not, nothing was passed
/// on; what is known of the snapshot may be given.
fn examine_at_once(
    round: &Round<'_>,
    presumed: Presumed<'_>,
    (interest, progress): (&Interest, &dyn Progress),
    receiver: &mut (dyn Results + Send),
) -> Result<(Outcome, SourceReport), Option<Arc<Survey>>> {
    let arena = Bump::new();
    let setting = Setting::of(round.plans, round.sources, round, &arena);
    let (mut workers, all) = (setting.workers(), setting.survey_reading());
    let examination = setting.examination(round, interest, progress);
    let examined = examination.snapshot_at_once(presumed, &all, &mut workers, receiver)?;
    let mut coverage = Coverage::new();
    state_snapshot(&mut coverage, presumed.source, &examined, (&setting.types(), round.now));
    Ok((setting.evaluation.finish(workers, &coverage, receiver), examined.report))
}

/// Reads every source of a round, and evaluates its plans.
fn examine_all(
    round: &Round<'_>,
    interest: &Interest,
    progress: &dyn Progress,
    receiver: &mut (dyn Results + Send),
) -> (Outcome, Vec<SourceReport>) {
    let arena = Bump::new();
    let setting = Setting::of(round.plans, round.sources, round, &arena);
    let (mut workers, types) = (setting.workers(), setting.types());
    let mut coverage = Coverage::new();
    let mut reports = Vec::with_capacity(round.sources.len());
    let examination = setting.examination(round, interest, progress);
    for source in round.sources {
        reports.push(match source {
            SourceInput::Snapshot(source) => {
                let examined = examination.snapshot(source, &mut workers, receiver);
                state_snapshot(&mut coverage, source, &examined, (&types, round.now));
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
    (setting.evaluation.finish(workers, &coverage, receiver), reports)
}

fn state_snapshot(
    coverage: &mut Coverage,
    source: &SnapshotInput,
    Examined { report, survey, lost }: &Examined,
    (types, now): (&BTreeSet<ResourceType>, Timestamp),
) {
    let survey = survey.as_deref();
    sources::state(coverage, &SourceStatement { source, report, survey, lost, types, now });
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
