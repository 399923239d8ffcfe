//! Where an account's configuration items come from, and how the account is reached.

use std::collections::BTreeMap;
use std::fmt;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Period, schema};
use model::{AccountId, QueueUrl, QueueUrlError, Region, ResourceType, S3Url, S3UrlError};

/// Where the configuration items of an account come from: exactly one of `configApi`, `aggregator`
/// and `snapshot`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "(has(self.configApi) ? 1 : 0) + (has(self.aggregator) ? 1 : 0) + (has(self.snapshot) ? 1 : 0) == 1",
).message("a source must be exactly one of configApi, aggregator and snapshot"))]
#[x_kube(validation = Rule::new("!has(self.snapshot) || !has(self.accountFacts)")
    .message("accountFacts must not be set with a snapshot: its facts are items of the snapshot")
    .field_path(".accountFacts"))]
#[x_kube(validation = Rule::new("!has(self.snapshot) || !has(self.configRules)")
    .message("configRules must not be set with a snapshot: what rules report are items of the snapshot")
    .field_path(".configRules"))]
pub struct AccountSource {
    /// AWS Config of the account itself, in each of its regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_api: Option<ConfigApiSource>,
    /// An AWS Config aggregator, usually in another account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregator: Option<AggregatorSource>,
    /// Snapshot files that AWS Config delivered, in a folder or a bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotSource>,
    /// Whether facts that AWS Config does not record are read from the account itself, at most once
    /// an hour: its password policy, credential report, root user, EBS encryption by default,
    /// alternate contacts and organization. Default: `Enabled`, except with a snapshot, whose files
    /// hold them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_facts: Option<AccountFactsMode>,
    /// Whether Plumbline only reads AWS Config rules that controls delegate to, or also creates and
    /// removes rules of its own. Default: `Observe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_rules: Option<ConfigRulesMode>,
}

/// What Plumbline does with the AWS Config rules that controls delegate to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConfigRulesMode {
    /// Existing rules are read. A control whose rule does not exist is `Unknown` (`MissingRule`).
    Observe,
    /// `plumbline run` and the operator also create rules of their own, and remove those that no
    /// baseline needs. Rules of others are never changed.
    Manage,
}

/// Whether account facts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccountFactsMode {
    /// They are read.
    Enabled,
    /// They are not read. Controls that check them are `Unknown` (`NotRecorded`).
    Disabled,
}

impl AccountSource {
    /// Whether account facts are read from the account itself.
    #[must_use]
    pub fn reads_account_facts(&self) -> bool {
        self.snapshot.is_none() && self.account_facts != Some(AccountFactsMode::Disabled)
    }

    /// The queue that brings changes, where there is one.
    #[must_use]
    pub fn changes(&self) -> Option<&ChangeQueueSource> {
        let own = self.config_api.as_ref().and_then(|api| api.changes.as_ref());
        own.or_else(|| self.aggregator.as_ref()?.changes.as_ref())
    }

    /// Whether Plumbline keeps AWS Config rules of its own in the account.
    #[must_use]
    pub fn manages_config_rules(&self) -> bool {
        self.snapshot.is_none() && self.config_rules == Some(ConfigRulesMode::Manage)
    }
}

/// AWS Config of the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigApiSource {
    /// The maximum age of a change that the recorder has not delivered yet. Beyond it, verdicts are
    /// `Unknown` (`Stale`).
    #[serde(default = "default_max_age")]
    pub max_age: Period,
    /// How often everything is read. In between, only changes are read.
    #[serde(default = "default_full_read_every")]
    pub full_read_every: Period,
    /// A queue of SQS that brings changes within a second. Without one, changes are read every
    /// `interval` of the baselines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<ChangeQueueSource>,
}

