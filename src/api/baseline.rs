//! `SecurityBaseline`: which controls hold for which accounts and regions.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Condition, DriftEntry, EvaluationRecord, LabelSelector, Period, ResourceSelector, Summary,
    TargetStatus, schema,
};
use crate::resource::{ControlName, Region, Severity};

/// Which controls, with which parameters, hold for which accounts and regions.
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
    doc = "Which controls hold for which AWS accounts and regions.",
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
    printcolumn(name = "Last", type_ = "date", json_path = ".status.lastEvaluation.finishedAt"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.packs) && self.packs.size() > 0 || has(self.controls) && self.controls.size() > 0",
)
    .message("name at least one pack or control"))]
pub struct SecurityBaselineSpec {
    /// The accounts that it holds for.
    pub accounts: AccountSelection,
    /// The regions that it holds for. Default: each account's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub regions: Vec<Region>,
    /// Sets of controls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub packs: Vec<PackReference>,
    /// Controls added to those of the packs, or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 256),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub controls: Vec<BaselineControl>,
    /// How often everything is evaluated: ten seconds to a day.
    #[serde(default = "default_interval")]
    #[x_kube(validation = Rule::new(
        "duration(self) >= duration('10s') && duration(self) <= duration('24h')",
    ).message("an interval is at least 10s and at most 24h"))]
    pub interval: Period,
    /// Stops evaluating, and leaves everything published as it is.
    #[serde(default)]
    pub suspend: bool,
    /// What is published.
    #[serde(default)]
    pub publish: PublishSettings,
}

/// Accounts by name, by label, or both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.names) && self.names.size() > 0 || has(self.selector)",
)
    .message("name accounts, or give a selector"))]
pub struct AccountSelection {
    /// Names of `AwsAccount`s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::object_names")]
    pub names: Vec<String>,
    /// Labels of `AwsAccount`s. An empty selector takes every account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// A pack by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackReference {
    /// The pack's name: a built-in one or a `Pack`.
    #[schemars(schema_with = "schema::object_name")]
    pub name: String,
}

/// A control as a baseline has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaselineControl {
    /// The control's name.
    pub name: ControlName,
    /// Values for its parameters; each replaces that of a pack.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "schema::parameters")]
    pub parameters: Map<String, Value>,
    /// The severity here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_severity")]
    pub severity: Option<Severity>,
    /// Only these resources.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<ResourceSelector>,
    /// Not these resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<ResourceSelector>,
    /// Leaves the control out, whatever the packs say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// What is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishSettings {
    /// Publish drift as findings of AWS Security Hub.
    #[serde(default = "default_true")]
    pub security_hub: bool,
    /// Publish `PASSED` also for what always was compliant.
    #[serde(default)]
    pub passed: bool,
}

impl Default for PublishSettings {
    fn default() -> Self {
        Self { security_hub: true, passed: false }
    }
}

/// What Plumbline reports of a baseline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecurityBaselineStatus {
    /// The generation of the spec that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`, `Ready`, `Compliant` and `Published`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<EvaluationRecord>,
    /// What it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The targets, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), extend("x-kubernetes-list-type" = "atomic"))]
    pub targets: Vec<TargetStatus>,
    /// The drift by control, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub drift: Vec<DriftEntry>,
    /// How many controls with drift `drift` leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_left_out: Option<u64>,
}

fn default_interval() -> Period {
    Period::minutes(30)
}

fn default_true() -> bool {
    true
}
