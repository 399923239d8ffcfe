//! The operator: Kubernetes objects are the desired state, and status, findings, events and
//! metrics are what comes of it.
//!
//! The unit of work is one AWS account: one task on one replica evaluates all baselines that hold
//! for it ([`account`]) and reports to each. Whoever holds a baseline merges the reports of its
//! accounts into its status ([`status`]). Both follow what the caches hold ([`stores`]), put
//! together by pure functions ([`desired`]), so that a change that touches nothing does nothing.

mod account;
mod bucket;
mod conduct;
mod context;
mod desired;
mod events;
mod fleet;
mod lease;
mod settings;
mod sinks;
mod status;
mod stores;
mod time;
mod watching;
mod write;

use std::sync::{Arc, PoisonError, RwLock};

use kube::Client;
use tokio::select;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::sources::AwsAccounts;
use super::{Clock, SinkChoice};
use crate::metrics::Metrics;
use crate::server::{Readiness, Server};
use context::{Context, Notebook};
use desired::Desired;
use events::Events;
use stores::Stores;

pub use settings::{OperatorError, OperatorSettings};

/// So many accounts are reached at once.
const REACHES: usize = 64;
/// So many are read at once.
const READS: usize = 16;
/// So many reports are written at once.
const WRITES: usize = 8;

/// Runs until `stop`.
///
/// # Errors
///
/// When there is no API server, or an address or folder cannot be used. Later only when metrics
/// can no longer be served: an API server that cannot be reached is waited for.
pub async fn operate(
    settings: OperatorSettings,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) -> Result<(), OperatorError> {
    tell_start(&settings);
    let client = Client::try_default().await;
    let client = client.map_err(|error| OperatorError::Client(error.to_string()))?;
    sinks::make(&settings.sink)?;
    let metrics = Arc::new(Metrics::new()?);
    let own_metrics = metrics.operator()?;
    let readiness = Readiness::waiting_for(
        "the objects of the API server are not read yet; the log says why if this lasts",
    );
    let shown = Arc::new(RwLock::new(Arc::new(Desired::default())));
    let server = serve(&settings, &shown).await?;
    let mut tasks = JoinSet::new();
    let serving = server.serve(Arc::clone(&metrics), readiness.clone());
    tasks.spawn(async move { serving.await.map_err(OperatorError::from) });
    let (stores, watches) = Stores::watch(&client);
    for watching in watches {
        tasks.spawn(async move {
            watching.await;
            Err(OperatorError::Broken("a watch".to_owned()))
        });
    }
    let (events, writing) = Events::new(client.clone(), &settings.identity);
    tasks.spawn(async move {
        writing.await;
        Err(OperatorError::Broken("events".to_owned()))
    });
    let (aws, installation) = (settings.aws.clone(), settings.installation.clone());
    let context = Arc::new(Context {
        aws: AwsAccounts::new(aws, metrics.aws().clone(), installation),
        events,
        reaches: Semaphore::new(REACHES),
        reads: Semaphore::new(READS),
        permits: Arc::new(Semaphore::new(settings.max_concurrent)),
        writes: Semaphore::new(WRITES),
        notebook: Notebook::default(),
        client,
        settings,
        stores,
        metrics,
        own_metrics,
        clock,
    });
    let mut stop = std::pin::pin!(stop);
    select! {
        () = &mut stop => return Ok(()),
        ended = broken(&mut tasks) => return Err(ended),
        _ = context.stores.synced() => readiness.ready(),
    }
    select! {
        done = conduct::conduct(&context, &shown, &mut stop) => done,
        ended = broken(&mut tasks) => Err(ended),
    }
}

/// One line that says what runs here.
fn tell_start(settings: &OperatorSettings) {
    let sink = match &settings.sink {
        SinkChoice::File(folder) => folder.display().to_string(),
        SinkChoice::SecurityHub => "AWS Security Hub".to_owned(),
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        identity = %settings.identity,
        installation = %settings.installation,
        namespace = %settings.namespace,
        %sink,
        "the operator starts",
    );
}

/// Waits until a task ends that never does.
async fn broken(tasks: &mut JoinSet<Result<(), OperatorError>>) -> OperatorError {
    match tasks.join_next().await {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => OperatorError::Broken(error.to_string()),
        Some(Ok(Ok(()))) | None => OperatorError::Broken("the server".to_owned()),
    }
}

async fn serve(
    settings: &OperatorSettings,
    shown: &Arc<RwLock<Arc<Desired>>>,
) -> Result<Server, OperatorError> {
    let server = Server::bind(settings.listen).await?;
    tracing::info!(address = %server.address(), "serving metrics and health");
    if !settings.debug_plan {
        return Ok(server);
    }
    let shown = Arc::clone(shown);
    let show = move || shown.read().unwrap_or_else(PoisonError::into_inner).shown();
    Ok(server.showing("/debug/plan", Arc::new(show)))
}
