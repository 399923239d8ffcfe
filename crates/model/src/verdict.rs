//! What an evaluation can say of one control on one subject.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a drift of a control matters, least first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[schemars(inline)]
pub enum Severity {
    /// Worth knowing; nothing to fix.
    Informational,
    /// Fix when convenient.
    Low,
    /// Fix in the normal course of work.
    Medium,
    /// Fix soon.
    High,
    /// Fix now.
    Critical,
}

impl Severity {
    /// Every severity, least first.
    pub const ALL: [Self; 5] =
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The severity's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Why a verdict could not be reached. Never counts as compliant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnknownReason {
    /// AWS Config does not record the type (a global type: in no region of the account).
    NotRecorded,
    /// The recorder is off or failing.
    RecorderStopped,
    /// The snapshot, delivery or aggregation is older than the account's `maxAge`.
    Stale,
    /// The read of the type did not complete.
    NotDelivered,
    /// AWS refused the read.
    AccessDenied,
    /// AWS throttled the read, after retries.
    Throttled,
    /// The delegated rule does not exist or has not evaluated yet.
    MissingRule,
    /// The expression met a missing field.
    InsufficientData,
    /// The control was refused, and no earlier valid version of it is in force.
    InvalidControl,
    /// The expression failed in any other way.
    EvaluationError,
}

impl UnknownReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::NotRecorded,
        Self::RecorderStopped,
        Self::Stale,
        Self::NotDelivered,
        Self::AccessDenied,
        Self::Throttled,
        Self::MissingRule,
        Self::InsufficientData,
        Self::InvalidControl,
        Self::EvaluationError,
    ];

    /// The reason's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRecorded => "NotRecorded",
            Self::RecorderStopped => "RecorderStopped",
            Self::Stale => "Stale",
            Self::NotDelivered => "NotDelivered",
            Self::AccessDenied => "AccessDenied",
            Self::Throttled => "Throttled",
            Self::MissingRule => "MissingRule",
            Self::InsufficientData => "InsufficientData",
            Self::InvalidControl => "InvalidControl",
            Self::EvaluationError => "EvaluationError",
        }
    }
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The verdict of one control on one resource, region or account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The subject is as the control asks.
    Compliant,
    /// The subject is not as the control asks.
    NonCompliant,
    /// The control does not concern the subject.
    NotApplicable,
    /// Nothing can be said, for the reason given.
    Unknown(UnknownReason),
}

impl Verdict {
    /// The verdict's name, without the reason of an unknown one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "Compliant",
            Self::NonCompliant => "NonCompliant",
            Self::NotApplicable => "NotApplicable",
            Self::Unknown(_) => "Unknown",
        }
    }

    /// The reason of an unknown verdict.
    #[must_use]
    pub const fn reason(self) -> Option<UnknownReason> {
        match self {
            Self::Unknown(reason) => Some(reason),
            Self::Compliant | Self::NonCompliant | Self::NotApplicable => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
