//! What baselines and their reports say of an evaluation.
//!
//! All of it is bounded: the worst of a list is kept and the rest counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Time, schema};
use crate::resource::{AccountId, ControlName, Region, Severity};

/// The last evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationRecord {
    /// When the evaluation started.
    #[schemars(schema_with = "schema::time")]
    pub started_at: Time,
    /// When the evaluation finished.
    #[schemars(schema_with = "schema::time")]
    pub finished_at: Time,
    /// Number of configuration items read.
    pub items: u64,
    /// Number of verdicts.
    pub evaluations: u64,
}

/// Verdicts by kind, and the drift among them by severity and domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Number of verdicts `Compliant`.
    pub compliant: u64,
    /// Number of verdicts `NonCompliant` that no exemption covers: drift.
    pub non_compliant: u64,
    /// Number of verdicts `NotApplicable`.
    pub not_applicable: u64,
    /// Number of verdicts `NonCompliant` that an exemption covers.
    pub exempt: u64,
    /// Number of verdicts `Unknown`.
    pub unknown: u64,
    /// Drift by severity.
    pub by_severity: SeveritySummary,
    /// Drift by domain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["domain"]),
    )]
    pub by_domain: Vec<DomainSummary>,
}

/// Drift by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeveritySummary {
    /// Drift of severity `Critical`.
    pub critical: u64,
    /// Drift of severity `High`.
    pub high: u64,
    /// Drift of severity `Medium`.
    pub medium: u64,
    /// Drift of severity `Low`.
    pub low: u64,
    /// Drift of severity `Informational`.
    pub informational: u64,
}

/// Drift of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainSummary {
    /// The domain.
    pub domain: super::Domain,
    /// Drift of the controls of the domain.
    pub non_compliant: u64,
}

/// One account in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetStatus {
    /// The AWS account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// `Complete`, `Incomplete` or `Pending`.
    #[schemars(length(max = 32))]
    pub state: String,
    /// Why the target is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
    /// When everything of the target was last evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_time")]
    pub last_success: Option<Time>,
    /// Number of verdicts `Compliant`.
    pub compliant: u64,
    /// Number of verdicts `NonCompliant` that no exemption covers: drift.
    pub non_compliant: u64,
    /// Number of verdicts `Unknown`.
    pub unknown: u64,
}

/// How publishing what an evaluation found went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationRecord {
    /// `Published`, `Refused`, `Failed` or `Disabled`.
    #[schemars(length(max = 32))]
    pub state: String,
    /// What was not published, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
}

/// The drift of one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftEntry {
    /// The control.
    pub control: ControlName,
    /// Severity of the control in the baseline.
    pub severity: Severity,
    /// Number of resources with drift.
    pub resources: u64,
    /// Some of these resources: ARNs, or ids of resources without an ARN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), inner(length(max = 1024)))]
    pub examples: Vec<String>,
    /// What is wrong with the first of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub remediation: String,
    /// Since when the resource that drifts longest has drifted.
    #[schemars(schema_with = "schema::time")]
    pub since: Time,
}

/// The unknown verdicts of one control for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnknownEntry {
    /// The control.
    pub control: ControlName,
    /// Its severity in the baseline.
    pub severity: Severity,
    /// Why there is no verdict: `NotRecorded`, `RecorderStopped`, `Stale`, `NotDelivered`,
    /// `AccessDenied`, `Throttled`, `MissingRule`, `InsufficientData`, `InvalidControl` or
    /// `EvaluationError`.
    #[schemars(length(max = 32))]
    pub reason: String,
    /// How many verdicts are unknown for this reason.
    pub verdicts: u64,
    /// One resource that it concerns: an ARN, or an id where there is none. The resource type where
    /// nothing of the type could be read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub example: String,
    /// What went wrong, and what to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub message: String,
}
