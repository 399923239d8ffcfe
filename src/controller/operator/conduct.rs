//! Directs the work: what users want and what this replica holds, to the workers and the keeper.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use kube::Client;
use tokio::runtime::Builder;
use tokio::select;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::context::Context;
use super::desired::{Desired, Resolver, World};
use super::fleet::Fleet;
use super::lease::{Tenancy, Tenure};
use super::settings::{OperatorError, OperatorSettings};
use super::status::Keeper;

/// Changes come in bursts, such as a folder that is applied; a burst is looked at once.
const QUIET: Duration = Duration::from_millis(200);
/// What has begun when the operator is to stop has so long to come to its end.
const FAREWELL: Duration = Duration::from_secs(20);

/// The parts that run beside each other, and what they are told.
struct Conductor<'c> {
    context: &'c Arc<Context>,
    shown: &'c RwLock<Arc<Desired>>,
    resolver: Resolver,
    fleet: Fleet,
    wanted: watch::Sender<Arc<Desired>>,
    tenancy: watch::Receiver<Tenancy>,
    /// Tells as of which version of the tenancy the workers have let go.
    let_go: watch::Sender<u64>,
}

/// Directs the work until `stop`, then lets what has begun come to its end, and gives this
/// replica's buckets away.
pub(super) async fn conduct(
    context: &Arc<Context>,
    shown: &RwLock<Arc<Desired>>,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> Result<(), OperatorError> {
    let (let_go, let_go_of) = watch::channel(0);
    let (told, tenancy) = watch::channel(Tenancy::default());
    let (resign, resigned) = watch::channel(());
    let mut tenure = keep_leases(context, (told, let_go_of), resigned)?;
    let (wanted, desired) = watch::channel(Arc::new(Desired::default()));
    let mut conductor = Conductor {
        context,
        shown,
        resolver: Resolver::default(),
        fleet: Fleet::new(Arc::clone(context)),
        wanted,
        tenancy: tenancy.clone(),
        let_go,
    };
    conductor.resolve();
    let mut keeper: JoinSet<()> = JoinSet::new();
    keeper.spawn(Keeper::new(Arc::clone(context)).run(desired, tenancy));
    loop {
        conductor.direct();
        select! {
            () = &mut *stop => break,
            _ = keeper.join_next() => return Err(OperatorError::Broken("statuses".to_owned())),
            _ = &mut tenure => return Err(OperatorError::Broken("leases".to_owned())),
            changed = conductor.tenancy.changed() => drop(changed),
            () = context.stores.changes.desired.notified() => {
                sleep(QUIET).await;
                conductor.resolve();
            }
        }
    }
    keeper.shutdown().await;
    conductor.end().await;
    drop(resign);
    if timeout(FAREWELL, tenure).await.is_err() {
        tracing::warn!("the buckets could not be given away; others take them later");
    }
    Ok(())
}

/// Keeps the leases on a thread with a client of its own: however busy the rest is, they are
/// renewed in time, or let go of in time. What is returned ends when the thread does.
fn keep_leases(
    context: &Context,
    channels: (watch::Sender<Tenancy>, watch::Receiver<u64>),
    resigned: watch::Receiver<()>,
) -> Result<oneshot::Receiver<()>, OperatorError> {
    let broken = |error: std::io::Error| OperatorError::Broken(format!("leases: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(broken)?;
    let (ends, ended) = oneshot::channel();
    let (settings, clock) = (context.settings.clone(), Arc::clone(&context.clock));
    let keep = move || {
        runtime.block_on(async {
            match Client::try_default().await {
                Ok(client) => {
                    let place = (settings.namespace.as_str(), &settings.installation);
                    let (name, duration) = (identity(&settings), settings.lease_duration);
                    let tenure = Tenure::new(client, place, name, duration, clock, channels);
                    tenure.run(resigned).await;
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

impl Conductor<'_> {
    /// Puts together what users want now.
    fn resolve(&mut self) {
        let resolved = Arc::new(self.resolver.resolve(World::of(&self.context.stores)));
        report_broken(&resolved, &self.wanted.borrow());
        self.context.metrics.configuration_errors(resolved.mistaken());
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&resolved);
        self.wanted.send_replace(resolved);
    }

    /// Gives the workers what is wanted of the accounts that this replica holds.
    fn direct(&mut self) {
        let tenancy = self.tenancy.borrow_and_update().clone();
        let desired = Arc::clone(&self.wanted.borrow());
        self.fleet.direct(&desired, &tenancy.ownership);
        let held = i64::try_from(tenancy.ownership.len()).unwrap_or_default();
        self.context.own_metrics.buckets_held(held);
        if tenancy.is_lapsed {
            self.fleet.abort();
        }
        let (gone, let_go) = (self.fleet.gone(), self.let_go.clone());
        tokio::spawn(async move {
            gone.await;
            let version = tenancy.version;
            let_go.send_if_modified(|known| {
                let is_new = *known < version;
                *known = version.max(*known);
                is_new
            });
        });
    }

    /// Lets what has begun come to its end.
    async fn end(&mut self) {
        self.fleet.dismiss_all();
        if timeout(FAREWELL, self.fleet.gone()).await.is_err() {
            tracing::warn!("what had begun did not end in time; the next start does it again");
            self.fleet.abort();
        }
    }
}

/// Objects that do not parse have no status to tell it.
fn report_broken(desired: &Desired, before: &Desired) {
    let told = &before.world.broken;
    for broken in desired.world.broken.iter().filter(|broken| !told.contains(broken)) {
        tracing::warn!(
            object = %broken.key, error = %broken.error,
            "passed over: it does not parse; apply it again as this version has it",
        );
    }
}
