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
    /// When it began.
    #[schemars(schema_with = "schema::time")]
    pub started_at: Time,
    /// When it ended.
    #[schemars(schema_with = "schema::time")]
    pub finished_at: Time,
    /// Configuration items read.
    pub items: u64,
    /// Controls times items evaluated.
    pub evaluations: u64,
}

/// Verdicts by kind, and the drift among them by severity and domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Verdicts `Compliant`.
    pub compliant: u64,
    /// Verdicts `NonCompliant` that no exemption covers: drift.
    pub non_compliant: u64,
    /// Verdicts `NotApplicable`.
    pub not_applicable: u64,
    /// Verdicts `NonCompliant` that an exemption covers.
    pub exempt: u64,
    /// Verdicts `Unknown`.
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
    /// Drifts of its controls.
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
    /// What is missing of a target that is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message: Option<String>,
    /// When it was last evaluated completely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_time")]
    pub last_success: Option<Time>,
    /// Verdicts `Compliant`.
    pub compliant: u64,
    /// Drift.
    pub non_compliant: u64,
    /// Verdicts `Unknown`.
    pub unknown: u64,
}

/// How publishing what an evaluation found went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationRecord {
    /// `Published`, `Refused`, `Failed` or `Disabled`.
    #[schemars(length(max = 32))]
    pub state: String,
    /// What was not published, and what to do about it.
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
    /// Its severity in the baseline.
    pub severity: Severity,
    /// How many resources drift.
    pub resources: u64,
    /// Some of them: ARNs, or ids where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), inner(length(max = 1024)))]
    pub examples: Vec<String>,
    /// Since when the oldest of them drifts.
    #[schemars(schema_with = "schema::time")]
    pub since: Time,
}
