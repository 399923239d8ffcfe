//! `AwsAccount`: an AWS account, where its configuration items come from, and who may use it.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountSource, Condition, LabelSelector, OperationBudget, RoleReference, schema};
use model::{AccountId, Partition, Region};

/// The partition of the region `r`, as [`Partition::of_region`] tells it; a test compares them.
macro_rules! partition_of_r {
    () => {
        "(r.startsWith('cn-') ? 'aws-cn' : r.startsWith('us-gov-') ? 'aws-us-gov' \
         : r.startsWith('eusc-') ? 'aws-eusc' : r.startsWith('us-iso-') ? 'aws-iso' \
         : r.startsWith('us-isob-') ? 'aws-iso-b' : r.startsWith('eu-isoe-') ? 'aws-iso-e' \
         : r.startsWith('us-isof-') ? 'aws-iso-f' : 'aws')"
    };
}

pub(super) use partition_of_r;

/// What is wrong with an account that has a region of another partition.
pub const REGION_OF_OTHER_PARTITION: &str = "every region must belong to the partition";
/// The same with the names of both, for what evaluates it.
pub const WHICH_REGION: &str = concat!(
    "'regions ' + self.regions.filter(r, ",
    partition_of_r!(),
    " != self.partition).join(', ') + ' do not belong to the partition ' + self.partition",
);

/// An AWS account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "AwsAccount",
    plural = "awsaccounts",
    shortname = "awsacct",
    category = "plumbline",
    status = "AwsAccountStatus",
    derive = "PartialEq",
    doc = "An AWS account that baselines can apply to.",
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Credentials",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"CredentialsValid\")].status"
    ),
    printcolumn(
        name = "Recorder",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"RecorderRunning\")].status"
    ),
    printcolumn(
        name = "Hub",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"SecurityHubEnabled\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.homeRegion) || self.homeRegion in self.regions")
        .message("homeRegion must be one of regions")
        .field_path(".homeRegion"),
    validation = Rule::new(concat!("self.regions.all(r, ", partition_of_r!(), " == self.partition)"))
        .message(REGION_OF_OTHER_PARTITION)
        .field_path(".regions"),
    validation = Rule::new(
        "!has(self.role) || self.role.arn.startsWith('arn:' + self.partition + ':iam::' + self.accountId + ':')",
    ).message("the role must belong to the account and the partition").field_path(".role.arn"),
    validation = Rule::new(concat!(
        "!has(self.source.aggregator) || !has(self.source.aggregator.role) || ",
        "self.source.aggregator.role.arn.startsWith(",
        "'arn:' + self.partition + ':iam::' + self.source.aggregator.account + ':')",
    ))
    .message("the aggregator's role must belong to the aggregator's account and to the partition")
    .field_path(".source.aggregator.role.arn"),
    validation = Rule::new(concat!(
        "!has(self.source.snapshot) || !has(self.source.snapshot.role) || ",
        "self.source.snapshot.role.arn.startsWith('arn:' + self.partition + ':iam::')",
    ))
    .message("the role that reads the bucket must belong to the partition")
    .field_path(".source.snapshot.role.arn"),
    validation = Rule::new(concat!(
        "!has(self.source.configApi) || !has(self.source.configApi.changes) || ",
        "!has(self.source.configApi.changes.role) || ",
        "self.source.configApi.changes.role.arn.startsWith('arn:' + self.partition + ':iam::')",
    ))
    .message("the role that reads the queue must belong to the partition")
    .field_path(".source.configApi.changes.role.arn"),
    validation = Rule::new(concat!(
        "!has(self.source.aggregator) || !has(self.source.aggregator.changes) || ",
        "!has(self.source.aggregator.changes.role) || ",
        "self.source.aggregator.changes.role.arn.startsWith('arn:' + self.partition + ':iam::')",
    ))
    .message("the role that reads the aggregator's queue must belong to the partition")
    .field_path(".source.aggregator.changes.role.arn"),
)]
pub struct AwsAccountSpec {
    /// The account id: twelve digits. Quote it in YAML.
    #[x_kube(validation = Rule::new("self.matches('^[0-9]{12}$')")
        .message("must be an AWS account id: twelve digits, in quotes"))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("an account's id cannot change"))]
    pub account_id: AccountId,
    /// The AWS partition of the account.
    #[serde(default)]
    pub partition: Partition,
    /// The regions of the account that are in use.
    #[schemars(schema_with = "schema::some_regions")]
    pub regions: Vec<Region>,
    /// The region to which global resources, such as those of IAM, belong. Default: the partition's
    /// own if it is in `regions`, else the first of `regions`. The partition's own is us-east-1,
    /// cn-north-1, us-gov-west-1, eusc-de-east-1, us-iso-east-1, us-isob-east-1, eu-isoe-west-1 or
    /// us-isof-south-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_region: Option<Region>,
    /// The IAM role to assume for calls to the account. Default: Plumbline's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleReference>,
    /// Where the configuration items of the account come from.
    pub source: AccountSource,
    /// Maximum rates of AWS operations. Default: a little below the quotas of AWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["operation"]),
    )]
    pub budgets: Vec<OperationBudget>,
    /// The namespaces whose baselines may use the account. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
}

/// Namespaces by name, by label, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedNamespaces {
    /// Names of the namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::object_names")]
    pub names: Vec<String>,
    /// Selects namespaces by label. An empty selector selects all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

impl AwsAccountSpec {
    /// The region that global resources count for.
    pub fn home_region(&self) -> Option<&Region> {
        let usual = self.partition.home_region();
        self.home_region
            .as_ref()
            .or_else(|| self.regions.iter().find(|region| region.as_str() == usual))
            .or_else(|| self.regions.first())
    }
}

/// The observed state of the account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAccountStatus {
    /// The generation of the spec that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted` and `Ready`; `CredentialsValid`, `RecorderRunning` and `SecurityHubEnabled`, over
    /// all regions. Also `ChangesReceived`, where a queue brings changes, `SnapshotsRequested`,
    /// where snapshots are requested, and `Reconciling` or `Stalled`, for tools that wait for objects;
    /// these two are present only while they are true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The state of each region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["region"]),
    )]
    pub regions: Vec<AccountRegionStatus>,
}

/// The state of one region of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountRegionStatus {
    /// The region.
    pub region: Region,
    /// The conditions of the region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}
