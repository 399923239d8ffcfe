//! `AwsAccount`: an AWS account, where its configuration items come from, and who may use it.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountSource, Condition, LabelSelector, OperationBudget, RoleReference, schema};
use crate::resource::{AccountId, Partition, Region};

/// The partition of the region `r`, as [`Partition::of_region`] tells it; a test compares them.
macro_rules! partition_of_r {
    () => {
        "(r.startsWith('cn-') ? 'aws-cn' : r.startsWith('us-gov-') ? 'aws-us-gov' \
         : r.startsWith('eusc-') ? 'aws-eusc' : r.startsWith('us-iso-') ? 'aws-iso' \
         : r.startsWith('us-isob-') ? 'aws-iso-b' : r.startsWith('eu-isoe-') ? 'aws-iso-e' \
         : r.startsWith('us-isof-') ? 'aws-iso-f' : 'aws')"
    };
}

/// What is wrong with an account that has a region of another partition.
pub(super) const REGION_OF_OTHER_PARTITION: &str = "every region must belong to the partition";
/// The same with the names of both, for what evaluates it.
pub(super) const WHICH_REGION: &str = concat!(
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
    doc = "An AWS account that baselines may hold for.",
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
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
        .message("homeRegion must be one of regions"),
    validation = Rule::new(concat!("self.regions.all(r, ", partition_of_r!(), " == self.partition)"))
        .message(REGION_OF_OTHER_PARTITION),
    validation = Rule::new(
        "!has(self.role) || self.role.arn.startsWith('arn:' + self.partition + ':iam::' + self.accountId + ':')",
    ).message("the role must be one of this account and partition"),
)]
pub struct AwsAccountSpec {
    /// The account's twelve digits. Quote them in YAML.
    #[x_kube(validation = Rule::new("self == oldSelf").message("an account's id does not change"))]
    pub account_id: AccountId,
    /// The partition that it belongs to.
    #[serde(default)]
    pub partition: Partition,
    /// The regions in use.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub regions: Vec<Region>,
    /// The region that global resources (those of IAM and the like) count for. Default: that of the
    /// partition if it is among `regions`, else the first of them. It is us-east-1, cn-north-1,
    /// us-gov-west-1, eusc-de-east-1, us-iso-east-1, us-isob-east-1, eu-isoe-west-1 or
    /// us-isof-south-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_region: Option<Region>,
    /// The role through which the account is reached. Default: the process's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleReference>,
    /// Where the account's configuration items come from.
    pub source: AccountSource,
    /// How often operations may be called, where that is to differ from Plumbline's own rates,
    /// which are a little below what AWS grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["operation"]),
    )]
    pub budgets: Vec<OperationBudget>,
    /// The namespaces whose baselines may hold for it. None unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
}

/// Namespaces by name, by label, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedNamespaces {
    /// Names of namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::object_names")]
    pub names: Vec<String>,
    /// Labels of namespaces. An empty selector takes every namespace.
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

/// What Plumbline reports of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAccountStatus {
    /// The generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `CredentialsValid`, `RecorderRunning` and `SecurityHubEnabled`, over all regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Each region's own state.
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
    /// The region's own conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}
