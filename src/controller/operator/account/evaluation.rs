//! Evaluates all baselines of one account, on a thread that may take its time.

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::{Instrument as _, info_span};

use super::learned::{Credentials, credentials};
use super::open_reports::{Worst, WorstResults, is_reported};
use super::reports::Reports;
use super::work::AccountWork;
use crate::api::AwsAccount;
use crate::aws::AwsError;
use crate::controller::operator::context::Context;
use crate::controller::operator::sinks::{self, AccountSink, SinkError};
use crate::controller::round::{Round, RoundReport, View, evaluate};
use crate::controller::schedule;
use crate::controller::sources::{LiveSources, SourceInput};
use crate::evaluation::EvaluationResult;
use crate::metrics::TRACED;
use crate::publish::FindingSink;
use crate::resource::Timestamp;

/// Why an account was not evaluated.
#[derive(Debug, Error)]
pub(super) enum EvaluationError {
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error("internal error; please report it: an evaluation ended early: {0}")]
    Broken(#[from] tokio::task::JoinError),
    #[error("the operator is stopping")]
    Stopping,
}

/// What an evaluation came to.
pub(super) struct Evaluated {
    pub(super) round: RoundReport,
    /// The worst results, where they are reported.
    pub(super) worst: WorstResults,
    pub(super) sink: AccountSink,
    pub(super) started: Timestamp,
    /// Where items came from.
    pub(super) sources: Vec<SourceInput>,
    /// Whether the credentials are the account's own; nothing where AWS is not asked.
    pub(super) credentials: Option<Credentials>,
    /// When what was read becomes stale.
    pub(super) stale_at: Vec<Timestamp>,
}

/// Evaluates the account. What is published is read back first, where that is not known.
pub(super) async fn evaluate_account(
    work: &Arc<AccountWork>,
    context: &Arc<Context>,
    sink: Option<AccountSink>,
    live: &mut LiveSources,
) -> Result<Evaluated, EvaluationError> {
    tracing::debug!("evaluating");
    let mut sink = if let Some(sink) = sink {
        sink
    } else {
        let settings = &context.settings;
        sinks::open(&settings.sink, &settings.installation, &work.spec).await?
    };
    let started = context.clock.now();
    let turn = next_turn(&context.reaches).await?;
    let unreached = reach(work, context, &sink).await;
    drop(turn);
    let turn = next_turn(&context.reads).await?;
    let reports = Reports::of(context, work.id());
    let places = work.places_with(reports.regions());
    drop(reports);
    let reading_back = info_span!(target: TRACED, "read back");
    Box::pin(sink.prepare(&places)).instrument(reading_back).await;
    let reading = info_span!(target: TRACED, "read");
    let sources = Box::pin(ready_sources(work, &context.settings.snapshots, live, started))
        .instrument(reading)
        .await;
    drop(turn);
    let credentials = credentials(work, &sink, unreached.as_ref());
    let permit = Arc::clone(&context.permits).acquire_owned().await;
    let permit = permit.map_err(|_| EvaluationError::Stopping)?;
    let (work, installation) = (Arc::clone(work), context.settings.installation.clone());
    let reported = context.settings.open_reports;
    let span = info_span!(target: TRACED, "evaluate", baselines = work.plans.len());
    let evaluation = tokio::task::spawn_blocking(move || {
        let _entered = span.enter();
        let round = Round {
            plans: &work.plans,
            sources: &sources,
            known: Some(sink.known()),
            installation: &installation,
            now: started,
            may_lack_baselines: work.may_lack_baselines,
        };
        let mut worst = Worst::of(&work.plans, reported.map_or(0, |most| usize::from(most.get())));
        let filter: fn(&EvaluationResult<'_>) -> bool =
            if reported.is_some() { is_reported } else { |_| false };
        let view = View { results: &mut worst, filter, progress: &() };
        let round = evaluate(&round, view);
        drop(permit);
        let (worst, stale_at) = (worst.finish(), stale_at(&sources, &round));
        Evaluated { round, worst, sink, started, sources, credentials, stale_at }
    });
    Ok(evaluation.await?)
}

async fn next_turn(turns: &Semaphore) -> Result<SemaphorePermit<'_>, EvaluationError> {
    turns.acquire().await.map_err(|_| EvaluationError::Stopping)
}

/// Reaches the account where its items come from it or its findings go there. Why it cannot be
/// reached, if it cannot; then what needs it is unknown, or refused.
async fn reach(work: &AccountWork, context: &Context, sink: &AccountSink) -> Option<AwsError> {
    let unreached = sink.reach(&context.aws, &work.spec).await;
    if unreached.is_some() || work.spec.source.config_api.is_none() || work.plans.is_empty() {
        return unreached;
    }
    context.aws.own(&work.spec).await.err()
}

/// Where the account's items come from, ready to be read: a snapshot is read where it lies, and
/// AWS Config is asked here.
async fn ready_sources(
    work: &AccountWork,
    snapshots: &Path,
    live: &mut LiveSources,
    now: Timestamp,
) -> Vec<SourceInput> {
    let account = AwsAccount::new(&work.name, work.spec.clone());
    let mut sources = work.snapshots(snapshots);
    sources.extend(live.refresh([&account], &work.plans, now, &()).await);
    sources
}

fn stale_at(sources: &[SourceInput], round: &RoundReport) -> Vec<Timestamp> {
    let taken = sources.iter().zip(&round.sources);
    let taken = taken.filter_map(|(source, report)| match source {
        SourceInput::Snapshot(source) => Some((source, &report.taken)),
        SourceInput::Live(_) => None,
    });
    taken
        .flat_map(|(source, taken)| {
            let ages = source.accounts.values().filter_map(|account| account.max_age);
            ages.flat_map(|age| taken.iter().map(move |at| schedule::after(*at, age.duration())))
        })
        .collect()
}
