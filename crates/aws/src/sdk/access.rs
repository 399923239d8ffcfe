//! How accounts are reached: the process's own credentials, and one assumed role for each account.

use std::sync::Arc;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_config::config::retry::RetryConfig;
use aws_sdk_sts::config::IdentityCache;
use aws_types::region::Region as SdkRegion;

use super::bucket::BucketClient;
use super::call::Caller;
use super::config::ConfigClient;
use super::credentials::Renewable;
use super::facts::FactsClient;
use super::organizations::{self, OrganizationsClient};
use super::profile;
use super::queue::QueueClient;
use super::security_hub::SecurityHubClient;
use super::signed::{Service, SignedClient};
use super::transport;
use crate::budget::Budgets;
use crate::error::{AwsError, Class, OWN};
use crate::operations::GET_CALLER_IDENTITY;
use crate::settings::{AwsSettings, OTHER_ACCOUNT, Patience, Role};
use clock::Fence;
use metrics::AwsMetrics;
use model::{AccountId, Partition, QueueUrl, Region};

/// No answer comes after so long.
const ANSWER: Duration = Duration::from_secs(30);
/// No connection comes about after so long.
const CONNECTION: Duration = Duration::from_secs(5);

/// AWS, as this process reaches it.
#[derive(Debug, Clone)]
pub struct Aws {
    base: SdkConfig,
    credentials: Arc<Renewable>,
    budgets: Arc<Budgets>,
    metrics: AwsMetrics,
    patience: Patience,
    fence: Fence,
}

/// One account, as this process reaches it.
#[derive(Debug, Clone)]
pub struct AccountAccess {
    account: AccountId,
    partition: Partition,
    config: SdkConfig,
    credentials: Arc<Renewable>,
    /// The role that it is reached through.
    role: Option<Arc<str>>,
    own_rates: Arc<Vec<(String, f64)>>,
    budgets: Arc<Budgets>,
    metrics: AwsMetrics,
    patience: Patience,
    fence: Fence,
}

