//! What baselines and their reports say of an evaluation.
//!
//! All of it is bounded: the worst of a list is kept and the rest counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::named;
use super::{Time, schema};
use model::{AccountId, ControlName, Region, Severity, UnknownReason};

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
    /// How much of the target was read.
    pub state: TargetState,
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

named! {
    /// How much of a target was read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
    #[schemars(inline)]
    pub enum TargetState {
        /// Everything that the controls check was read.
        Complete,
        /// Something could not be read.
        Incomplete,
        /// The target was not evaluated yet.
        Pending,
        /// Another version of Plumbline reports a state that this version does not know.
        Unknown,
    }
}

named! {
    /// What became of the findings of an evaluation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
    #[schemars(inline)]
    pub enum PublicationState {
        /// Every change was published.
        Published,
        /// Some findings were refused.
        Refused,
        /// Some findings are not published, because too many of the baseline are open in the account.
        Limited,
        /// Publishing failed.
        Failed,
        /// An archival of many findings waits for a confirmation.
        Held,
        /// The baseline publishes no findings.
        Disabled,
        /// Another version of Plumbline reports a state that this version does not know.
        Unknown,
    }
}

/// Reads what another version may have stored: what this one does not know is `Unknown`.
macro_rules! stored {
    ($($state:ident),+) => {
        $(impl<'de> Deserialize<'de> for $state {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Ok(Self::of(&text).unwrap_or(Self::Unknown))
            }
        })+
    };
}

pub(super) use stored;

stored! { TargetState, PublicationState }

/// The result of publishing an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicationRecord {
    /// What became of the findings.
    pub state: PublicationState,
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
    /// Up to five owners of these resources, those of most resources first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    pub owners: Vec<OwnerEntry>,
}

/// The drift of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerEntry {
    /// The owner, shortened where it is long.
    #[schemars(length(max = 128))]
    pub owner: String,
    /// Number of resources with drift that belong to the owner.
    pub resources: u64,
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
    #[schemars(with = "String", length(max = 32))]
    pub reason: StatedReason,
    /// How many verdicts are unknown for this reason.
    pub verdicts: u64,
    /// An example: the ARN of a resource, or its id if it has no ARN. If nothing of a resource type
    /// could be read, the type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub example: String,
    /// What went wrong, and what to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub message: String,
}

/// Why there is no verdict. What another version stored is kept, though this one does not know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatedReason {
    /// One of the reasons that this version knows.
    Known(UnknownReason),
    /// Another.
    Other(String),
}

impl StatedReason {
    /// The reason's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(reason) => reason.as_str(),
            Self::Other(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn a_state_is_stored_as_its_name() {
        for state in TargetState::ALL {
            assert_eq!(to_value(state).unwrap(), state.as_str());
            assert_eq!(from_value::<TargetState>(json!(state.as_str())).unwrap(), *state);
        }
        for state in PublicationState::ALL {
            assert_eq!(to_value(state).unwrap(), state.as_str());
            assert_eq!(from_value::<PublicationState>(json!(state.as_str())).unwrap(), *state);
        }
    }

    #[test]
    fn what_another_version_stored_is_read_as_unknown_or_kept() {
        assert_eq!(from_value::<TargetState>(json!("Partial")).unwrap(), TargetState::Unknown);
        let published: PublicationState = from_value(json!("Queued")).unwrap();
        assert_eq!(published, PublicationState::Unknown);
        let known: StatedReason = from_value(json!("Stale")).unwrap();
        assert_eq!(known, StatedReason::Known(UnknownReason::Stale));
        let other: StatedReason = from_value(json!("Paused")).unwrap();
        assert_eq!((other.as_str(), to_value(&other).unwrap()), ("Paused", json!("Paused")));
    }
}
