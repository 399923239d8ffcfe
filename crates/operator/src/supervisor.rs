//! Directs the work: what users want and what this replica holds, to the workers and the writer.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::select;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::account_tasks::AccountTasks;
use super::context::Context;
use super::desired::{Desired, Resolver, World};
use super::fenced::unfenced_client;
use super::heartbeat::{BEAT, Heartbeat};
use super::organization;
use super::settings::{OperatorError, OperatorSettings};
use super::status::StatusWriter;
use shard::{Ownership, SHARDS, ShardLease};

/// Changes come in bursts, such as a folder that is applied; a burst is looked at once.
const QUIET: Duration = Duration::from_millis(200);
/// What has begun when the operator is to stop has so long to come to its end.
const FAREWELL: Duration = Duration::from_secs(20);

/// The parts that run beside each other, and what they hear.
struct Supervisor<'c> {
    context: &'c Arc<Context>,
    resolver: Resolver,
    tasks: AccountTasks,
    wanted: watch::Sender<Arc<Desired>>,
    ownership: watch::Receiver<Ownership>,
    /// Tells as of which version of the ownership the workers have let go.
    let_go: watch::Sender<u64>,
}

/// Directs the work until `stop`, then lets what has begun come to its end, and gives this
/// replica's shards away.
pub(super) async fn supervise(
    context: &Arc<Context>,
    wanted: watch::Sender<Arc<Desired>>,
    heartbeat: &Heartbeat,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> Result<(), OperatorError> {
    let (let_go, let_go_of) = watch::channel(0);
    let (reported, ownership) = watch::channel(Ownership::default());
    let (release, released) = watch::channel(());
    let mut leases = keep_leases(context, (reported, let_go_of), released)?;
    let desired = wanted.subscribe();
    let mut supervisor = Supervisor {
        context,
        resolver: Resolver::new(context.settings.owner_keys.clone()),
        tasks: AccountTasks::new(Arc::clone(context)),
        wanted,
        ownership: ownership.clone(),
        let_go,
    };
    supervisor.resolve();
    let mut writers: JoinSet<()> = JoinSet::new();
    let write = |writers: &mut JoinSet<()>| {
        let statuses = StatusWriter::new(Arc::clone(context));
        writers.spawn(statuses.run(desired.clone(), ownership.clone()));
        let context = Arc::clone(context);
        writers.spawn(organization::keep(context, desired.clone(), ownership.clone()));
    };
    write(&mut writers);
    loop {
        if supervisor.ownership.borrow().is_lapsed {
            // Whatever it was about to write may be older than what another replica wrote since.
            writers.shutdown().await;
            write(&mut writers);
        }
        supervisor.direct();
        select! {
            () = &mut *stop => break,
            _ = writers.join_next() => {
                return Err(OperatorError::Broken("statuses or organizations".to_owned()));
            }
            _ = &mut leases => return Err(OperatorError::Broken("leases".to_owned())),
            () = supervisor.news(heartbeat) => {}
        }
    }
    writers.shutdown().await;
    supervisor.end().await;
    drop(release);
    if timeout(FAREWELL, leases).await.is_err() {
        tracing::warn!("could not hand over the shards; other replicas take them over later");
    }
    Ok(())
}

/// Keeps the leases on a thread with a client of its own: however busy the rest is, they are
/// renewed in time, or let go of in time. What is returned ends when the thread does.
fn keep_leases(
    context: &Context,
    channels: (watch::Sender<Ownership>, watch::Receiver<u64>),
    released: watch::Receiver<()>,
) -> Result<oneshot::Receiver<()>, OperatorError> {
    let broken = |error: std::io::Error| OperatorError::Broken(format!("leases: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(broken)?;
    let (ends, ended) = oneshot::channel();
    let (settings, clock) = (context.settings.clone(), Arc::clone(&context.clock));
    let fence = context.fence.clone();
    let metrics = context.own_metrics.clone();
    let keep = move || {
        runtime.block_on(async {
            match unfenced_client().await {
                Ok(client) => {
                    let place = (settings.namespace.as_str(), &settings.installation);
                    let (name, duration) = (identity(&settings), settings.lease_duration);
                    let leases = ShardLease::new(
                        client,
                        place,
                        name,
                        duration,
                        (clock, metrics, fence),
                        channels,
                    );
                    leases.run(released).await;
                }
                Err(error) => tracing::error!(%error, "cannot keep leases"),
            }
        });
        drop(ends);
    };
    thread::Builder::new().name("leases".to_owned()).spawn(keep).map_err(broken)?;
    Ok(ended)
}

/// A name that no earlier process of the same pod had: what that one held is not this one's.
fn identity(settings: &OperatorSettings) -> String {
    let random = RandomState::new().hash_one(std::process::id());
    format!("{}-{:08x}", settings.identity, random >> 32)
}

impl Supervisor<'_> {
    /// Waits until users want something else, or this replica holds something else.
    async fn news(&mut self, heartbeat: &Heartbeat) {
        loop {
            heartbeat.beat();
            select! {
                () = self.context.clock.wait(BEAT) => {}
                changed = self.ownership.changed() => return drop(changed),
                () = self.context.stores.changes.desired.notified() => {
                    sleep(QUIET).await;
                    return self.resolve();
                }
            }
        }
    }

    /// Puts together what users want now.
    fn resolve(&mut self) {
        let resolved = Arc::new(self.resolver.resolve(World::of(&self.context.stores)));
        report_broken(&resolved, &self.wanted.borrow());
        self.context.metrics.configuration_errors(resolved.mistaken());
        self.wanted.send_replace(resolved);
    }

    /// Gives the workers what is wanted of the accounts that this replica holds.
    fn direct(&mut self) {
        let ownership = self.ownership.borrow_and_update().clone();
        let desired = Arc::clone(&self.wanted.borrow());
        self.tasks.direct(&desired, &ownership.shards);
        self.context.own_metrics.shards_held(ownership.shards.count(), SHARDS);
        if ownership.is_lapsed {
            self.tasks.abort(); // they are gone when they have let go of what they were about to do
        }
        let (gone, let_go) = (self.tasks.gone(), self.let_go.clone());
        tokio::spawn(async move {
            gone.await;
            let version = ownership.version;
            let_go.send_if_modified(|known| {
                let is_new = *known < version;
                *known = version.max(*known);
                is_new
            });
        });
    }

    /// Lets what has begun come to its end.
    async fn end(&mut self) {
        self.tasks.stop_all();
        if timeout(FAREWELL, self.tasks.gone()).await.is_err() {
            tracing::warn!(
                "running work did not finish in time; it is repeated after the next \
                start"
            );
            self.tasks.abort();
        }
    }
}

/// Objects that do not parse have no status to tell it.
fn report_broken(desired: &Desired, before: &Desired) {
    let reported = &before.world.broken;
    for broken in desired.world.broken.iter().filter(|broken| !reported.contains(broken)) {
        tracing::warn!(
            object = %broken.key, error = %broken.error,
            "skipped: the object cannot be parsed; apply it again in the form that this version \
             expects",
        );
    }
}
