//! Runs on one machine: a folder of YAML files is the desired state; snapshot files or AWS Config
//! are the live state; a file or Security Hub takes the findings.

mod archivals;
mod contents;
mod inputs;
mod measure;
mod observer;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::select;
use tracing::{Instrument as _, info_span};

use archivals::Archivals;
use assess::{
    Assessment, AwsAccounts, ChangeNews, ChangePace, Evaluated, Retained, Round, Sink, SinkChoice,
    SinkError, View, evaluate_changed, schedule,
};
use aws::AwsSettings;
use aws::publish::{MarkError, PublishError, Published, mark_of_folder};
use cel::Timestamp;
use clock::Clock;
use contents::Folder;
use engine::drift::{ArchivalLimit, Publisher};
use engine::plan::{DesiredBuilder, OwnerKeys};
use inputs::Inputs;
use metrics::{MetricSettings, Metrics, MetricsError, TRACED};
use server::{Readiness, Server, ServerError};
use watch::Watch;

pub(crate) use observer::{Observer, Started};
pub(crate) use watch::WatchError;

/// A publication that failed is tried again after so long.
const RETRY: Duration = Duration::from_secs(10);
/// A place that takes no findings is looked at again after so long, as the operator does at the latest.
const RETRY_OF_PLACES: Duration = Duration::from_mins(5);

/// What to run, and where.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The folder with the YAML files.
    pub folder: PathBuf,
    /// Where findings go.
    pub sink: SinkChoice,
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// What metrics show.
    pub metrics: MetricSettings,
    /// Who publishes. Its mark is that of the state folder.
    pub publisher: Publisher,
    /// The state folder.
    pub state: PathBuf,
    /// How many findings are archived at once without a confirmation.
    pub archival_limit: ArchivalLimit,
    /// Whether somebody confirmed what is above that.
    pub is_archival_confirmed: bool,
    /// Which tags and labels name the owners of drift where a baseline does not say.
    pub owner_keys: OwnerKeys,
    /// How AWS is reached, where accounts are read or findings are published there.
    pub aws: AwsSettings,
}

/// Why running cannot begin or go on.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    /// There is no such folder.
    #[error("{0} is not a folder; name one with YAML files")]
    Folder(String),
    /// The findings cannot be opened.
    #[error(transparent)]
    State(#[from] SinkError),
    /// The state folder keeps no id.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// Metrics cannot be served.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Metrics cannot be made.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Changes of files cannot be noticed.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// A part of the program ended that never does.
    #[error("internal error; please report it: a task ended unexpectedly: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// How running ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunEnd {
    /// Whether findings were held back in the last round.
    pub is_held_back: bool,
}

/// Evaluates, publishes, and goes on until `stop`.
///
/// A publication that has begun is brought to its end; an evaluation that has begun is given up,
/// since the next start does it again.
///
/// # Errors
///
/// When a folder or an address cannot be used. Later only when metrics can no longer be served.
pub(crate) async fn run<O: Observer>(
    settings: Settings,
    clock: &impl Clock,
    mut observer: O,
    stop: impl Future<Output = ()>,
) -> Result<RunEnd, RunError> {
    let mut archivals = Archivals::new(settings.archival_limit, settings.is_archival_confirmed);
    let Settings { folder, sink, listen, metrics, publisher, state, owner_keys, aws, .. } =
        settings;
    if !folder.is_dir() {
        return Err(RunError::Folder(folder.display().to_string()));
    }
    let metrics = Arc::new(Metrics::showing(&metrics)?);
    let aws = AwsAccounts::new(aws, metrics.aws().clone(), publisher.installation.clone());
    let publisher = Publisher { id: Some(mark_of_folder(&state)?), ..publisher };
    let mut stop = std::pin::pin!(stop);
    // A folder on a disk that does not answer keeps nobody from stopping it.
    let mut assessment = select! {
        () = &mut stop => return Ok(RunEnd { is_held_back: false }),
        opened = Assessment::open(aws, publisher, &sink) => opened?,
    };
    let mut watch = Watch::start(&folder, sink.folder())?;
    let (mut folder, mut builder) = (Folder::new(folder), DesiredBuilder::new(owner_keys));
    let readiness = Readiness::default();
    let server = Server::bind(listen).await?;
    let findings = assessment.sink().place();
    observer.started(&Started { address: server.address(), findings });
    let mut serving = tokio::spawn(server.serve(Arc::clone(&metrics), readiness.clone()));
    let mut held_back = Vec::new();
    let (mut inputs, mut read_at, mut pace) = (None, None, ChangePace::default());
    loop {
        let now = clock.now();
        pace.begin(clock.elapsed());
        let turn = info_span!(target: TRACED, "evaluation");
        let for_messages = inputs.is_some(); // the files are those of the last time
        let resolve = || Inputs::of(folder.read(), &mut builder, now);
        let current: &Inputs = inputs.get_or_insert_with(resolve);
        watch.also(current.snapshots());
        let evaluated = evaluate_all(current, assessment, (observer, for_messages), now);
        let evaluated = Box::pin(evaluated);
        let evaluated = select! {
            () = &mut stop => break,
            evaluated = evaluated.instrument(turn.clone()) => evaluated?,
        };
        (assessment, observer) = (evaluated.assessment, evaluated.seen);
        let mut round = evaluated.report;
        let (plans, known) = (&current.assessed.plans, assessment.known());
        let held = archivals.hold(plans, (&mut round.drift.changes, known), now);
        let publishing = Box::pin(assessment.publish(&round.drift.changes)).instrument(turn);
        let published = publishing.await; // lasts when it returns
        let taken = published.as_ref().ok();
        measure::note(&metrics, current, &round, assessment.sink(), taken, clock.now());
        measure::held(&metrics, current, &held);
        held_back = others_of(assessment.sink());
        held_back.extend(archivals.message(&held));
        observer.ended(&round, published.as_ref(), &held_back);
        if !current.assessed.plans.is_empty() {
            readiness.ready(); // what evaluates nothing is not ready
        }
        let (places, sink) = (current.places(), assessment.sink());
        let is_refused = places.iter().any(|place| sink.refusal(place).is_some());
        let turns = evaluated.stale_at.into_iter().chain(assessment.retained().due()).collect();
        let due = next(current, turns, published.as_ref(), is_refused, now);
        read_at = due.into_iter().chain(read_at.filter(|_| for_messages)).min(); // not put off
        pace.end(clock.elapsed());
        let changes = assessment.changes().cloned();
        select! {
            biased;
            () = &mut stop => break,
            ended = &mut serving => {
                ended?;
                break;
            }
            () = watch.changed() => inputs = None,
            () = assess::wait(read_at, clock, Some(assessment.sink_mut()), &places) => inputs = None,
            () = messages(changes.as_deref(), &pace, clock) => {}
        }
    }
    Ok(RunEnd { is_held_back: !held_back.is_empty() })
}

