//! The operator: Kubernetes objects are the desired state, and status, findings, events and
//! metrics are what comes of it.
//!
//! The unit of work is one AWS account: one task on one replica evaluates all baselines that hold
//! for it ([`account`]) and reports to each. Whoever holds a baseline merges the reports of its
//! accounts into its status ([`status`]). Both follow what the caches hold ([`stores`]), put
//! together by pure functions ([`desired`]), so that a change that touches nothing does nothing.

mod account;
mod bucket;
mod context;
mod desired;
mod events;
mod fleet;
mod settings;
mod sinks;
mod status;
mod stores;
mod time;
mod write;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kube::Client;
use tokio::select;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Clock;
use crate::metrics::Metrics;
use crate::server::{Readiness, Server};
use bucket::{BUCKETS, Ownership};
use context::{Context, Notebook};
use desired::{Desired, Resolver, World};
use events::Events;
use fleet::Fleet;
use status::Keeper;
use stores::Stores;

pub use settings::{OperatorError, OperatorSettings};
pub use sinks::SinkChoice;

/// Changes come in bursts, such as a folder that is applied; a burst is looked at once.
const QUIET: Duration = Duration::from_millis(200);
/// What has begun when the operator is to stop has so long to come to its end.
const FAREWELL: Duration = Duration::from_secs(20);

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
    let client = Client::try_default().await;
    let client = client.map_err(|error| OperatorError::Client(error.to_string()))?;
    settings.sink.make()?;
    let metrics = Arc::new(Metrics::new()?);
    let readiness = Readiness::waiting_for("the caches do not hold yet what the API server holds");
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
    let context = Arc::new(Context {
        events: Events::new(client.clone(), &settings.identity),
        permits: Arc::new(Semaphore::new(settings.max_concurrent)),
        notebook: Notebook::default(),
        client,
        settings,
        stores,
        metrics,
        clock,
    });
    let mut stop = std::pin::pin!(stop);
    select! {
        () = &mut stop => return Ok(()),
        ended = broken(&mut tasks) => return Err(ended),
        _ = context.stores.synced() => readiness.ready(),
    }
    select! {
        done = conduct(&context, &shown, &mut stop) => done,
        ended = broken(&mut tasks) => Err(ended),
    }
}

/// Directs the work until `stop`, then lets what has begun come to its end.
async fn conduct(
    context: &Arc<Context>,
    shown: &RwLock<Arc<Desired>>,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> Result<(), OperatorError> {
    let (_held, mut ownership) = watch::channel(Ownership::of(0..BUCKETS));
    let (wanted, desired) = watch::channel(Arc::new(Desired::default()));
    let mut keeper: JoinSet<()> = JoinSet::new();
    let mut resolver = Resolver::default();
    let mut fleet = Fleet::new(Arc::clone(context));
    let mut is_first = true;
    loop {
        let resolved = Arc::new(resolver.resolve(World::of(&context.stores)));
        report_broken(&resolved);
        *shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&resolved);
        fleet.direct(&resolved, &ownership.borrow_and_update());
        wanted.send_replace(resolved);
        if std::mem::take(&mut is_first) {
            let keeping = Keeper::new(Arc::clone(context));
            keeper.spawn(keeping.run(desired.clone(), ownership.clone()));
        }
        select! {
            () = &mut *stop => break,
            _ = keeper.join_next() => return Err(OperatorError::Broken("statuses".to_owned())),
            changed = ownership.changed() => drop(changed),
            () = context.stores.changes.desired.notified() => sleep(QUIET).await,
        }
    }
    fleet.dismiss_all();
    if timeout(FAREWELL, fleet.gone()).await.is_err() {
        tracing::warn!("what had begun did not end in time; the next start does it again");
        fleet.abort();
    }
    Ok(())
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

/// Objects that do not parse have no status to tell it.
fn report_broken(desired: &Desired) {
    for broken in &desired.world.broken {
        tracing::warn!(
            object = %broken.key, error = %broken.error,
            "passed over: it does not parse; apply it again as this version has it",
        );
    }
}