impl Aws {
    /// Finds the process's own credentials by the default chain: the environment, profiles, SSO,
    /// web identity, container credentials (ECS, EKS Pod Identity), instance metadata. Nothing is
    /// called yet.
    ///
    /// # Errors
    ///
    /// Where this build has no SDK.
    pub async fn load(settings: &AwsSettings, metrics: AwsMetrics) -> Result<Self, AwsError> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(transport::shared())
            // Calls are tried again here, within budgets.
            .retry_config(RetryConfig::disabled())
            .identity_cache(IdentityCache::no_cache())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECTION)
                    .operation_attempt_timeout(ANSWER)
                    .build(),
            );
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(credentials) = &settings.credentials {
            loader = loader.credentials_provider(credentials.clone());
        }
        if let Some(endpoint) = &settings.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        if settings.use_fips {
            loader = loader.use_fips(true);
        }
        if settings.use_dual_stack {
            loader = loader.use_dual_stack(true);
        }
        let loaded = loader.load().await;
        let problem = match settings.credentials {
            Some(_) => None,
            None => profile::problem(settings.profile.as_deref()).await,
        };
        let provider = match (problem, loaded.credentials_provider()) {
            (None, Some(provider)) => provider,
            (problem, _) => SharedCredentialsProvider::new(NoCredentials(problem)),
        };
        let credentials = Arc::new(Renewable::new(provider));
        let budgets = Arc::<Budgets>::default();
        metrics.budgets(Arc::clone(&budgets));
        Ok(Self {
            base: with_credentials(&loaded, &credentials),
            credentials,
            budgets,
            metrics,
            patience: settings.patience,
            fence: settings.fence.clone(),
        })
    }

    /// The region that the environment or the profile names.
    #[must_use]
    pub fn default_region(&self) -> Option<Region> {
        self.base.region()?.as_ref().parse().ok()
    }

    /// The metrics of its calls.
    #[must_use]
    pub const fn metrics(&self) -> &AwsMetrics {
        &self.metrics
    }

    /// The account behind the process's own credentials, and its partition.
    ///
    /// # Errors
    ///
    /// When there are no credentials, or they do not hold.
    pub async fn own_account(&self, region: &Region) -> Result<(AccountId, Partition), AwsError> {
        caller_identity(&self.base, region, &self.caller(region)).await
    }

    /// Reaches an account, through its role if it has one. Nothing is called yet. `region` is where
    /// the role is assumed.
    pub async fn account(
        &self,
        account: &AccountId,
        partition: Partition,
        region: &Region,
        role: Option<&Role>,
    ) -> AccountAccess {
        let (config, credentials) = self.credentials_of(role, region).await;
        AccountAccess {
            account: account.clone(),
            partition,
            config,
            credentials,
            role: role.map(|role| role.arn.as_str().into()),
            own_rates: Arc::default(),
            budgets: Arc::clone(&self.budgets),
            metrics: self.metrics.clone(),
            patience: self.patience,
            fence: self.fence.clone(),
        }
    }

    /// A bucket of S3, read through a role or with the process's own credentials. `place` is where
    /// the role is assumed and the bucket is looked for first.
    pub async fn bucket(
        &self,
        bucket: &str,
        (partition, region): (Partition, &Region),
        role: Option<&Role>,
    ) -> BucketClient {
        let (config, credentials) = self.credentials_of(role, region).await;
        let account = role.and_then(|role| role.arn.split(':').nth(4));
        let caller = Caller {
            account: account.unwrap_or(OWN).to_owned(),
            role: role.map(|role| role.arn.as_str().into()),
            credentials,
            ..self.caller(region)
        };
        BucketClient::new(config, bucket, partition, caller, region)
    }

    /// A queue of SQS, read through a role or with the process's own credentials.
    pub async fn queue(&self, url: &QueueUrl, role: Option<&Role>) -> QueueClient {
        let (account, region) = (url.account(), url.region());
        let (config, credentials) = self.credentials_of(role, region).await;
        let caller = Caller {
            account: account.to_string(),
            role: role.map(|role| role.arn.as_str().into()),
            credentials,
            ..self.caller(region)
        };
        let place = (account, Partition::of_region(region), region);
        let client = SignedClient::new(&config, Service::Sqs, place, |_| caller);
        QueueClient::new(client, url.clone())
    }

    /// The process's own calls in a region.
    fn caller(&self, region: &Region) -> Caller {
        Caller {
            account: OWN.to_owned(),
            region: region.to_string(),
            role: None,
            budgets: Arc::clone(&self.budgets),
            own_rates: Arc::default(),
            metrics: self.metrics.clone(),
            credentials: Arc::clone(&self.credentials),
            patience: self.patience,
            fence: self.fence.clone(),
        }
    }

    /// The process's own credentials, or those of a role.
    async fn credentials_of(
        &self,
        role: Option<&Role>,
        region: &Region,
    ) -> (SdkConfig, Arc<Renewable>) {
        let Some(role) = role else { return (self.base.clone(), Arc::clone(&self.credentials)) };
        let credentials = Arc::new(Renewable::new(self.assumed(role, region).await));
        (with_credentials(&self.base, &credentials), credentials)
    }

    async fn assumed(&self, role: &Role, region: &Region) -> SharedCredentialsProvider {
        let mut builder = AssumeRoleProvider::builder(&role.arn)
            .session_name(&role.session_name)
            .region(SdkRegion::new(region.to_string()))
            .configure(&self.base);
        if let Some(external_id) = &role.external_id {
            builder = builder.external_id(external_id);
        }
        if !role.session_tags.is_empty() {
            builder = builder.tags(role.session_tags.iter().cloned());
        }
        SharedCredentialsProvider::new(builder.build().await)
    }
}

impl AccountAccess {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The account's partition.
    #[must_use]
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// The same access, with rates of its own, in calls a second by operation.
    #[must_use]
    pub fn with_rates(&self, own_rates: Vec<(String, f64)>) -> Self {
        Self { own_rates: Arc::new(own_rates), ..self.clone() }
    }

