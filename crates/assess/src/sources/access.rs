//! Access to accounts, by what their objects say: one for each, shared by all who use it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OnceCell};

use super::BucketSource;
use super::changes::ChangeQueues;
use super::deliveries::LastRequests;
use api::{AggregatorSource, AwsAccountSpec, AwsOrganizationSpec, RoleReference};
use aws::source::{DeliveryBucket, MirrorSpace};
use aws::{AccountAccess, Aws, AwsError, AwsSettings, QueueClient, Role};
use engine::drift::Installation;
use metrics::AwsMetrics;
use model::{AccountId, Partition, QueueUrl, Region};

/// Reaches accounts. Clones share what they found out.
#[derive(Debug, Clone)]
pub struct AwsAccounts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: AwsSettings,
    metrics: AwsMetrics,
    installation: Installation,
    /// The room that all accounts' items may take.
    space: MirrorSpace,
    /// Found when the first account needs it: looking for credentials takes time.
    aws: OnceCell<Aws>,
    accesses: Mutex<HashMap<Way, Slot>>,
    /// The buckets that were read.
    buckets: Mutex<HashMap<BucketSource, DeliveryBucket>>,
    queues: ChangeQueues,
    /// When snapshots were requested.
    requests: LastRequests,
}

/// A way into an account. All who take it share the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Way {
    account: AccountId,
    partition: Partition,
    role: Option<RoleReference>,
}

/// An access. Who wants it waits only for others who want the same.
type Slot = Arc<Mutex<Option<Access>>>;

#[derive(Debug, Clone)]
struct Access {
    reached: AccountAccess,
    standing: AccessStanding,
}

/// Whether the credentials belong to the account.
#[derive(Debug, Clone)]
enum AccessStanding {
    Unknown,
    Verified,
    /// It could not be determined just now, after tries for minutes.
    Failed(Instant, AwsError),
}

/// Whoever asks within this time of tries that failed gets the same answer: an evaluation reaches the
/// account to publish and to read.
const JUST_NOW: Duration = Duration::from_secs(5);

/// Whom to reach, and how.
struct Wanted<'w> {
    way: Way,
    /// Where the role is assumed.
    region: &'w Region,
    /// The calls a second that the account sets, by operation.
    rates: Vec<(String, f64)>,
}

impl AwsAccounts {
    /// Nothing is called before an account is reached.
    #[must_use]
    pub fn new(settings: AwsSettings, metrics: AwsMetrics, installation: Installation) -> Self {
        let (aws, accesses, buckets) = (OnceCell::new(), Mutex::default(), Mutex::default());
        let space = MirrorSpace::new(settings.mirror_size, metrics.clone());
        let (queues, requests) = (ChangeQueues::default(), LastRequests::default());
        let shared = Shared {
            settings,
            metrics,
            installation,
            space,
            aws,
            accesses,
            buckets,
            queues,
            requests,
        };
        Self(Arc::new(shared))
    }

    /// The room that all accounts' items may take.
    pub(super) fn space(&self) -> MirrorSpace {
        self.0.space.clone()
    }

    /// AWS, as this process reaches it.
    ///
    /// # Errors
    ///
    /// Where this build does not reach AWS.
    pub async fn aws(&self) -> Result<&Aws, AwsError> {
        let Shared { settings, metrics, aws, .. } = &*self.0;
        aws.get_or_try_init(|| Aws::load(settings, metrics.clone())).await
    }

    /// The metrics of all calls.
    #[must_use]
    pub fn metrics(&self) -> &AwsMetrics {
        &self.0.metrics
    }

    /// The account itself, once it is sure that the credentials are its own.
    ///
    /// # Errors
    ///
    /// When they are not, or when it cannot be determined.
    pub async fn own(&self, spec: &AwsAccountSpec) -> Result<AccountAccess, AwsError> {
        let region = home_region(spec);
        self.reach(&Wanted {
            way: Way {
                account: spec.account_id.clone(),
                partition: spec.partition,
                role: spec.role.clone(),
            },
            region: &region,
            rates: rates(spec),
        })
        .await
    }

    /// The account of an aggregator.
    ///
    /// # Errors
    ///
    /// As for [`Self::own`].
    pub async fn aggregator(
        &self,
        spec: &AwsAccountSpec,
        aggregator: &AggregatorSource,
    ) -> Result<AccountAccess, AwsError> {
        self.reach(&Wanted {
            way: Way {
                account: aggregator.account.clone(),
                partition: spec.partition,
                role: aggregator.role.clone(),
            },
            region: &aggregator.region,
            rates: rates(spec),
        })
        .await
    }

