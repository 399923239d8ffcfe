//! The Lease objects of one installation, and requests about them that never take long.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use thiserror::Error;
use tokio::select;

use super::owned::SHARDS;
use cel::Timestamp;
use clock::Clock;
use engine::drift::Installation;

const INSTALLATION: &str = "plumbline.dev/installation";
const PURPOSE: &str = "plumbline.dev/lease";
const REPLICA: &str = "replica";
/// What leases are called since the first version: replicas of both exclude each other.
const SHARD: &str = "bucket";

/// Why a request about a lease failed.
#[derive(Debug, Error)]
pub(super) enum LeaseError {
    #[error(transparent)]
    Request(#[from] kube::Error),
    #[error("the API server did not answer within {0:?}")]
    Late(Duration),
}

/// The leases of one installation.
pub(super) struct Leases {
    api: Api<Lease>,
    installation: Installation,
    identity: String,
    duration: Duration,
    /// A request that takes longer has failed.
    patience: Duration,
    clock: Arc<dyn Clock>,
}

/// All leases of the installation, as they stand.
pub(super) struct Standing {
    /// The lease of each shard, where there is one.
    pub(super) shards: Vec<Option<Lease>>,
    /// Each replica's name, and what changes with each renewal.
    pub(super) renewals: Vec<(String, String)>,
}

impl Leases {
    pub(super) fn new(
        client: Client,
        namespace: &str,
        installation: &Installation,
        identity: &str,
        duration: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            installation: installation.clone(),
            identity: identity.to_owned(),
            duration,
            patience: duration / 5,
            clock,
        }
    }

    pub(super) async fn standing(&self) -> Result<Standing, LeaseError> {
        let ours = format!("{INSTALLATION}={}", self.installation);
        let ours = ListParams::default().labels(&ours);
        let list = self.api.list(&ours);
        let mut standing = Standing { shards: vec![None; SHARDS], renewals: Vec::new() };
        for lease in self.soon(list).await?.items {
            if lease.labels().get(PURPOSE).map(String::as_str) == Some(REPLICA) {
                let renewal = lease.resource_version().unwrap_or_default();
                standing.renewals.extend(holder(&lease).map(|holder| (holder, renewal)));
            } else if let Some(place) = self.shard_of(&lease)
                && let Some(shard) = standing.shards.get_mut(place)
            {
                *shard = Some(lease);
            }
        }
        Ok(standing)
    }

    /// This replica's own lease, where there is one.
    pub(super) async fn own(&self) -> Result<Option<Lease>, LeaseError> {
        self.soon(self.api.get_opt(&self.replica_name(&self.identity))).await
    }

    /// Gives a sign of life. `last` is what the one before came to.
    pub(super) async fn renew(
        &self,
        last: Option<Lease>,
        now: Timestamp,
    ) -> Result<Lease, LeaseError> {
        let Some(mut lease) = last else {
            let lease = self.lease(&self.replica_name(&self.identity), REPLICA, now);
            let parameters = PostParams::default();
            return self.soon(self.api.create(&parameters, &lease)).await;
        };
        let spec = lease.spec.get_or_insert_default();
        spec.renew_time = Some(micro_time(now));
        self.replace(&lease).await
    }

    /// Takes a shard, unless somebody else was faster.
    pub(super) async fn take(
        &self,
        shard: usize,
        standing: Option<Lease>,
        now: Timestamp,
    ) -> Result<Lease, LeaseError> {
        let Some(mut lease) = standing else {
            let lease = self.lease(&self.shard_name(shard), SHARD, now);
            return self.soon(self.api.create(&PostParams::default(), &lease)).await;
        };
        let spec = lease.spec.get_or_insert_default();
        let transitions = spec.lease_transitions.unwrap_or_default();
        spec.lease_transitions = Some(transitions.saturating_add(1));
        spec.holder_identity = Some(self.identity.clone());
        spec.acquire_time = Some(micro_time(now));
        spec.renew_time.clone_from(&spec.acquire_time);
        self.replace(&lease).await
    }

    /// Lets go of a shard.
    pub(super) async fn give(&self, mut lease: Lease) -> Result<(), LeaseError> {
        lease.spec.get_or_insert_default().holder_identity = None;
        self.replace(&lease).await.map(drop)
    }

    /// Deletes the lease of a replica that is no more.
    pub(super) async fn delete_expired(&self, identity: &str) -> Result<(), LeaseError> {
        let (name, parameters) = (self.replica_name(identity), DeleteParams::default());
        self.soon(self.api.delete(&name, &parameters)).await.map(drop)
    }

    async fn replace(&self, lease: &Lease) -> Result<Lease, LeaseError> {
        let (name, parameters) = (lease.name_any(), PostParams::default());
        self.soon(self.api.replace(&name, &parameters, lease)).await
    }

    async fn soon<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, LeaseError> {
        select! {
            biased;
            answer = request => Ok(answer?),
            () = self.clock.wait(self.patience) => Err(LeaseError::Late(self.patience)),
        }
    }

    fn lease(&self, name: &str, purpose: &str, now: Timestamp) -> Lease {
        let labels = [
            (INSTALLATION, self.installation.as_str()),
            (PURPOSE, purpose),
            ("app.kubernetes.io/managed-by", "plumbline"),
        ];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Lease {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                labels: Some(labels.into()),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(self.identity.clone()),
                lease_duration_seconds: i32::try_from(self.duration.as_secs()).ok(),
                acquire_time: Some(micro_time(now)),
                renew_time: Some(micro_time(now)),
                ..LeaseSpec::default()
            }),
        }
    }

    fn replica_name(&self, identity: &str) -> String {
        format!("plumbline-{}-{REPLICA}-{identity}", self.installation)
    }

    fn shard_name(&self, shard: usize) -> String {
        format!("plumbline-{}-{SHARD}-{shard:02}", self.installation)
    }

    fn shard_of(&self, lease: &Lease) -> Option<usize> {
        (0..SHARDS).find(|shard| lease.metadata.name.as_ref() == Some(&self.shard_name(*shard)))
    }
}

/// Who holds a lease; nobody where it names none.
pub(super) fn holder(lease: &Lease) -> Option<String> {
    let holder = lease.spec.as_ref()?.holder_identity.clone()?;
    (!holder.is_empty()).then_some(holder)
}

fn micro_time(now: Timestamp) -> MicroTime {
    let nanoseconds = i32::try_from(now.nanoseconds).unwrap_or_default();
    MicroTime(jiff::Timestamp::new(now.seconds, nanoseconds).unwrap_or_default())
}
