//! Conditions, and the status of kinds that have only conditions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::named;
use super::{Condition, schema};

/// The generation that a status describes which nobody has written yet: the definitions give it to
/// every new object.
pub const UNOBSERVED: i64 = -1;

/// Whether Plumbline accepts the object, and as of which generation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStatus {
    /// The generation of the spec that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`: whether the object is valid and in use; if not, the mistake and its position.
    /// Also `Reconciling` or `Stalled`, for tools that wait for objects; they are present only
    /// while they are true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}

named! {
    /// What a condition is about, in the order in which metrics name them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ConditionType {
        /// Whether the object is valid and in use.
        Accepted,
        /// Whether the queue that brings changes is read; there only where there is one.
        ChangesReceived,
        /// Whether nothing drifts.
        Compliant,
        /// Whether the credentials belong to the account.
        CredentialsValid,
        /// There only while evaluating fails.
        Evaluated,
        /// There only while findings of what is gone may be open.
        FindingsArchived,
        /// Whether the published findings match the status.
        Published,
        /// Whether all that the spec asks for was evaluated and read.
        Ready,
        /// There only while what is missing comes by itself.
        Reconciling,
        /// Whether the configuration recorder is on.
        RecorderRunning,
        /// Whether Security Hub takes findings.
        SecurityHubEnabled,
        /// Whether AWS Config takes requests for snapshots; there only where they are declared.
        SnapshotsRequested,
        /// There only while another operator works on the account, too.
        SoleOperator,
        /// There only while another Plumbline of the installation has findings in the account.
        SolePublisher,
        /// There only while nothing changes until somebody changes an object.
        Stalled,
    }
}

named! {
    /// Whether a condition holds, as Kubernetes' own conditions have it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ConditionStatus {
        /// It does.
        True,
        /// It does not.
        False,
        /// Nobody can say.
        Unknown,
    }
}

named! {
    /// Why a condition holds, or does not.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[allow(missing_docs)] // the message beside it says it
    pub enum ConditionReason {
        Accepted,
        ApprovedInFuture,
        ArchivalHeld,
        Archiving,
        Compliant,
        CredentialsRefused,
        Disabled,
        Drift,
        Enabled,
        Evaluated,
        Expired,
        Failed,
        Incomplete,
        Invalid,
        InvalidControl,
        InvalidMatch,
        InvalidPack,
        InvalidParameter,
        InvalidSelector,
        LeftOpen,
        NameTaken,
        NoAccountSelected,
        NoControls,
        NoRegion,
        NoTargets,
        NotAccepted,
        NotAsked,
        NotDelivered,
        NotEnabled,
        NotNeeded,
        NotReported,
        OtherOperator,
        OtherPublisher,
        Overdue,
        Pending,
        PublishFailed,
        Published,
        QueueMissing,
        Receiving,
        RecorderMissing,
        RecorderStopped,
        Recording,
        Refused,
        RegionNotAllowed,
        RemovalHeld,
        Requested,
        SameAccount,
        Stale,
        Suspended,
        Synchronized,
        TooManyFindings,
        Unknown,
        UnknownAccount,
        UnknownControl,
        UnknownPack,
        Unreachable,
        Unread,
        UnreadAccounts,
        UnreadMessages,
        Verified,
    }
}

impl ConditionType {
    /// The condition of this type, where it is among these.
    pub fn among(self, conditions: &[Condition]) -> Option<&Condition> {
        conditions.iter().find(|condition| condition.type_ == self.as_str())
    }
}

impl ConditionStatus {
    /// The status of a condition; one that Kubernetes does not know says nothing.
    #[must_use]
    pub fn of_condition(condition: &Condition) -> Self {
        Self::of(&condition.status).unwrap_or(Self::Unknown)
    }
}

impl ConditionReason {
    /// The reason of a condition, where this version knows it.
    #[must_use]
    pub fn of_condition(condition: &Condition) -> Option<Self> {
        Self::of(&condition.reason)
    }
}