    /// The account through which an organization is read.
    ///
    /// # Errors
    ///
    /// As for [`Self::own`].
    pub async fn organization(
        &self,
        spec: &AwsOrganizationSpec,
    ) -> Result<AccountAccess, AwsError> {
        self.reach(&Wanted {
            way: Way {
                account: spec.account_id.clone(),
                partition: spec.partition,
                role: spec.role.clone(),
            },
            region: &spec.partition.usual_region(),
            rates: Vec::new(),
        })
        .await
    }

    /// A bucket that snapshots are delivered to. Whose credentials read it does not matter: what lies in
    /// it says whose it is.
    ///
    /// # Errors
    ///
    /// Where this build does not reach AWS.
    pub async fn bucket(&self, source: &BucketSource) -> Result<DeliveryBucket, AwsError> {
        let mut buckets = self.0.buckets.lock().await;
        if let Some(known) = buckets.get(source) {
            return Ok(known.clone());
        }
        let BucketSource { url, role, partition, region } = source;
        let role = role.as_ref().map(|role| self.role(role));
        let aws = self.aws().await?;
        let client = aws.bucket(url.bucket(), (*partition, region), role.as_ref()).await;
        let bucket = DeliveryBucket::new(client, url.clone());
        buckets.insert(source.clone(), bucket.clone());
        Ok(bucket)
    }

    /// When snapshots were requested.
    pub(super) fn requests(&self) -> &LastRequests {
        &self.0.requests
    }

    /// The queues that are read.
    pub(super) fn queues(&self) -> &ChangeQueues {
        &self.0.queues
    }

    /// A queue that brings changes. Whose credentials read it does not matter: what comes says whose it
    /// is.
    ///
    /// # Errors
    ///
    /// Where this build does not reach AWS.
    pub async fn queue(
        &self,
        url: &QueueUrl,
        role: Option<&RoleReference>,
    ) -> Result<QueueClient, AwsError> {
        let role = role.map(|role| self.role(role));
        Ok(self.aws().await?.queue(url, role.as_ref()).await)
    }

    /// Checks once more whose credentials they are when the account is reached next: something went
    /// wrong there.
    pub async fn doubt(&self, account: &AccountId) {
        let accesses = self.0.accesses.lock().await;
        let ways = accesses.iter().filter(|(way, _)| way.account == *account);
        let slots: Vec<Slot> = ways.map(|(_, slot)| Arc::clone(slot)).collect();
        drop(accesses);
        for slot in slots {
            if let Some(access) = slot.lock().await.as_mut() {
                access.standing = AccessStanding::Unknown;
            }
        }
    }

    async fn reach(&self, wanted: &Wanted<'_>) -> Result<AccountAccess, AwsError> {
        let slot = {
            let mut accesses = self.0.accesses.lock().await;
            Arc::clone(accesses.entry(wanted.way.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        let access = match &mut *slot {
            Some(known) => known,
            none => none.insert(self.access(wanted).await?),
        };
        access.verify(wanted.region).await?;
        Ok(access.reached.with_rates(wanted.rates.clone()))
    }

    async fn access(&self, wanted: &Wanted<'_>) -> Result<Access, AwsError> {
        let Wanted { way, region, .. } = wanted;
        let assumed = way.role.as_ref().map(|role| self.role(role));
        let aws = self.aws().await?;
        let reached = aws.account(&way.account, way.partition, region, assumed.as_ref()).await;
        Ok(Access { reached, standing: AccessStanding::Unknown })
    }

    fn role(&self, reference: &RoleReference) -> Role {
        let usual = || format!("plumbline-{}", self.0.installation).chars().take(64).collect();
        Role {
            arn: reference.arn.clone(),
            external_id: reference.external_id.clone(),
            session_name: reference.session_name.clone().unwrap_or_else(usual),
            session_tags: reference.session_tags.clone().into_iter().collect(),
        }
    }
}

impl Access {
    async fn verify(&mut self, region: &Region) -> Result<(), AwsError> {
        match &self.standing {
            AccessStanding::Verified => return Ok(()),
            AccessStanding::Failed(at, error) if at.elapsed() < JUST_NOW => {
                return Err(error.clone());
            }
            AccessStanding::Failed(..) | AccessStanding::Unknown => {}
        }
        let verified = self.reached.verify(region).await;
        self.standing = match &verified {
            Ok(()) => AccessStanding::Verified,
            Err(error) if error.class.is_passing() => {
                AccessStanding::Failed(Instant::now(), error.clone())
            }
            Err(_) => AccessStanding::Unknown,
        };
        verified
    }
}

/// The account's home region. The API asks for at least one region.
pub fn home_region(spec: &AwsAccountSpec) -> Region {
    spec.home_region().cloned().unwrap_or_else(|| spec.partition.usual_region())
}

fn rates(spec: &AwsAccountSpec) -> Vec<(String, f64)> {
    let budgets = spec.budgets.iter();
    budgets.map(|own| (own.operation.as_str().to_owned(), f64::from(own.per_second))).collect()
}
