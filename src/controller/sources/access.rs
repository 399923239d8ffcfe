//! Access to accounts, by what their objects say: one for each, shared by all who use it.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use crate::api::{AggregatorSource, AwsAccountSpec, RoleReference};
use crate::aws::{AccountAccess, Aws, AwsError, AwsSettings, Role};
use crate::drift::Installation;
use crate::metrics::AwsMetrics;
use crate::resource::{AccountId, Partition, Region};

/// Reaches accounts. Clones share what they found out.
#[derive(Debug, Clone)]
pub struct AwsAccounts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: AwsSettings,
    metrics: AwsMetrics,
    installation: Installation,
    /// Found when the first account needs it: looking for credentials takes time.
    aws: OnceCell<Aws>,
    accesses: Mutex<HashMap<AccountId, Slot>>,
}

/// One account's access. Who wants it waits only for others who want the same.
type Slot = Arc<Mutex<Option<Access>>>;

/// An access, and what it was made from.
#[derive(Debug, Clone)]
struct Access {
    role: Option<RoleReference>,
    rates: Vec<(String, f64)>,
    reached: AccountAccess,
    is_verified: bool,
}

/// Whom to reach, and how.
struct Wanted<'w> {
    account: &'w AccountId,
    partition: Partition,
    /// Where the role is assumed.
    region: &'w Region,
    role: Option<&'w RoleReference>,
    rates: Vec<(String, f64)>,
}

impl AwsAccounts {
    /// Nothing is called before an account is reached.
    #[must_use]
    pub fn new(settings: AwsSettings, metrics: AwsMetrics, installation: Installation) -> Self {
        let (aws, accesses) = (OnceCell::new(), Mutex::default());
        Self(Arc::new(Shared { settings, metrics, installation, aws, accesses }))
    }

    /// AWS, as this process reaches it.
    pub async fn aws(&self) -> &Aws {
        let Shared { settings, metrics, aws, .. } = &*self.0;
        aws.get_or_init(|| Aws::load(settings, metrics.clone())).await
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
    /// When they are not, or when it cannot be told.
    pub async fn own(&self, spec: &AwsAccountSpec) -> Result<AccountAccess, AwsError> {
        let region = home_region(spec);
        self.reach(&Wanted {
            account: &spec.account_id,
            partition: spec.partition,
            region: &region,
            role: spec.role.as_ref(),
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
            account: &aggregator.account,
            partition: spec.partition,
            region: &aggregator.region,
            role: aggregator.role.as_ref(),
            rates: rates(spec),
        })
        .await
    }

    /// Makes sure anew whose credentials they are when the account is reached next: something went
    /// wrong there.
    pub async fn doubt(&self, account: &AccountId) {
        let slot = self.0.accesses.lock().await.get(account).cloned();
        let Some(slot) = slot else { return };
        if let Some(access) = slot.lock().await.as_mut() {
            access.is_verified = false;
        }
    }

    async fn reach(&self, wanted: &Wanted<'_>) -> Result<AccountAccess, AwsError> {
        let slot = {
            let mut accesses = self.0.accesses.lock().await;
            Arc::clone(accesses.entry(wanted.account.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        let access = match slot.take().filter(|known| known.is_made_from(wanted)) {
            Some(known) => slot.insert(known),
            None => slot.insert(self.access(wanted).await),
        };
        if !access.is_verified {
            access.reached.verify(wanted.region).await?;
            access.is_verified = true;
        }
        Ok(access.reached.clone())
    }

    async fn access(&self, wanted: &Wanted<'_>) -> Access {
        let Wanted { account, partition, region, role, rates } = wanted;
        let assumed = role.map(|role| self.role(role));
        let aws = self.aws().await;
        let reached =
            aws.account(account, *partition, region, assumed.as_ref(), rates.clone()).await;
        Access { role: role.cloned(), rates: rates.clone(), reached, is_verified: false }
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
    fn is_made_from(&self, wanted: &Wanted<'_>) -> bool {
        self.role.as_ref() == wanted.role
            && self.rates == wanted.rates
            && self.reached.partition() == wanted.partition
    }
}

/// The account's home region. The API asks for at least one region.
pub(in crate::controller) fn home_region(spec: &AwsAccountSpec) -> Region {
    spec.home_region().cloned().unwrap_or_else(|| spec.partition.usual_region())
}

fn rates(spec: &AwsAccountSpec) -> Vec<(String, f64)> {
    let budgets = spec.budgets.iter();
    budgets.map(|own| (own.operation.as_str().to_owned(), f64::from(own.per_second))).collect()
}
