//! The first stages of an account's turn: reach it, read it, evaluate all its baselines.
//!
//! How many accounts are at each stage at once is limited, for the whole replica.

use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::observations::{Credentials, credentials};
use super::open_reports::{Worst, WorstResults, is_reported};
use super::reports::Reports;
use super::work::AccountWork;
use crate::context::Context;
use crate::permits::{EvaluationPermit, tenants};
use assess::{
    Assessed, Assessment, Evaluated, Limits, Retained, Round, RoundReport, SinkError, SourceInput,
    View, evaluate, evaluate_changed,
};
use aws::AwsError;
use cel::Timestamp;
use engine::evaluation::{EXPRESSION_BUDGET, EvaluationResult};

/// An evaluation waits so long for what is published in each region. Where that takes longer, which it
/// does from some 5,000 findings on, it is compared and published after the next one.
const READ_FOR: Duration = Duration::from_secs(20);

/// Why an account was not evaluated.
#[derive(Debug, Error)]
pub(super) enum AccountError {
    /// Its findings cannot be opened.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The thread of the evaluation ended early.
    #[error("internal error; please report it: an evaluation ended unexpectedly: {0}")]
    Evaluation(#[from] tokio::task::JoinError),
    /// Nothing new begins any more.
    #[error("the operator is stopping")]
    Stopping,
}

/// What an evaluation came to.
pub(super) struct AccountEvaluation {
    pub(super) evaluated: Evaluated<WorstResults>,
    pub(super) started: Timestamp,
    /// How long the evaluation took, without what was read for it.
    pub(super) took: Duration,
    /// Whether the credentials belong to the account; nothing where AWS is not asked.
    pub(super) credentials: Option<Credentials>,
}

/// What a turn of an account reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnKind {
    /// The account, as far as it may have changed.
    Whole,
    /// What messages have brought.
    Changes,
}

/// Evaluates the account. What is published is read back first, where that is not known. `is_short` says
/// whether it is known to take little time.
pub(super) async fn evaluate_account(
    work: &AccountWork,
    context: &Context,
    (assessment, is_short): (Option<Assessment>, bool),
    turn: TurnKind,
) -> Result<AccountEvaluation, AccountError> {
    tracing::debug!(event = "evaluation_begun", "evaluating");
    let mut assessment = match assessment {
        Some(assessment) => assessment,
        None => open(work, context).await?,
    };
    let assessed = work.assessed(&context.settings.snapshots);
    let started = context.clock.now();
    let carried = match turn {
        TurnKind::Whole => None,
        TurnKind::Changes => carried(&mut assessment, (work, &assessed), context).await,
    };
    let (sources, credentials) = if let Some(carried) = carried {
        // Nothing is called for it, so nothing new is known of the credentials.
        let observed = context.observations.page(work.id());
        (carried, observed.and_then(|observed| observed.credentials))
    } else {
        let unreached = reach(&assessment, &assessed, context).await?;
        let sources = read(&mut assessment, (work, &assessed), context, started).await?;
        (sources, credentials(work, assessment.sink(), unreached.as_ref()))
    };
    let (mut sources, mut is_short) = (sources, is_short);
    loop {
        let permit = context.permits.take(tenants(&work.plans), is_short).await;
        let begun = context.clock.elapsed();
        let judge = judge(context, permit);
        let within = assessment.within(limits(context, is_short));
        let evaluated = within.evaluate(assessed.clone(), sources, started, judge).await?;
        let took = context.clock.elapsed().saturating_sub(begun);
        if !(is_short && evaluated.report.outcome.is_budget_spent) {
            return Ok(AccountEvaluation { evaluated, started, took, credentials });
        }
        // It takes long by now: it begins again where that keeps nobody waiting.
        (assessment, sources, is_short) = (evaluated.assessment, evaluated.sources, false);
    }
}

/// What a round may come to; less where it holds a place that is for short ones.
fn limits(context: &Context, is_short: bool) -> Limits {
    let steps = if is_short { EXPRESSION_BUDGET / 10 } else { EXPRESSION_BUDGET };
    Limits { findings: context.settings.max_findings, steps }
}

/// An assessment of the account alone, which nothing is known to yet.
async fn open(work: &AccountWork, context: &Context) -> Result<Assessment, AccountError> {
    let publisher = context.publisher.get().ok_or(AccountError::Stopping)?;
    let choice = context.settings.sink.of_account(work.id());
    let assessment = Assessment::open(context.aws.clone(), publisher.clone(), &choice).await?;
    Ok(assessment.reading_for(READ_FOR))
}

/// Why the account cannot be reached, if it cannot.
async fn reach(
    assessment: &Assessment,
    assessed: &Assessed,
    context: &Context,
) -> Result<Option<AwsError>, AccountError> {
    let _place = place(&context.reaches).await?;
    Ok(Box::pin(assessment.reach(assessed)).await.pop())
}

/// Reads back what is published, and reads the account.
async fn read(
    assessment: &mut Assessment,
    (work, assessed): (&AccountWork, &Assessed),
    context: &Context,
    now: Timestamp,
) -> Result<Vec<SourceInput>, AccountError> {
    let _place = place(&context.reads).await?;
    let regions = Reports::of(context, work.id()).regions(work.spec.partition);
    let places = work.places_with(&regions);
    Box::pin(assessment.read_back(&places)).await;
    Ok(Box::pin(assessment.read(assessed, now, &())).await)
}

/// What was read last, with what messages have brought since; nothing where that does not suffice. It
/// waits for no account that is read.
async fn carried(
    assessment: &mut Assessment,
    (work, assessed): (&AccountWork, &Assessed),
    context: &Context,
) -> Option<Vec<SourceInput>> {
    let carried = assessment.carried(assessed)?;
    let regions = Reports::of(context, work.id()).regions(work.spec.partition);
    Box::pin(assessment.read_back(&work.places_with(&regions))).await; // where that is not known
    Some(carried)
}

/// Evaluates a round, and keeps the worst results where they are reported.
fn judge(
    context: &Context,
    permit: EvaluationPermit,
) -> impl FnOnce(&Round<'_>, &mut Retained) -> (RoundReport, WorstResults) + Send + use<> {
    let reported = context.settings.open_reports;
    move |round, retained| {
        let most = reported.map_or(0, |most| usize::from(most.get()));
        let mut worst = Worst::of(round.plans, most);
        let filter: fn(&EvaluationResult<'_>) -> bool =
            if reported.is_some() { is_reported } else { |_| false };
        let view = View { results: &mut worst, filter, progress: &() };
        // Of a snapshot in which nothing changed nothing would be seen.
        let is_live = round.sources.iter().all(|it| matches!(it, SourceInput::Live(_)));
        let report =
            if is_live { evaluate_changed(round, retained, view) } else { evaluate(round, view) };
        drop(permit);
        (report, worst.finish())
    }
}

async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, AccountError> {
    places.acquire().await.map_err(|_| AccountError::Stopping)
}
