//! `AwsOrganization`: which accounts of an AWS Organization become [`AwsAccount`](super::AwsAccount)s.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::{AllowedNamespaces, partition_of_r};
use super::named::named;
use super::status::stored;
use super::{AccountSource, Condition, OperationBudget, Period, RoleReference, Time, schema};
use model::{AccountId, Partition, Region};

/// How many accounts are removed at once without a confirmation, unless an organization says otherwise.
const REMOVAL_LIMIT: u32 = 5;
/// The name of an account's object, unless an organization says otherwise.
const NAME: &str = "{accountName}-{accountId}";

/// An AWS Organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "AwsOrganization",
    plural = "awsorganizations",
    shortname = "awsorg",
    category = "plumbline",
    status = "AwsOrganizationStatus",
    derive = "PartialEq",
    doc = "An AWS Organization whose accounts become `AwsAccount` objects.",
    printcolumn(name = "Organization", type_ = "string", json_path = ".spec.organizationId"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason"
    ),
    printcolumn(name = "Accounts", type_ = "integer", json_path = ".status.accounts.declared"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "!has(self.role) || self.role.arn.startsWith('arn:' + self.partition + ':iam::' + self.accountId + ':')",
    ).message("the role must belong to the account and the partition").field_path(".role.arn"),
    validation = Rule::new(concat!(
        "!has(self.template.regions.names) || self.template.regions.names.all(r, ",
        partition_of_r!(),
        " == self.partition)",
    )).message("every region of the template must belong to the partition").field_path(".template.regions.names"),
)]
pub struct AwsOrganizationSpec {
    /// The id of the organization, such as `o-exampleorgid`. Accounts of another organization are
    /// never taken over, whatever the role reads.
    #[schemars(schema_with = "schema::organization_id")]
    #[x_kube(validation = Rule::new("self == oldSelf").message("an organization's id cannot change"))]
    pub organization_id: String,
    /// The AWS partition of the organization.
    #[serde(default)]
    pub partition: Partition,
    /// The id of the account that reads the organization: its management account, or a delegated
    /// administrator. Quote it in YAML.
    #[x_kube(validation = Rule::new("self.matches('^[0-9]{12}$')")
        .message("must be an AWS account id: twelve digits, in quotes"))]
    pub account_id: AccountId,
    /// The IAM role to assume in that account. Default: Plumbline's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleReference>,
    /// Which accounts of the organization are selected. Default: all that are active.
    #[serde(default)]
    pub accounts: MemberSelector,
    /// How often the list of accounts is read: one call for every 20 accounts.
    #[serde(default = "default_interval")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m')")
        .message("the interval must be at least 1m"))]
    pub interval: Period,
    /// How often the tags and enabled regions of accounts and the names of organizational units are read
    /// again, where the selector or the template needs them. Each account's tags and regions take a
    /// call of their own.
    #[serde(default = "default_details_interval")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('5m')")
        .message("the interval must be at least 5m"))]
    pub details_interval: Period,
    /// The maximum number of accounts removed at once. If more accounts leave, none is removed until
    /// somebody sets the annotation `plumbline.dev/confirm-removal` on this object.
    #[serde(default = "default_removal_limit")]
    #[schemars(range(min = 0, max = 10000))]
    pub removal_limit: u32,
    /// What the `AwsAccount` of each selected account says.
    pub template: AccountTemplate,
}

/// Selects accounts of an organization that match every field given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberSelector {
    /// Organizational units whose accounts are selected, those of units below them included: ids, such
    /// as `ou-exam-a1b2c3d4`, or paths of names from the root, such as `/Workloads/Production`. Paths
    /// take further calls, to read names. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::organizational_units")]
    pub organizational_units: Vec<String>,
    /// Organizational units whose accounts are not selected, nor those of units below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::organizational_units")]
    pub exclude_organizational_units: Vec<String>,
    /// Ids of accounts that are not selected, such as the management account's. Quote them in YAML.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), extend("x-kubernetes-list-type" = "set"))]
    pub exclude_accounts: Vec<AccountId>,
    /// Tags that the account must have, all of them. The value `*` stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::tags")]
    pub tags: BTreeMap<String, String>,
    /// States in which accounts are selected.
    #[serde(default = "default_states")]
    #[schemars(length(min = 1, max = 5), extend("x-kubernetes-list-type" = "set"))]
    pub states: Vec<MemberState>,
}

named! {
    /// The state of an account, as AWS Organizations reports it.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
    )]
    pub enum MemberState {
        /// The account is in use.
        Active,
        /// The account was closed for good.
        Closed,
        /// The sign-up was not completed.
        PendingActivation,
        /// The account is being closed.
        PendingClosure,
        /// AWS suspended the account, or it was closed less than 90 days ago.
        Suspended,
    }
}

