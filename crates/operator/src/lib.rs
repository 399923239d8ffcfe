//! The operator: Kubernetes objects are the desired state, and status, findings, events and
//! metrics are what comes of it.
//!
//! The unit of work is one AWS account: one task on one replica evaluates all baselines that hold
//! for it ([`account`]) and reports to each. Whoever holds a baseline merges the reports of its
//! accounts into its status ([`status`]). Both follow what the caches hold ([`stores`]), put
//! together by pure functions ([`desired`]), so that a change that touches nothing does nothing.

mod account;
mod account_tasks;
mod api_server;
mod apply;
mod context;
mod desired;
mod events;
mod fenced;
mod heartbeat;
mod identity;
mod metrics_access;
mod organization;
mod overdue;
mod permits;
mod restart;
mod serving;
mod settings;
mod standing;
mod status;
mod stored;
mod stores;
mod supervisor;
mod time;
mod turns;
mod watching;
mod webhook;
mod write;

use std::sync::{Arc, OnceLock};

use tokio::select;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use assess::AwsAccounts;
use aws::AwsSettings;
use clock::{Clock, Fence};
use context::{AccountObservations, Context};
use desired::Desired;
use engine::drift::Publisher;
use events::Events;
use heartbeat::Heartbeat;
use metrics::Metrics;
use organization::OrganizationObservations;
use permits::EvaluationPermits;
use server::Readiness;
use stores::Stores;
use turns::Turns;

pub use server::CertificateFiles;
pub use serving::MetricsSecurity;
pub use settings::{OperatorError, OperatorSettings};
pub use webhook::{CertificateSource, WebhookSettings};

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
    let fence = Fence::closed(Arc::clone(&clock));
    let client = fenced::client(&fence).await;
    let client = client.map_err(|error| OperatorError::Client(error.to_string()))?;
    let made = settings.sink.make();
    made.map_err(|source| OperatorError::State { folder: settings.sink.place(), source })?;
    let metrics = Arc::new(Metrics::showing(&settings.metrics)?);
    let own_metrics = metrics.operator()?;
    let readiness = Readiness::waiting_for(
        "the objects have not been read from the API server yet; if this persists, see the log",
    );
    let (wanted, desired) = watch::channel(Arc::new(Desired::default()));
    let heartbeat = Heartbeat::new(Arc::clone(&clock));
    let alive = heartbeat.clone();
    let mut tasks = JoinSet::new();
    let server = serving::server(&settings, desired, &clock, &mut tasks).await?;
    let server = server.unless(Arc::new(move || alive.stuck()));
    let serving = server.serve(Arc::clone(&metrics), readiness.clone());
    tasks.spawn(async move {
        serving.await;
        Err(OperatorError::Broken("the metrics server".to_owned()))
    });
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
    let aws = AwsSettings { fence: fence.clone(), ..settings.aws.clone() };
    let installation = settings.installation.clone();
    let context = Arc::new(Context {
        aws: AwsAccounts::new(aws, metrics.aws().clone(), installation),
        events,
        reaches: Semaphore::new(REACHES),
        reads: Semaphore::new(READS),
        permits: EvaluationPermits::new(settings.max_concurrent),
        writes: Turns::new(WRITES),
        observations: AccountObservations::default(),
        organizations: OrganizationObservations::default(),
        publisher: OnceLock::new(),
        client,
        settings,
        stores,
        metrics,
        own_metrics,
        clock,
        fence,
    });
    if let Some(webhook) = context.settings.webhook.clone() {
        tasks.spawn(webhook::serve(Arc::clone(&context), webhook, wanted.subscribe()));
    }
    let mut stop = std::pin::pin!(stop);
    select! {
        () = &mut stop => return Ok(()),
        ended = broken(&mut tasks) => return Err(ended),
        publisher = identified(&context, &heartbeat) => drop(context.publisher.set(publisher)),
    }
    readiness.ready();
    select! {
        done = supervisor::supervise(&context, wanted, &heartbeat, &mut stop) => done,
        ended = broken(&mut tasks) => Err(ended),
    }
}

/// One line that says what runs here.
fn tell_start(settings: &OperatorSettings) {
    let sink = settings.sink.place();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        identity = %settings.identity,
        installation = %settings.installation,
        namespace = %settings.namespace,
        %sink,
        "the operator starts",
    );
}

/// Waits until the caches are filled, and gives who this operator is.
async fn identified(context: &Context, heartbeat: &Heartbeat) -> Publisher {
    let mut known = std::pin::pin!(async {
        let _ = context.stores.synced().await; // who fills them never ends
        identity::publisher(context).await
    });
    loop {
        heartbeat.beat();
        select! {
            publisher = &mut known => return publisher,
            () = context.clock.wait(heartbeat::BEAT) => {}
        }
    }
}

/// Waits until a task ends that never does.
async fn broken(tasks: &mut JoinSet<Result<(), OperatorError>>) -> OperatorError {
    match tasks.join_next().await {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => OperatorError::Broken(error.to_string()),
        Some(Ok(Ok(()))) | None => OperatorError::Broken("the server".to_owned()),
    }
}
