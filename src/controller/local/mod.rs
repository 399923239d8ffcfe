//! Runs on one machine: a folder of YAML files is the desired state; snapshot files or AWS Config
//! are the live state; a file or Security Hub takes the findings.

mod folder;
mod inputs;
mod measure;
mod observer;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::select;
use tracing::{Instrument as _, info_span};

use super::Clock;
use super::round::{RoundReport, View, evaluate};
use super::schedule;
use super::sources::{AwsAccounts, LiveSources, Reached};
use crate::aws::AwsSettings;
use crate::drift::Installation;
use crate::metrics::{Metrics, MetricsError, TRACED};
use crate::plan::LastGood;
use crate::publish::{FindingSink, JsonLines, OpenError, PublishError, Published, SecurityHub};
use crate::resource::Timestamp;
use crate::server::{Readiness, Server, ServerError};
use folder::Folder;
use inputs::Inputs;
use watch::Watch;

pub use observer::{Observer, Started};
pub use watch::WatchError;

/// A publication that failed is tried again after so long.
const RETRY: Duration = Duration::from_secs(10);

/// What to run, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of YAML files.
    pub folder: PathBuf,
    /// Where findings go.
    pub sink: SinkChoice,
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// Keeps the findings of two Plumblines over one account apart.
    pub installation: Installation,
    /// How AWS is reached, where accounts are read or findings are published there.
    pub aws: AwsSettings,
}

/// Where findings go.
#[derive(Debug, Clone)]
pub enum SinkChoice {
    /// A file in a folder.
    File(PathBuf),
    /// Security Hub of each account and region.
    SecurityHub,
}

