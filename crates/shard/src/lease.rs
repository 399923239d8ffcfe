//! Keeps this replica's lease and its shards.
//!
//! Promises that a shard is let go of before anybody else may take it: at the deadline, even
//! while a request hangs. A shard that is given away is let go of by its workers first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::select;
use tokio::sync::watch;

use super::decide::{Decision, View, decide};
use super::lives::Lives;
use super::objects::{LeaseError, Leases, Standing, holder};
use super::owned::OwnedShards;
use clock::{Clock, Fence};
use engine::drift::Installation;
use metrics::OperatorMetrics;

/// Which shards this replica works for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Those that are held.
    pub shards: OwnedShards,
    /// Counts the changes, so that whoever lets go can say as of which.
    pub version: u64,
    /// Whether everything is to be broken off at once: somebody else may begin soon.
    pub is_lapsed: bool,
}

/// Keeps this replica's lease and its shards.
pub struct ShardLease {
    leases: Leases,
    identity: String,
    duration: Duration,
    clock: Arc<dyn Clock>,
    metrics: OperatorMetrics,
    /// Closed whenever what is held may be another's.
    fence: Fence,
    /// Everything is broken off as of this version, and nothing is taken before the workers have gone.
    lapsed: Option<u64>,
    lives: Lives,
    own: Option<Lease>,
    /// Until when nobody else may take what is held, as the clock counts what has passed.
    valid_until: Duration,
    held: BTreeSet<usize>,
    /// Shards that are given away once the workers have let go of them, as of a version.
    giving: BTreeMap<usize, u64>,
    ownership: watch::Sender<Ownership>,
    /// The version of which the workers have let go of what is not theirs.
    let_go: watch::Receiver<u64>,
}

impl ShardLease {
    /// Of one replica, known as `identity`. It tells what it holds by the first of the channels,
    /// and hears from the second as of which version the workers have let go.
    pub fn new(
        client: kube::Client,
        (namespace, installation): (&str, &Installation),
        identity: String,
        duration: Duration,
        (clock, metrics, fence): (Arc<dyn Clock>, OperatorMetrics, Fence),
        (ownership, let_go): (watch::Sender<Ownership>, watch::Receiver<u64>),
    ) -> Self {
        Self {
            leases: Leases::new(
                client,
                namespace,
                installation,
                &identity,
                duration,
                Arc::clone(&clock),
            ),
            identity,
            duration,
            valid_until: clock.elapsed(),
            clock,
            metrics,
            fence,
            lapsed: None,
            lives: Lives::default(),
            own: None,
            held: BTreeSet::new(),
            giving: BTreeMap::new(),
            ownership,
            let_go,
        }
    }

    /// Keeps the leases until `stop`'s other end is let go of; then gives everything away.
    pub async fn run(mut self, mut stop: watch::Receiver<()>) {
        let tick = self.duration / 5;
        loop {
            let clock = Arc::clone(&self.clock);
            let deadline = clock.wait(self.left());
            let is_holding = !self.held.is_empty();
            let observed = select! {
                biased;
                () = crate::stopped(&mut stop) => break,
                () = deadline, if is_holding => Err(None),
                observed = self.observe() => observed.map_err(Some),
            };
            match observed {
                Ok(()) => {}
                Err(None) => self.lapse(),
                Err(Some(error)) => {
                    tracing::warn!(%error, "cannot keep the leases; trying again");
                    self.own = None; // what stands there is another than was thought
                }
            }
            let deadline = clock.wait(self.left());
            let is_holding = !self.held.is_empty();
            select! {
                biased;
                () = crate::stopped(&mut stop) => break,
                () = deadline, if is_holding => self.lapse(),
                () = clock.wait(tick) => {}
            }
        }
        self.leave().await;
    }

    /// How long nobody else may take what is held.
    fn left(&self) -> Duration {
        self.valid_until.saturating_sub(self.clock.elapsed())
    }

    /// Lets go of everything where it is no longer its own for sure: the process may have been stopped for
    /// long before it came to this.
    fn lapse_if_over(&mut self) {
        if !self.held.is_empty() && self.left().is_zero() {
            self.lapse();
        }
    }

    /// Opens the fence again once the workers have gone of whatever was broken off.
    fn recover(&mut self) {
        if self.lapsed.is_some_and(|version| *self.let_go.borrow() < version) {
            return;
        }
        self.lapsed = None;
        self.fence.hold(self.valid_until);
    }

