//! What stands in the place of [`sdk`](crate) in a build without AWS's SDK: nothing there can be made,
//! so nothing calls AWS. Who wants to hears why not.

#![allow(clippy::unused_async)] // the SDK's are asynchronous

#[path = "without_sdk/config.rs"]
mod config;
#[path = "without_sdk/organizations.rs"]
mod organizations;
mod without_queue;

pub use config::ConfigClient;
pub use organizations::OrganizationsClient;

use std::ops::Range;
use std::time::Duration;

use crate::bucket::{KeysPage, ListedObject};
use crate::error::{AwsError, Class, NOT_BUILT, OWN};
use crate::facts::{
    ContactKind, CredentialReport, InspectorScans, LogGroup, Organization, PasswordPolicy,
    PublicAccessBlock, PublicSnapshots, RootUser, ShieldSubscription,
};
use crate::publish::{FindingSink, Hubs, Place, PlaceState, PublishError, Published, Refused};
use crate::settings::{AwsSettings, Role};
use engine::drift::{FindingChange, KnownFindings, Publisher};
use metrics::AwsMetrics;
use model::{AccountId, Partition, QueueUrl, Region, ResourceType};

pub use without_queue::QueueClient;

/// Why nothing is called.
const WHY: &str = "this build of plumbline does not reach AWS; build it with the feature `aws`";

/// Of this there is none.
#[derive(Debug, Clone)]
enum Never {}

/// Where credentials come from, which is nowhere.
#[derive(Debug, Clone)]
pub struct CredentialsProvider(Never);

/// AWS, which this build does not reach.
#[derive(Debug, Clone)]
pub struct Aws(Never);

/// An account, which this build does not reach.
#[derive(Debug, Clone)]
pub struct AccountAccess(Never);

/// A bucket of S3, which this build does not read.
#[derive(Debug, Clone)]
pub struct BucketClient(Never);

/// What tells of an account, which this build does not ask.
#[derive(Debug, Clone)]
pub struct FactsClient(Never);

/// Security Hub, which this build does not reach.
#[derive(Debug, Clone)]
pub struct SecurityHubClient(Never);

/// The calls of Security Hub in use, of which there are none.
pub trait SecurityHubService: Send + Sync {}

impl SecurityHubService for SecurityHubClient {}

/// Whether AWS's enumeration has a type: it is part of the SDK.
#[must_use]
pub const fn is_enumerated(_resource_type: &ResourceType) -> bool {
    false
}

impl Aws {
    /// Says that there is no SDK.
    ///
    /// # Errors
    ///
    /// Always.
    pub async fn load(_settings: &AwsSettings, _metrics: AwsMetrics) -> Result<Self, AwsError> {
        Err(AwsError {
            class: Class::Invalid,
            code: NOT_BUILT.to_owned(),
            message: WHY.to_owned(),
            service: "sts",
            operation: "GetCallerIdentity",
            account: OWN.to_owned(),
            region: String::new(),
        })
    }

    /// The region that the environment or the profile names.
    #[must_use]
    pub fn default_region(&self) -> Option<Region> {
        match self.0 {}
    }

    /// The account behind the process's own credentials, and its partition.
    ///
    /// # Errors
    ///
    /// Never, for nobody calls it.
    pub async fn own_account(&self, _region: &Region) -> Result<(AccountId, Partition), AwsError> {
        match self.0 {}
    }

    /// Reaches an account.
    pub async fn account(
        &self,
        _account: &AccountId,
        _partition: Partition,
        _region: &Region,
        _role: Option<&Role>,
    ) -> AccountAccess {
        match self.0 {}
    }

    /// A bucket of S3.
    pub async fn bucket(
        &self,
        _bucket: &str,
        _place: (Partition, &Region),
        _role: Option<&Role>,
    ) -> BucketClient {
        match self.0 {}
    }

    /// A queue of SQS.
    pub async fn queue(&self, _url: &QueueUrl, _role: Option<&Role>) -> QueueClient {
        match self.0 {}
    }
}

#[allow(missing_docs, clippy::missing_errors_doc)] // as the SDK's own
impl BucketClient {
    #[must_use]
    pub fn bucket(&self) -> &str {
        match self.0 {}
    }

    pub async fn list(
        &self,
        _prefix: &str,
        _folders: bool,
        _token: Option<String>,
    ) -> Result<KeysPage, AwsError> {
        match self.0 {}
    }

    pub async fn part(
        &self,
        _object: &ListedObject,
        _bytes: Range<u64>,
    ) -> Result<Vec<u8>, AwsError> {
        match self.0 {}
    }
}