/// Why running cannot begin or go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no such folder.
    #[error("{0} is not a folder; name one with YAML files")]
    Folder(String),
    /// The findings cannot be opened.
    #[error(transparent)]
    State(#[from] OpenError),
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
    #[error("internal error; please report it: a task ended early: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Evaluates, publishes, and goes on until `stop`.
///
/// A publication that has begun is brought to its end; an evaluation that has begun is given up,
/// since the next start does it again.
///
/// # Errors
///
/// When a folder or an address cannot be used. Later only when metrics can no longer be served.
pub async fn run<O: Observer>(
    settings: Settings,
    clock: &impl Clock,
    observer: O,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    if !settings.folder.is_dir() {
        return Err(RunError::Folder(settings.folder.display().to_string()));
    }
    let metrics = Arc::new(Metrics::new()?);
    let installation = settings.installation.clone();
    let aws = AwsAccounts::new(settings.aws.clone(), metrics.aws().clone(), installation.clone());
    let looping = Loop { settings, metrics, aws, reached: Reached::default() };
    match &looping.settings.sink {
        SinkChoice::File(folder) => {
            let sink = JsonLines::open(folder, &installation)?;
            let findings = sink.path().display().to_string();
            looping.run(sink, &findings, clock, observer, stop).await
        }
        SinkChoice::SecurityHub => {
            let sink = SecurityHub::new(installation, looping.reached.clone());
            looping.run(sink, "AWS Security Hub", clock, observer, stop).await
        }
    }
}

/// What stays the same from round to round.
struct Loop {
    settings: Settings,
    metrics: Arc<Metrics>,
    aws: AwsAccounts,
    /// The accounts in which findings are published.
    reached: Reached,
}

impl Loop {
    /// Goes round and round.
    async fn run<S: FindingSink + 'static, O: Observer>(
        &self,
        mut sink: S,
        findings: &str,
        clock: &impl Clock,
        mut observer: O,
        stop: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let Self { settings, metrics, .. } = self;
        let mut watch = Watch::start(&settings.folder, settings.sink.folder())?;
        let mut folder = Folder::new(settings.folder.clone());
        let mut last = LastGood::default();
        let mut live = LiveSources::new(self.aws.clone());
        let readiness = Readiness::default();
        let server = Server::bind(settings.listen).await?;
        observer.started(&Started { address: server.address(), findings: findings.to_owned() });
        let mut serving = tokio::spawn(server.serve(Arc::clone(metrics), readiness.clone()));
        let mut stop = std::pin::pin!(stop);
        loop {
            let now = clock.now();
            let turn = info_span!(target: TRACED, "evaluation");
            let part = |name| info_span!(target: TRACED, parent: &turn, "part", otel.name = name);
            let mut inputs = Inputs::of(folder.read(), &mut last, now); // the files, resolved
            watch.also(inputs.snapshots());
            let progress = observer.progress();
            let reading = Box::pin(inputs.read_live(&mut live, now, &*progress));
            select! {
                () = &mut stop => break,
                () = reading.instrument(part("read")) => {} // what AWS Config says
            }
            let reading_back = Box::pin(self.prepare(&mut sink, &inputs));
            select! {
                () = &mut stop => break,
                () = reading_back.instrument(part("read back")) => {} // what is published
            }
            let inputs = Arc::new(inputs);
            let evaluated = evaluate_all(Arc::clone(&inputs), settings, now, sink, observer)
                .instrument(part("evaluate"));
            let round = select! {
                () = &mut stop => break,
                evaluated = evaluated => {
                    let round;
                    (round, sink, observer) = evaluated?;
                    round
                }
            };
            let publishing =
                Box::pin(sink.publish(&round.drift.changes)).instrument(part("publish"));
            let published = publishing.await; // lasts when it returns
            measure::note(metrics, &inputs, &round, &sink, published.as_ref().ok(), clock.now());
            observer.ended(&round, published.as_ref());
            drop(turn);
            if !inputs.resolved.plans.is_empty() {
                readiness.ready(); // what evaluates nothing is not ready
            }
            let next = next(&inputs, &round, published.as_ref(), now);
            select! {
                () = &mut stop => break,
                ended = &mut serving => return Ok(ended??),
                () = watch.changed() => {}
                () = schedule::reached(next, clock) => {}
            }
        }
        Ok(())
    }

    /// Reads back what is published, where findings go to AWS.
    async fn prepare(&self, sink: &mut impl FindingSink, inputs: &Inputs) {
        if matches!(self.settings.sink, SinkChoice::SecurityHub) {
            for error in self.reached.reach(&self.aws, inputs.account_specs()).await {
                tracing::warn!("nothing is published in account {}: {error}", error.account);
            }
        }
        sink.prepare(&inputs.places()).await;
    }
}

impl SinkChoice {
    /// The folder that this process writes itself.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::File(folder) => Some(folder),
            Self::SecurityHub => None,
        }
    }
}

/// Evaluates on a thread of its own, which takes along what it needs and gives it back.
async fn evaluate_all<S: FindingSink + 'static, O: Observer>(
    inputs: Arc<Inputs>,
    settings: &Settings,
    now: Timestamp,
    sink: S,
    mut observer: O,
) -> Result<(RoundReport, S, O), RunError> {
    let installation = settings.installation.clone();
    let evaluation = tokio::task::spawn_blocking(move || {
        observer.begun(&inputs.resolved.plans, &inputs.mistakes);
        let filter = observer.filter();
        let progress = observer.progress();
        let view = View { results: &mut observer, filter, progress: &*progress };
        let report = evaluate(&inputs.round(sink.known(), &installation, now), view);
        (report, sink, observer)
    });
    Ok(evaluation.await?)
}

/// When to evaluate again though nothing changes.
fn next(
    inputs: &Inputs,
    round: &RoundReport,
    published: Result<&Published, &PublishError>,
    now: Timestamp,
) -> Option<Timestamp> {
    let failed = published.map_or(true, |published| !published.refused.is_empty());
    let retry = failed.then(|| schedule::after(now, RETRY));
    schedule::next(&inputs.resolved.plans, inputs.stale_at(&round.sources), now)
        .into_iter()
        .chain(retry)
        .min()
}