/// Waits until messages of change queues have brought something, at a pace that leaves others their time.
async fn messages(changes: Option<&ChangeNews>, pace: &ChangePace, clock: &impl Clock) {
    let Some(changes) = changes else { return std::future::pending().await };
    while !changes.has_changes() {
        changes.arrived().await;
    }
    clock.wait(pace.wait(clock.elapsed())).await;
}

/// What another Plumbline of the installation keeps, in words.
fn others_of(sink: &Sink) -> Vec<String> {
    let places = sink.others_places().into_iter();
    places.filter_map(|place| sink.others(place)).map(|(_, message)| message).collect()
}

/// Everything up to what is to be published, with the observer looking on. Accounts of which nothing
/// changed are not evaluated again. Where only messages came since the last time, nothing is read.
async fn evaluate_all<O: Observer>(
    inputs: &Inputs,
    mut assessment: Assessment,
    (mut observer, for_messages): (O, bool),
    now: Timestamp,
) -> Result<Evaluated<O>, RunError> {
    let assessed = &inputs.assessed;
    let unreached = assessment.reach(assessed).await;
    if assessment.sink().is_aws() {
        for error in unreached {
            tracing::warn!("findings of account {} are not published: {error}", error.account);
        }
    }
    assessment.read_back(&inputs.places()).await;
    let progress = observer.progress();
    let carried = if for_messages { assessment.carried(assessed) } else { None };
    let sources = match carried {
        Some(carried) => carried,
        None => assessment.read(assessed, now, &*progress).await,
    };
    let mistakes = inputs.mistakes.clone();
    let judge = move |round: &Round<'_>, retained: &mut Retained| {
        observer.begun(round.plans, &mistakes);
        let filter = observer.filter();
        let view = View { results: &mut observer, filter, progress: &*progress };
        (evaluate_changed(round, retained, view), observer)
    };
    Ok(assessment.evaluate(assessed.clone(), sources, now, judge).await?)
}

/// When to evaluate again though nothing changes; `turns` are when time changes a verdict, or the
/// interval of an account has passed.
fn next(
    inputs: &Inputs,
    turns: Vec<Timestamp>,
    published: Result<&Published, &PublishError>,
    is_refused: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    let failed = published.map_or(true, |published| !published.refused.is_empty());
    let retry = match (failed, is_refused) {
        (true, _) => Some(RETRY),
        (false, true) => Some(RETRY_OF_PLACES),
        (false, false) => None,
    };
    let retry = retry.map(|retry| schedule::after(now, retry));
    schedule::next(&inputs.assessed.plans, turns, now).into_iter().chain(retry).min()
}

#[cfg(test)]
mod tests;
