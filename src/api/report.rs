//! `BaselineReport`: what one account contributed to a baseline. Only Plumbline writes it.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DriftEntry, EvaluationRecord, PublicationRecord, Summary, TargetStatus, schema};
use crate::resource::AccountId;

/// Which baseline and account a report speaks of.
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
    doc = "What one account contributed to a baseline. Written by Plumbline only.",
    printcolumn(name = "Baseline", type_ = "string", json_path = ".spec.baseline"),
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
    printcolumn(name = "Drift", type_ = "integer", json_path = ".status.summary.nonCompliant"),
    printcolumn(name = "Unknown", type_ = "integer", json_path = ".status.summary.unknown"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self == oldSelf").message("a report's subject does not change"))]
pub struct BaselineReportSpec {
    /// The baseline, in the same namespace.
    #[schemars(schema_with = "schema::object_name")]
    pub baseline: String,
    /// The `AwsAccount`.
    #[schemars(schema_with = "schema::object_name")]
    pub account: String,
    /// Its id.
    pub account_id: AccountId,
}

/// What the account contributed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaselineReportStatus {
    /// The generation of the baseline that was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_generation: Option<i64>,
    /// The last evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<EvaluationRecord>,
    /// How publishing what it found went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<PublicationRecord>,
    /// What it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The account's regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub targets: Vec<TargetStatus>,
    /// The drift by control, worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub drift: Vec<DriftEntry>,
    /// How many controls with drift `drift` leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_left_out: Option<u64>,
}
