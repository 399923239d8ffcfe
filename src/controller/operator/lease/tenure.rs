//! Keeps this replica's lease and its buckets.
//!
//! Promises that a bucket is let go of before anybody else may take it: at the deadline, even
//! while a request hangs. A bucket that is given away is let go of by its workers first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use super::super::bucket::Ownership;
use super::decide::{Decision, View, decide};
use super::lives::Lives;
use super::objects::{LeaseError, Leases, Standing, holder};
use crate::controller::Clock;
use crate::drift::Installation;

/// Which buckets this replica works for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::controller::operator) struct Tenancy {
    pub(in crate::controller::operator) ownership: Ownership,
    /// Counts the changes, so that whoever lets go can say as of which.
    pub(in crate::controller::operator) version: u64,
    /// Whether everything is to be broken off at once: somebody else may begin soon.
    pub(in crate::controller::operator) is_lapsed: bool,
}

/// Keeps this replica's lease and its buckets.
pub(in crate::controller::operator) struct Tenure {
    leases: Leases,
    identity: String,
    duration: Duration,
    clock: Arc<dyn Clock>,
    lives: Lives,
    own: Option<Lease>,
    /// Until when nobody else may take what is held.
    valid_until: Instant,
    held: BTreeSet<usize>,
    /// Buckets that are given away once the workers have let go of them, as of a version.
    giving: BTreeMap<usize, u64>,
    tenancy: watch::Sender<Tenancy>,
    /// The version of which the workers have let go of what is not theirs.
    let_go: watch::Receiver<u64>,
}

impl Tenure {
    pub(in crate::controller::operator) fn new(
        client: kube::Client,
        (namespace, installation): (&str, &Installation),
        identity: String,
        duration: Duration,
        clock: Arc<dyn Clock>,
        (tenancy, let_go): (watch::Sender<Tenancy>, watch::Receiver<u64>),
    ) -> Self {
        Self {
            leases: Leases::new(client, namespace, installation, &identity, duration),
            identity,
            duration,
            clock,
            lives: Lives::default(),
            own: None,
            valid_until: Instant::now(),
            held: BTreeSet::new(),
            giving: BTreeMap::new(),
            tenancy,
            let_go,
        }
    }

    /// Keeps the leases until `stop`'s other end is let go of; then gives everything away.
    pub(in crate::controller::operator) async fn run(mut self, mut stop: watch::Receiver<()>) {
        let tick = self.duration / 5;
        loop {
            let deadline = self.valid_until;
            let is_holding = !self.held.is_empty();
            let looked = select! {
                biased;
                () = super::super::account::stopped(&mut stop) => break,
                () = sleep_until(deadline.into()), if is_holding => Err(None),
                looked = self.look() => looked.map_err(Some),
            };
            match looked {
                Ok(()) => {}
                Err(None) => self.lapse(),
                Err(Some(error)) => {
                    tracing::warn!(%error, "cannot keep the leases; trying again");
                    self.own = None; // what stands there is another than was thought
                }
            }
            let deadline = self.valid_until;
            let is_holding = !self.held.is_empty();
            select! {
                biased;
                () = super::super::account::stopped(&mut stop) => break,
                () = sleep_until(deadline.into()), if is_holding => self.lapse(),
                () = sleep(tick) => {}
            }
        }
        self.leave().await;
    }

    /// Renews, looks at who lives, and takes or gives what is to be taken or given.
    async fn look(&mut self) -> Result<(), LeaseError> {
        self.renew().await?;
        let mut standing = self.leases.standing().await?;
        let now = Instant::now();
        self.lives.look(&standing.renewals, now);
        // Who has not renewed for so long has stopped; with a tick until it is seen, its buckets
        // move within the lease duration.
        let mut alive = self.lives.alive(self.duration * 4 / 5, now);
        alive.insert(self.identity.clone());
        let holders: Vec<Option<String>> =
            standing.buckets.iter().map(|lease| lease.as_ref().and_then(holder)).collect();
        self.give(&mut standing).await;
        let held: BTreeSet<usize> = self.held.iter().chain(self.giving.keys()).copied().collect();
        let view = View { me: &self.identity, holders: &holders, held: &held, alive: &alive };
        let Decision { take, give, lost } = decide(&view);
        for bucket in &lost {
            self.held.remove(bucket);
            self.giving.remove(bucket);
        }
        for bucket in give {
            // Workers have to let go of it first; of one that is not worked on, they have.
            let version = self.tenancy.borrow().version + 1;
            let version = if self.held.remove(&bucket) { version } else { 0 };
            self.giving.entry(bucket).or_insert(version);
        }
        self.take(take, &mut standing).await;
        self.tell(false);
        self.bury(now).await;
        Ok(())
    }