/// An AWS Config aggregator, which shows many accounts in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AggregatorSource {
    /// The aggregator's name.
    #[schemars(schema_with = "schema::aggregator_name")]
    pub name: String,
    /// The id of the account that the aggregator is in.
    pub account: AccountId,
    /// The region that the aggregator is in.
    pub region: Region,
    /// The IAM role to assume in that account. Default: Plumbline's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleReference>,
    /// The maximum age of the aggregator's data. Beyond it, verdicts are `Unknown` (`Stale`).
    #[serde(default = "default_max_age")]
    pub max_age: Period,
    /// How often everything is read. In between, only changes are read.
    #[serde(default = "default_full_read_every")]
    pub full_read_every: Period,
    /// A queue of SQS that brings changes within a second. Without one, changes are read every
    /// `interval` of the baselines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<ChangeQueueSource>,
}

/// A queue of SQS to which `EventBridge` sends what AWS Config records, directly or through SNS: of
/// one account, or of many. Accounts that share a queue are evaluated by the same replica. What a
/// queue loses is found at the next `interval` of the baselines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeQueueSource {
    /// The queue's URL, such as `https://sqs.eu-west-1.amazonaws.com/111122223333/plumbline-changes`.
    /// Nothing but Plumbline may receive messages of the queue.
    #[schemars(schema_with = "schema::queue_url")]
    pub queue_url: String,
    /// The IAM role to assume to read the queue. Default: the role of the account if the queue
    /// belongs to the account, the role of the aggregator if it belongs to the aggregator's account,
    /// else Plumbline's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleReference>,
}

impl ChangeQueueSource {
    /// The queue.
    ///
    /// # Errors
    ///
    /// Where the address is none of a queue, which the API server and validation refuse.
    pub fn queue(&self) -> Result<QueueUrl, QueueUrlError> {
        self.queue_url.parse()
    }
}

/// What to do about a snapshot's address that cannot be read.
pub const SNAPSHOT_IS_A_PATH: &str = "a snapshot must be a path or a bucket (s3://BUCKET/PREFIX): \
     https:// and other URLs cannot be read; copy the snapshot (such as with `aws s3 sync`) to a \
     folder that Plumbline can read, and give that folder's path";

/// Snapshots that AWS Config delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.role) || self.url.startsWith('s3://')")
    .message("role must not be set with a path: it is the role that reads a bucket (s3://BUCKET/PREFIX)")
    .field_path(".role"))]
#[x_kube(validation = Rule::new("!has(self.deliver) || self.url.startsWith('s3://')")
    .message("deliver must not be set with a path: AWS Config delivers to a bucket (s3://BUCKET/PREFIX)")
    .field_path(".deliver"))]
pub struct SnapshotSource {
    /// Path of a file or folder, or the bucket that AWS Config delivers to: `s3://BUCKET`, or
    /// `s3://BUCKET/PREFIX` with the delivery channel's prefix. A relative path starts at the folder
    /// of this object's file, or in a cluster at the operator's `--snapshots` folder. Of a bucket, the
    /// newest configuration snapshot of each of the account's regions is read, and the configuration
    /// history that was delivered after it. Other URLs cannot be read.
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.startsWith('s3://') || !self.matches('^[ ]*([A-Za-z][A-Za-z0-9+.-]*:/|(?i:arn|https?|s3|file|ftps?|gs):)')")
        .message(SNAPSHOT_IS_A_PATH))]
    #[x_kube(validation = Rule::new("!self.startsWith('s3://') || self.matches('^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$')")
        .message("a bucket's address is s3://BUCKET or s3://BUCKET/PREFIX, and a bucket's name has 3 to 63 lowercase letters, digits, dots and hyphens"))]
    #[x_kube(validation = Rule::new("!self.startsWith('s3://') || !self.matches('/AWSLogs(/|$)')")
        .message("the address of a bucket ends with the delivery channel's prefix: remove AWSLogs and what follows, which AWS Config adds to the prefix"))]
    pub url: String,
    /// The IAM role to assume to read the bucket. Default: Plumbline's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleReference>,
    /// The resource types that AWS Config records. Default: the types that occur in the snapshot.
    /// Controls that check another type are `Unknown` (`NotRecorded`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "set"))]
    pub recorded_types: Option<Vec<ResourceType>>,
    /// The maximum age of the snapshot. Beyond it, verdicts are `Unknown` (`Stale`).
    #[serde(default = "default_max_age")]
    pub max_age: Period,
    /// Requests snapshots from AWS Config of the account, with the role of the account, while the
    /// operator or `plumbline run` evaluates it. Default: only what AWS Config delivers anyway is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<SnapshotDelivery>,
}

