//! Evaluates all baselines of one account, on a thread that may take its time.

use std::sync::Arc;

use thiserror::Error;

use super::work::AccountWork;
use crate::controller::operator::context::Context;
use crate::controller::operator::sinks::{AccountSink, SinkError};
use crate::controller::round::{Round, RoundReport, View, evaluate};
use crate::controller::schedule;
use crate::controller::sources::SourceInput;
use crate::evaluation::{EvaluationResult, Results};
use crate::publish::FindingSink;
use crate::resource::Timestamp;

/// Why an account was not evaluated.
#[derive(Debug, Error)]
pub(super) enum EvaluationError {
    #[error(transparent)]
    Sink(#[from] SinkError),
    #[error("an evaluation broke off, which is a mistake of this program: {0}")]
    Broken(#[from] tokio::task::JoinError),
    #[error("the operator is stopping")]
    Stopping,
}

/// What an evaluation came to.
pub(super) struct Evaluated {
    pub(super) round: RoundReport,
    pub(super) sink: AccountSink,
    pub(super) started: Timestamp,
    /// When what was read becomes stale.
    pub(super) stale_at: Vec<Timestamp>,
}

/// Evaluates the account. What is published is read back first, where that is not known.
pub(super) async fn evaluate_account(
    work: &Arc<AccountWork>,
    context: &Arc<Context>,
    sink: Option<AccountSink>,
) -> Result<Evaluated, EvaluationError> {
    let permit = Arc::clone(&context.permits).acquire_owned().await;
    let permit = permit.map_err(|_| EvaluationError::Stopping)?;
    let mut sink = match sink {
        Some(sink) => sink,
        None => context.settings.sink.open(&work.spec).await?,
    };
    sink.prepare(&work.places()).await;
    let sources = ready_sources(work).await;
    let started = context.clock.now();
    let (work, installation) = (Arc::clone(work), context.settings.installation.clone());
    let evaluation = tokio::task::spawn_blocking(move || {
        let round = Round {
            plans: &work.plans,
            sources: &sources,
            known: Some(sink.known()),
            installation: &installation,
            now: started,
            may_lack_baselines: work.may_lack_baselines,
        };
        let view = View { results: &mut Unseen, filter: |_| false, progress: &() };
        let round = evaluate(&round, view);
        drop(permit);
        let stale_at = stale_at(&sources, &round);
        Evaluated { round, sink, started, stale_at }
    });
    Ok(evaluation.await?)
}

/// Where the account's items come from, ready to be read. A snapshot is read where it lies.
#[allow(clippy::unused_async)] // sources that have to be asked first are made ready here
async fn ready_sources(work: &AccountWork) -> Vec<SourceInput> {
    work.sources()
}

fn stale_at(sources: &[SourceInput], round: &RoundReport) -> Vec<Timestamp> {
    let taken = sources.iter().zip(&round.sources);
    let taken = taken.filter_map(|(source, report)| Some((source, report.taken_at?)));
    taken
        .flat_map(|(source, taken_at)| {
            let ages = source.accounts.values().filter_map(|account| account.max_age);
            ages.map(move |age| schedule::after(taken_at, age.duration()))
        })
        .collect()
}

/// Nobody looks at single results.
struct Unseen;

impl Results for Unseen {
    fn result(&mut self, _: &EvaluationResult<'_>) {}
}