impl AccountAccess {
    /// The account's partition.
    #[must_use]
    pub const fn partition(&self) -> Partition {
        match self.0 {}
    }

    /// The same access, with rates of its own.
    #[must_use]
    pub fn with_rates(&self, _own_rates: Vec<(String, f64)>) -> Self {
        match self.0 {}
    }

    /// Makes sure that the credentials are those of the account.
    ///
    /// # Errors
    ///
    /// Never, for nobody calls it.
    pub async fn verify(&self, _region: &Region) -> Result<(), AwsError> {
        match self.0 {}
    }

    /// AWS Config in a region.
    #[must_use]
    pub fn config(&self, _region: &Region) -> ConfigClient {
        match self.0 {}
    }

    /// Security Hub in a region.
    #[must_use]
    pub fn security_hub(&self, _region: &Region) -> SecurityHubClient {
        match self.0 {}
    }

    /// What single calls tell of the account.
    #[must_use]
    pub fn facts(&self) -> FactsClient {
        match self.0 {}
    }
}

#[allow(missing_docs, clippy::missing_errors_doc)] // as the SDK's own
impl FactsClient {
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        match self.0 {}
    }

    pub async fn password_policy(&self) -> Result<Option<PasswordPolicy>, AwsError> {
        match self.0 {}
    }

    pub async fn root_user(&self) -> Result<RootUser, AwsError> {
        match self.0 {}
    }

    pub async fn virtual_mfa_of_root(&self) -> Result<Vec<String>, AwsError> {
        match self.0 {}
    }

    pub async fn credential_report(&self) -> Result<CredentialReport, AwsError> {
        match self.0 {}
    }

    pub async fn ebs_encryption_by_default(&self, _region: &Region) -> Result<bool, AwsError> {
        match self.0 {}
    }

    pub async fn public_access_block(
        &self,
        _region: &Region,
    ) -> Result<Option<PublicAccessBlock>, AwsError> {
        match self.0 {}
    }

    pub async fn has_alternate_contact(&self, _kind: ContactKind) -> Result<bool, AwsError> {
        match self.0 {}
    }

    pub async fn organization(&self) -> Result<Option<Organization>, AwsError> {
        match self.0 {}
    }

    pub async fn has_security_hub(&self, _region: &Region) -> Result<bool, AwsError> {
        match self.0 {}
    }

    pub async fn macie_status(&self, _region: &Region) -> Result<&'static str, AwsError> {
        match self.0 {}
    }

    pub async fn inspector_scans(&self, _region: &Region) -> Result<InspectorScans, AwsError> {
        match self.0 {}
    }

    pub async fn shield_subscription(&self) -> Result<Option<ShieldSubscription>, AwsError> {
        match self.0 {}
    }

    pub async fn public_snapshots(&self, _region: &Region) -> Result<PublicSnapshots, AwsError> {
        match self.0 {}
    }

    pub async fn log_groups(&self, _region: &Region) -> Result<Vec<LogGroup>, AwsError> {
        match self.0 {}
    }
}

/// Security Hub in many places, none of which this build reaches: every change is refused.
#[derive(Debug)]
pub struct SecurityHub<H> {
    known: KnownFindings,
    _hubs: H,
}

impl<H: Hubs> SecurityHub<H> {
    /// Of no place anything is known.
    pub fn new(_publisher: impl Into<Publisher>, hubs: H) -> Self {
        Self { known: KnownFindings::new(), _hubs: hubs }
    }

    /// Nothing is read, for however long.
    #[must_use]
    pub const fn reading_for(self, _part: Duration) -> Self {
        self
    }

    /// No place takes changes.
    pub fn state(&self, _place: &Place) -> PlaceState {
        PlaceState::Unread(WHY.to_owned())
    }

    /// Every place refuses.
    pub fn refusal(&self, _place: &Place) -> Option<String> {
        Some(WHY.to_owned())
    }

    /// Nothing is known of what another Plumbline published.
    pub const fn others(&self, _place: &Place) -> Option<(usize, String)> {
        None
    }

    /// Nothing is known of what another Plumbline published.
    pub fn others_places(&self) -> impl Iterator<Item = &Place> {
        std::iter::empty()
    }

    /// Nothing is known of what others published.
    pub const fn foreign(&self, _place: &Place) -> usize {
        0
    }
}

impl<H: Hubs> FindingSink for SecurityHub<H> {
    fn known(&self) -> &KnownFindings {
        &self.known
    }

    async fn publish(&mut self, changes: &[FindingChange]) -> Result<Published, PublishError> {
        let refuse = |change| Refused { change, message: WHY.to_owned() };
        Ok(Published { accepted: 0, refused: (0..changes.len()).map(refuse).collect() })
    }
}