/// When Plumbline requests snapshots from AWS Config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotDelivery {
    /// A snapshot of a region is requested (`DeliverConfigSnapshot`) when the newest one in the bucket
    /// is older than this; at least 1h. It is read at the next interval after it arrives: keep `every`
    /// a few hours below `maxAge`.
    #[x_kube(validation = Rule::new("duration(self) >= duration('1h')")
        .message("every must be at least 1h"))]
    pub every: Period,
}

impl SnapshotSource {
    /// The bucket, where the snapshot is in one.
    #[must_use]
    pub fn bucket(&self) -> Option<Result<S3Url, S3UrlError>> {
        S3Url::is_meant(&self.url).then(|| self.url.parse())
    }
}

/// A role to assume.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleReference {
    /// ARN of the role.
    #[schemars(schema_with = "schema::role_arn")]
    pub arn: String,
    /// The external id that the role's trust policy requires (`sts:ExternalId`). AWS does not treat
    /// it as a secret: everyone who may read this object can see it. Plumbline does not log or
    /// print it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 1224))]
    pub external_id: Option<String>,
    /// Name of the session, which `CloudTrail` records. Default: `plumbline-<installation>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::session_name")]
    pub session_name: Option<String>,
    /// Tags of the session. The trust policy must allow `sts:TagSession`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::tags")]
    pub session_tags: BTreeMap<String, String>,
}

/// How often an operation may be called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationBudget {
    /// The AWS operation.
    pub operation: BudgetedOperation,
    /// Maximum number of calls per second in each region.
    #[schemars(range(min = 1, max = 1000))]
    pub per_second: u32,
}

/// An operation with a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BudgetedOperation {
    /// Advanced queries of AWS Config.
    SelectResourceConfig,
    /// Advanced queries of an aggregator.
    SelectAggregateResourceConfig,
    /// Items of AWS Config by their keys.
    BatchGetResourceConfig,
    /// Lists of AWS Config's resources.
    ListDiscoveredResources,
    /// Histories of AWS Config's resources.
    GetResourceConfigHistory,
    /// Reading findings back.
    GetFindings,
    /// Publishing findings.
    BatchImportFindings,
    /// Changing the workflow of findings.
    BatchUpdateFindings,
}

impl BudgetedOperation {
    /// The operation's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelectResourceConfig => "SelectResourceConfig",
            Self::SelectAggregateResourceConfig => "SelectAggregateResourceConfig",
            Self::BatchGetResourceConfig => "BatchGetResourceConfig",
            Self::ListDiscoveredResources => "ListDiscoveredResources",
            Self::GetResourceConfigHistory => "GetResourceConfigHistory",
            Self::GetFindings => "GetFindings",
            Self::BatchImportFindings => "BatchImportFindings",
            Self::BatchUpdateFindings => "BatchUpdateFindings",
        }
    }
}

/// Whether a text is the address of something elsewhere, by the rule of [`SnapshotSource::url`]: a
/// scheme, a colon and a slash (RFC 3986, section 3.1), or an ARN.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let text = text.trim_start_matches(' ');
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let begins_well = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    scheme == "arn" || rest.starts_with('/') && begins_well && scheme.bytes().all(well_formed)
}

impl fmt::Debug for RoleReference {
    /// Without the external id.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RoleReference").field("arn", &self.arn).finish_non_exhaustive()
    }
}

impl Default for ConfigApiSource {
    fn default() -> Self {
        let (max_age, full_read_every) = (default_max_age(), default_full_read_every());
        Self { max_age, full_read_every, changes: None }
    }
}

const fn default_max_age() -> Period {
    Period::hours(24)
}

const fn default_full_read_every() -> Period {
    Period::hours(24)
}