    /// What counts is when the request was made: others count from when they see its effect.
    async fn renew(&mut self) -> Result<(), LeaseError> {
        let asked = Instant::now();
        let last = match self.own.take() {
            Some(lease) => Some(lease),
            None => self.leases.own().await?,
        };
        self.own = Some(self.leases.renew(last, self.clock.now()).await?);
        self.valid_until = asked + self.duration * 2 / 3;
        Ok(())
    }

    async fn take(&mut self, buckets: Vec<usize>, standing: &mut Standing) {
        for bucket in buckets {
            let lease = standing.buckets.get_mut(bucket).and_then(Option::take);
            match self.leases.take(bucket, lease, self.clock.now()).await {
                Ok(lease) => {
                    self.held.insert(bucket);
                    if let Some(place) = standing.buckets.get_mut(bucket) {
                        *place = Some(lease);
                    }
                }
                // Somebody else was faster.
                Err(error) => tracing::debug!(bucket, %error, "a bucket was not taken"),
            }
        }
    }

    /// Gives away what the workers have let go of.
    async fn give(&mut self, standing: &mut Standing) {
        let let_go = *self.let_go.borrow();
        let ready = self.giving.iter().filter(|(_, version)| **version <= let_go);
        let ready: Vec<usize> = ready.map(|(bucket, _)| *bucket).collect();
        for bucket in ready {
            let lease = standing.buckets.get_mut(bucket).and_then(Option::take);
            let Some(lease) = lease.filter(|it| holder(it).as_ref() == Some(&self.identity)) else {
                self.giving.remove(&bucket);
                continue;
            };
            match self.leases.give(lease).await {
                Ok(()) => drop(self.giving.remove(&bucket)),
                Err(error) => tracing::debug!(bucket, %error, "a bucket was not given away"),
            }
        }
    }

    /// Nobody answered for too long: others may take everything soon.
    fn lapse(&mut self) {
        tracing::error!(
            "the lease could not be renewed in time: all work is broken off until it can",
        );
        self.held.clear();
        self.giving.clear();
        self.own = None;
        self.tell(true);
    }

    fn tell(&self, is_lapsed: bool) {
        let ownership = Ownership::of(self.held.iter().copied());
        self.tenancy.send_if_modified(|tenancy| {
            let is_new = tenancy.ownership != ownership || (is_lapsed && !tenancy.is_lapsed);
            if is_new {
                tracing::info!(buckets = self.held.len(), "this replica's share changed");
                tenancy.version += 1;
            }
            tenancy.is_lapsed = is_lapsed;
            tenancy.ownership = ownership;
            is_new
        });
    }

    async fn bury(&self, now: Instant) {
        for identity in self.lives.forgotten(self.duration, now) {
            if let Err(error) = self.leases.bury(&identity).await {
                tracing::debug!(%identity, %error, "a dead replica's lease was not deleted");
            }
        }
    }

    /// Gives everything away at once, so that nobody has to wait.
    async fn leave(mut self) {
        let Ok(standing) = self.leases.standing().await else { return };
        let ours = standing.buckets.into_iter().flatten();
        for lease in ours.filter(|it| holder(it).as_ref() == Some(&self.identity)) {
            if let Err(error) = self.leases.give(lease).await {
                tracing::debug!(%error, "a bucket was not given away; others take it later");
            }
        }
        self.held.clear();
        if let Err(error) = self.leases.bury(&self.identity).await {
            tracing::debug!(%error, "the own lease was not deleted; it runs out");
        }
    }
}
