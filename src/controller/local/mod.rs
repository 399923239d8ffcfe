//! Runs on one machine: a folder of YAML files is the desired state, snapshot files are the live
//! state, and a file takes the findings.

mod folder;
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

use super::Clock;
use super::round::{RoundReport, View, evaluate};
use super::schedule;
use crate::drift::Installation;
use crate::metrics::{Metrics, MetricsError};
use crate::publish::{FindingSink, JsonLines, OpenError, PublishError, Published};
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
    /// Where findings are kept.
    pub state: PathBuf,
    /// Where metrics and health are served.
    pub listen: SocketAddr,
    /// Keeps the findings of two Plumblines over one account apart.
    pub installation: Installation,
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
    #[error("a task broke off, which is a mistake of this program: {0}")]
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
    mut observer: O,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    if !settings.folder.is_dir() {
        return Err(RunError::Folder(settings.folder.display().to_string()));
    }
    let mut sink = JsonLines::open(&settings.state)?;
    let mut watch = Watch::start(&settings.folder, &settings.state)?;
    let mut folder = Folder::new(settings.folder.clone());
    let metrics = Arc::new(Metrics::new()?);
    let readiness = Readiness::default();
    let server = Server::bind(settings.listen).await?;
    observer.started(&Started { address: server.address(), findings: sink.path().to_owned() });
    let mut serving = tokio::spawn(server.serve(Arc::clone(&metrics), readiness.clone()));
    let mut stop = std::pin::pin!(stop);
    loop {
        let now = clock.now();
        let inputs = Arc::new(Inputs::of(folder.read(), now)); // what the files say, resolved
        watch.also(inputs.snapshots());
        let evaluated = evaluate_all(Arc::clone(&inputs), &settings, now, sink, observer);
        let round = select! {
            () = &mut stop => break,
            evaluated = evaluated => {
                let round;
                (round, sink, observer) = evaluated?;
                round
            }
        };
        let published = sink.publish(&round.drift.changes).await; // lasts when it returns
        measure::note(&metrics, &inputs, &round, &sink, published.as_ref().ok(), clock.now());
        observer.ended(&round, published.as_ref());
        readiness.ready();
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

/// Evaluates on a thread of its own, which takes along what it needs and gives it back.
async fn evaluate_all<O: Observer>(
    inputs: Arc<Inputs>,
    settings: &Settings,
    now: Timestamp,
    sink: JsonLines,
    mut observer: O,
) -> Result<(RoundReport, JsonLines, O), RunError> {
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
    let retry = published.err().map(|_| schedule::after(now, RETRY));
    schedule::next(&inputs.resolved.plans, inputs.stale_at(&round.sources), now)
        .into_iter()
        .chain(retry)
        .min()
}
