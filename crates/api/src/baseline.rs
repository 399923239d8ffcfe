//! `SecurityBaseline`: which controls apply to which accounts and regions.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Condition, DriftEntry, EvaluationRecord, LabelSelector, Period, ResourceSelector, Summary,
    TargetStatus, UnknownEntry, schema,
};
use model::{ControlName, Region, Severity};

/// The controls and their parameters, and the accounts and regions that they apply to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "SecurityBaseline",
    plural = "securitybaselines",
    shortname = "baseline",
    shortname = "baselines",
    category = "plumbline",
    namespaced,
    status = "SecurityBaselineStatus",
    derive = "PartialEq",
    doc = "The controls that AWS accounts and regions must satisfy.",
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(
        name = "Compliant",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Compliant\")].status"
    ),
    printcolumn(name = "Drift", type_ = "integer", json_path = ".status.summary.nonCompliant"),
    printcolumn(
        name = "Critical",
        type_ = "integer",
        json_path = ".status.summary.bySeverity.critical"
    ),
    printcolumn(name = "Unknown", type_ = "integer", json_path = ".status.summary.unknown"),
    printcolumn(
        name = "Published",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Published\")].status",
        priority = 1
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "has(self.packs) && self.packs.size() > 0 || has(self.controls) && self.controls.size() > 0",
    ).message("name at least one pack or control"),
    // How many characters they have, an admission policy bounds: here the rule would cost too much.
    validation = Rule::new(schema::of_selectors(schema::ENTRIES, 512))
        .message("match and exclude must have at most 512 entries in total")
        .field_path(".controls"),
)]
pub struct SecurityBaselineSpec {
    /// The accounts that the baseline applies to.
    pub accounts: AccountSelection,
    /// The regions that the baseline applies to. Default: all regions of each account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::some_regions")]
    pub regions: Vec<Region>,
    /// Packs: named sets of controls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub packs: Vec<PackReference>,
    /// Controls to add to those of the packs, or to change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub controls: Vec<BaselineControl>,
    /// How often all accounts are evaluated even if nothing changes, from 10s to 24h.
    #[serde(default = "default_interval")]
    #[x_kube(validation = Rule::new(
        "duration(self) >= duration('10s') && duration(self) <= duration('24h')",
    ).message("an interval must be at least 10s and at most 24h"))]
    pub interval: Period,
    /// Stops evaluation. Published findings stay as they are.
    #[serde(default)]
    pub suspend: bool,
    /// Which results are published.
    #[serde(default)]
    pub publish: PublishSettings,
    /// Where the owner of drift is found: in tags of the resource, else in labels of the account.
    /// Where neither names one, the owner is the baseline's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerSources>,
}

/// Accounts by name, by label, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.names) && self.names.size() > 0 || has(self.selector)",
)
    .message("name accounts, or give a selector"))]
pub struct AccountSelection {
    /// Names of `AwsAccount` objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::object_names")]
    pub names: Vec<String>,
    /// Selects `AwsAccount` objects by label. An empty selector selects all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// A pack by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackReference {
    /// Name of a built-in pack or of a `Pack` object.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
}

/// A control, and how the baseline uses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaselineControl {
    /// Name of a built-in control or of a `Control` object.
    pub name: ControlName,
    /// Values of the control's parameters. They override the values that packs set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "schema::parameters")]
    pub parameters: Map<String, Value>,
    /// Severity of the control's drift in this baseline. Default: the pack's, else the control's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_severity")]
    pub severity: Option<Severity>,
    /// Evaluates only the resources that match.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<ResourceSelector>,
    /// Does not evaluate the resources that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<ResourceSelector>,
    /// Disables the control, even if a pack contains it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// Which results are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishSettings {
    /// Publish drift as findings in AWS Security Hub.
    #[serde(default = "default_true")]
    pub security_hub: bool,
    /// Also publish `PASSED` findings for resources that have been compliant from the start.
    #[serde(default)]
    pub passed: bool,
}

impl Default for PublishSettings {
    fn default() -> Self {
        Self { security_hub: true, passed: false }
    }
}

/// Where the owner of drift is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerSources {
    /// Keys of tags of the resource, such as `team`. The first one with a value names the owner.
    /// Default: the operator's `--owner-tag-key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::tag_keys")]
    pub tag_keys: Option<Vec<String>>,
    /// Labels of the `AwsAccount`, such as `team`, for resources without such a tag. The first one
    /// with a value names the owner. Default: the operator's `--owner-account-label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_names")]
    pub account_labels: Option<Vec<String>>,
}

/// The observed state of the baseline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityBaselineStatus {
    /// The generation of the spec that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `Ready`, `Compliant` and `Published`. Also `Reconciling` or `Stalled`, for tools
    /// that wait for objects; they are present only while they are true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<EvaluationRecord>,
    /// Verdicts of the last evaluation, counted by kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The accounts and regions, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub targets: Vec<TargetStatus>,
    /// The drift by control, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub drift: Vec<DriftEntry>,
    /// Number of controls with drift that `drift` does not list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_left_out: Option<u64>,
    /// The unknown verdicts by control and reason, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub unknown: Vec<UnknownEntry>,
    /// How many controls and reasons `unknown` leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_left_out: Option<u64>,
}

fn default_interval() -> Period {
    Period::minutes(30)
}

fn default_true() -> bool {
    true
}
