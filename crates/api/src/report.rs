//! `BaselineReport`: what one account contributed to a baseline. Only Plumbline writes it.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DriftEntry, EvaluationRecord, PublicationRecord, Summary, TargetStatus, UnknownEntry, schema,
};
use model::AccountId;

/// The baseline and account of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "BaselineReport",
    plural = "baselinereports",
    shortname = "plreport",
    category = "plumbline",
    namespaced,
    status = "BaselineReportStatus",
    derive = "PartialEq",
    doc = "The results of one account for a baseline. Only Plumbline writes it.",
    printcolumn(name = "Baseline", type_ = "string", json_path = ".spec.baseline"),
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".status.owner"),
    printcolumn(name = "Drift", type_ = "integer", json_path = ".status.summary.nonCompliant"),
    printcolumn(name = "Unknown", type_ = "integer", json_path = ".status.summary.unknown"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self == oldSelf").message("a report's subject cannot change"))]
pub struct BaselineReportSpec {
    /// Name of the baseline, in the same namespace.
    #[schemars(schema_with = "schema::object_name")]
    pub baseline: String,
    /// Name of the `AwsAccount`.
    #[schemars(schema_with = "schema::object_name")]
    pub account: String,
    /// The account id.
    pub account_id: AccountId,
}

/// The results of the account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaselineReportStatus {
    /// The generation of the baseline that was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_generation: Option<i64>,
    /// The owner of the account's drift, except for resources whose tags name another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub owner: Option<String>,
    /// The last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<EvaluationRecord>,
    /// Whether the findings were published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<PublicationRecord>,
    /// Verdicts of the last evaluation, counted by kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The regions of the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
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