/// The `AwsAccount` of a member account. In `name` and `labels`, `{accountId}`, `{accountName}`, `{ou}`
/// (the name of the account's organizational unit), `{ouPath}` (the names from the root, with dots
/// between them) and `{tag:KEY}` stand for what the account has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "!has(self.homeRegion) || !has(self.regions.names) || self.homeRegion in self.regions.names",
).message("homeRegion must be one of regions.names").field_path(".homeRegion"))]
pub struct AccountTemplate {
    /// The name of the object. Characters that names do not allow become hyphens. An object keeps its
    /// name when its account is renamed or moved. If several accounts get the same name, their ids are
    /// appended.
    #[serde(default = "default_name")]
    #[schemars(schema_with = "schema::name_pattern")]
    pub name: String,
    /// Labels of the object. Characters that labels do not allow become hyphens; a label without a value
    /// is left out. Labels follow the account when it is moved, renamed or tagged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::label_patterns")]
    #[x_kube(validation = Rule::new("self.all(key, !key.startsWith('plumbline.dev/'))")
        .message("labels must not begin with plumbline.dev/, which Plumbline sets itself"))]
    pub labels: BTreeMap<String, String>,
    /// The IAM role to assume in each account.
    pub role: MemberRole,
    /// The regions of each account that are in use.
    pub regions: MemberRegions,
    /// The region to which global resources belong, in accounts that use it. Default: as of an
    /// `AwsAccount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_region: Option<Region>,
    /// Where the configuration items of the accounts come from.
    pub source: AccountSource,
    /// Maximum rates of AWS operations in each account. Default: a little below the quotas of AWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["operation"]),
    )]
    pub budgets: Vec<OperationBudget>,
    /// The namespaces whose baselines may use the accounts. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
}

/// The role of each account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberRole {
    /// The role's name, after its path if it has one: `plumbline`, `security/plumbline`.
    #[schemars(schema_with = "schema::role_name")]
    pub name: String,
    /// The external id that the role's trust policy requires (`sts:ExternalId`), the same in each
    /// account. AWS does not treat it as a secret: everyone who may read this object can see it.
    /// Plumbline does not log or print it.
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

/// The regions of each account: those that are named, those that the account has enabled, or what both
/// have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.names) || (has(self.enabledOnly) && self.enabledOnly)",
)
    .message("give names, enabledOnly: true, or both"))]
pub struct MemberRegions {
    /// Regions by name. Default: all that the account has enabled, with `enabledOnly`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::some_regions")]
    pub names: Vec<Region>,
    /// Whether only regions count that the account has enabled. This takes a call in each account
    /// (`account:ListRegions`), through its role.
    #[serde(default)]
    pub enabled_only: bool,
}

/// The observed state of an organization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsOrganizationStatus {
    /// The generation of the spec that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, and `Ready`: whether the organization was read, and every selected account has its
    /// `AwsAccount`. Also `Reconciling` or `Stalled`, for tools that wait for objects; they are
    /// present only while they are true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// When the organization was last read completely. Moves with another change, or hourly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_time")]
    pub last_read: Option<Time>,
    /// How many accounts there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<MemberCounts>,
    /// Accounts whose objects are not as the spec asks for, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub exceptions: Vec<MemberException>,
    /// How many such accounts are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omitted_exceptions: Option<u64>,
}

/// Numbers of accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberCounts {
    /// Accounts of the organization.
    pub listed: u64,
    /// Accounts that are selected.
    pub selected: u64,
    /// `AwsAccount` objects of the organization.
    pub declared: u64,
}

/// An account whose object is not as the spec asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberException {
    /// The account.
    pub account_id: AccountId,
    /// The `AwsAccount` that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub object: Option<String>,
    /// Why.
    pub reason: ExceptionReason,
    /// What is wrong, and what to do about it.
    #[schemars(length(max = 512))]
    pub message: String,
}

named! {
    /// Why an account's object is not as the spec asks for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
    #[schemars(inline)]
    pub enum ExceptionReason {
        /// The account has an `AwsAccount` that is not of the organization.
        AlreadyDeclared,
        /// Its object's name is that of an `AwsAccount` that is not of the organization.
        NameTaken,
        /// The API server refused its object.
        Refused,
        /// It left, and its removal waits for a confirmation.
        RemovalHeld,
        /// It left, and its object goes once its findings are archived.
        Removing,
        /// What its object would say cannot be determined.
        Unknown,
    }
}

stored! { ExceptionReason }

impl AwsOrganizationSpec {
    /// The role of an account.
    #[must_use]
    pub fn member_role(&self, account: &AccountId) -> RoleReference {
        let role = &self.template.role;
        RoleReference {
            arn: format!("arn:{}:iam::{account}:role/{}", self.partition, role.name),
            external_id: role.external_id.clone(),
            session_name: role.session_name.clone(),
            session_tags: role.session_tags.clone(),
        }
    }
}

impl Default for MemberSelector {
    fn default() -> Self {
        Self {
            organizational_units: Vec::new(),
            exclude_organizational_units: Vec::new(),
            exclude_accounts: Vec::new(),
            tags: BTreeMap::new(),
            states: default_states(),
        }
    }
}

impl std::fmt::Debug for MemberRole {
    /// Without the external id.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MemberRole").field("name", &self.name).finish_non_exhaustive()
    }
}

fn default_states() -> Vec<MemberState> {
    vec![MemberState::Active]
}

fn default_name() -> String {
    NAME.to_owned()
}

const fn default_interval() -> Period {
    Period::minutes(15)
}

const fn default_details_interval() -> Period {
    Period::hours(24)
}

const fn default_removal_limit() -> u32 {
    REMOVAL_LIMIT
}