    /// Renews, looks at who lives, and takes or gives what is to be taken or given.
    async fn observe(&mut self) -> Result<(), LeaseError> {
        self.lapse_if_over();
        self.renew().await?;
        self.recover();
        let mut standing = self.leases.standing().await?;
        let now = self.clock.elapsed();
        self.lives.observe(&standing.renewals, now);
        // Who has not renewed for so long has stopped; with a tick until it is seen, its shards
        // move within the lease duration.
        let mut alive = self.lives.alive(self.duration * 4 / 5, now);
        alive.insert(self.identity.clone());
        let holders: Vec<Option<String>> =
            standing.shards.iter().map(|lease| lease.as_ref().and_then(holder)).collect();
        self.give(&mut standing).await;
        let held: BTreeSet<usize> = self.held.iter().chain(self.giving.keys()).copied().collect();
        let view = View { me: &self.identity, holders: &holders, held: &held, alive: &alive };
        let Decision { take, give, lost } = decide(&view);
        for shard in &lost {
            self.held.remove(shard);
            self.giving.remove(shard);
        }
        for shard in give {
            // Workers have to let go of it first; of one that is not worked on, they have.
            let version = self.ownership.borrow().version + 1;
            let version = if self.held.remove(&shard) { version } else { 0 };
            self.giving.entry(shard).or_insert(version);
        }
        if self.lapsed.is_none() {
            self.take(take, &mut standing).await;
        }
        let is_held = |lease: &Option<Lease>| {
            lease.as_ref().and_then(holder).is_some_and(|holder| alive.contains(&holder))
        };
        let free = standing.shards.iter().filter(|lease| !is_held(lease)).count();
        self.metrics.shards_without_holder(free);
        self.tell(self.lapsed.is_some());
        self.delete_expired(now).await;
        Ok(())
    }

    /// What counts is when the request was made: others count from when they see its effect.
    async fn renew(&mut self) -> Result<(), LeaseError> {
        let asked = self.clock.elapsed();
        let last = match self.own.take() {
            Some(lease) => Some(lease),
            None => self.leases.own().await?,
        };
        self.own = Some(self.leases.renew(last, self.clock.now()).await?);
        self.valid_until = asked + self.duration * 2 / 3;
        Ok(())
    }

    async fn take(&mut self, shards: Vec<usize>, standing: &mut Standing) {
        for shard in shards {
            let lease = standing.shards.get_mut(shard).and_then(Option::take);
            match self.leases.take(shard, lease, self.clock.now()).await {
                Ok(lease) => {
                    self.held.insert(shard);
                    if let Some(place) = standing.shards.get_mut(shard) {
                        *place = Some(lease);
                    }
                }
                // Somebody else was faster.
                Err(error) => tracing::debug!(shard, %error, "could not take over a shard"),
            }
        }
    }

    /// Gives away what the workers have let go of.
    async fn give(&mut self, standing: &mut Standing) {
        let let_go = *self.let_go.borrow();
        let ready = self.giving.iter().filter(|(_, version)| **version <= let_go);
        let ready: Vec<usize> = ready.map(|(shard, _)| *shard).collect();
        for shard in ready {
            let lease = standing.shards.get_mut(shard).and_then(Option::take);
            let Some(lease) = lease.filter(|it| holder(it).as_ref() == Some(&self.identity)) else {
                self.giving.remove(&shard);
                continue;
            };
            match self.leases.give(lease).await {
                Ok(()) => drop(self.giving.remove(&shard)),
                Err(error) => tracing::debug!(shard, %error, "could not hand over a shard"),
            }
        }
    }

    /// Nobody answered for too long: others may take everything soon.
    fn lapse(&mut self) {
        tracing::error!(
            event = "lease_lost",
            "the lease could not be renewed in time; all work stops until it is renewed",
        );
        self.fence.close();
        self.held.clear();
        self.giving.clear();
        self.own = None;
        self.tell(true);
        self.lapsed = Some(self.ownership.borrow().version);
    }

    fn tell(&self, is_lapsed: bool) {
        let shards = OwnedShards::of(self.held.iter().copied());
        self.ownership.send_if_modified(|ownership| {
            let is_new = ownership.shards != shards || (is_lapsed && !ownership.is_lapsed);
            if is_new {
                tracing::info!(shards = self.held.len(), "this replica's share changed");
                ownership.version += 1;
            }
            ownership.is_lapsed = is_lapsed;
            ownership.shards = shards;
            is_new
        });
    }

    async fn delete_expired(&self, now: Duration) {
        for identity in self.lives.forgotten(self.duration, now) {
            if let Err(error) = self.leases.delete_expired(&identity).await {
                tracing::debug!(%identity, %error, "could not delete the lease of a dead replica");
            }
        }
    }

    /// Gives everything away at once, so that nobody has to wait.
    async fn leave(mut self) {
        let Ok(standing) = self.leases.standing().await else { return };
        let ours = standing.shards.into_iter().flatten();
        for lease in ours.filter(|it| holder(it).as_ref() == Some(&self.identity)) {
            if let Err(error) = self.leases.give(lease).await {
                tracing::debug!(%error, "could not hand over a shard; another replica takes it over later");
            }
        }
        self.held.clear();
        if let Err(error) = self.leases.delete_expired(&self.identity).await {
            tracing::debug!(%error, "could not delete this replica's lease; it will expire");
        }
    }
}

#[cfg(test)]
mod tests;