    /// Makes sure that the credentials are those of the account.
    ///
    /// # Errors
    ///
    /// When they are not, or when it cannot be determined.
    pub async fn verify(&self, region: &Region) -> Result<(), AwsError> {
        let caller = self.caller(region);
        let (found, partition) = caller_identity(&self.config, region, &caller).await?;
        if found == self.account && partition == self.partition {
            return Ok(());
        }
        let message = format!(
            "the credentials belong to account {found} ({partition}), not to {} ({}): set `role` \
             to a role of the account",
            self.account, self.partition
        );
        let error = caller.unusable(GET_CALLER_IDENTITY, &message);
        Err(AwsError { class: Class::Credentials, code: OTHER_ACCOUNT.to_owned(), ..error })
    }

    /// AWS Config in a region.
    #[must_use]
    pub fn config(&self, region: &Region) -> ConfigClient {
        ConfigClient::new(&self.in_region(region), self.caller(region))
    }

    /// Security Hub in a region.
    #[must_use]
    pub fn security_hub(&self, region: &Region) -> SecurityHubClient {
        SecurityHubClient::new(&self.in_region(region), self.caller(region))
    }

    /// What single calls tell of the account.
    #[must_use]
    pub fn facts(&self) -> FactsClient {
        FactsClient::new(self.clone())
    }

    /// The organization that the account manages or administers.
    #[must_use]
    pub fn organizations(&self) -> OrganizationsClient {
        OrganizationsClient::new(self)
    }

    /// The regions that the account has enabled.
    ///
    /// # Errors
    ///
    /// When they may not be read.
    pub async fn enabled_regions(&self) -> Result<Vec<Region>, AwsError> {
        organizations::enabled_regions(self).await
    }

    /// A service as the region reaches it, without an SDK of its own.
    pub(super) fn signed(&self, service: Service, region: &Region) -> SignedClient {
        let place = (&self.account, self.partition, region);
        SignedClient::new(&self.config, service, place, |signing| self.caller(signing))
    }

    /// The metrics of its calls.
    #[must_use]
    pub const fn metrics(&self) -> &AwsMetrics {
        &self.metrics
    }

    fn in_region(&self, region: &Region) -> SdkConfig {
        in_region(&self.config, region)
    }

    fn caller(&self, region: &Region) -> Caller {
        Caller {
            account: self.account.to_string(),
            region: region.to_string(),
            role: self.role.clone(),
            budgets: Arc::clone(&self.budgets),
            own_rates: Arc::clone(&self.own_rates),
            metrics: self.metrics.clone(),
            credentials: Arc::clone(&self.credentials),
            patience: self.patience,
            fence: self.fence.clone(),
        }
    }
}

async fn caller_identity(
    config: &SdkConfig,
    region: &Region,
    caller: &Caller,
) -> Result<(AccountId, Partition), AwsError> {
    let client = aws_sdk_sts::Client::new(&in_region(config, region));
    let identity = caller.call(GET_CALLER_IDENTITY, || client.get_caller_identity().send()).await?;
    let account = identity.account().and_then(|account| account.parse().ok());
    let partition = identity.arn().and_then(partition_of);
    account
        .zip(partition)
        .ok_or_else(|| caller.unusable(GET_CALLER_IDENTITY, "it does not name a known account"))
}

fn partition_of(arn: &str) -> Option<Partition> {
    Partition::from_name(arn.split(':').nth(1)?)
}

fn in_region(config: &SdkConfig, region: &Region) -> SdkConfig {
    config.to_builder().region(SdkRegion::new(region.to_string())).build()
}

fn with_credentials(config: &SdkConfig, credentials: &Arc<Renewable>) -> SdkConfig {
    let provider = Arc::clone(credentials) as Arc<dyn ProvideCredentials>;
    config
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::from(provider))
        .identity_cache(IdentityCache::no_cache())
        .build()
}

/// For an environment without any credentials, or without the profile that is asked for: every
/// call says so.
#[derive(Debug)]
struct NoCredentials(Option<profile::ProfileProblem>);

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(
        &'a self,
    ) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        use aws_credential_types::provider::error::CredentialsError;
        let error = match &self.0 {
            Some(problem) => CredentialsError::invalid_configuration(problem.clone()),
            None => CredentialsError::not_loaded_no_source(),
        };
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
    }
}
