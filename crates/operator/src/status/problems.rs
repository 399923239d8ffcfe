//! What is wrong with an object, as a condition names it.

use api::ConditionReason;
use engine::ProblemKind;

/// Whether another object may put a problem right.
pub(super) const fn may_come(kind: &ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::UnknownControl { .. }
            | ProblemKind::InvalidControl { .. }
            | ProblemKind::UnknownPack { .. }
            | ProblemKind::InvalidPack { .. }
            | ProblemKind::UnknownAccount { .. }
            | ProblemKind::NamespaceNotAllowed { .. }
            | ProblemKind::UnreadAccounts { .. }
            | ProblemKind::NoAccountSelected
            | ProblemKind::SameAccount { .. }
            | ProblemKind::NoRegion { .. }
            | ProblemKind::RegionNotAllowed { .. }
            | ProblemKind::NameTaken { .. }
    )
}

/// The reason to tell of a problem.
pub(super) const fn reason(kind: &ProblemKind) -> ConditionReason {
    match kind {
        ProblemKind::UnknownControl { .. } => ConditionReason::UnknownControl,
        ProblemKind::InvalidControl { .. } => ConditionReason::InvalidControl,
        ProblemKind::UnknownPack { .. } => ConditionReason::UnknownPack,
        ProblemKind::InvalidPack { .. } => ConditionReason::InvalidPack,
        // One reason for both, as there is one message.
        ProblemKind::UnknownAccount { .. } | ProblemKind::NamespaceNotAllowed { .. } => {
            ConditionReason::UnknownAccount
        }
        ProblemKind::UnreadAccounts { .. } => ConditionReason::UnreadAccounts,
        ProblemKind::InvalidSelector { .. } => ConditionReason::InvalidSelector,
        ProblemKind::NoAccountSelected => ConditionReason::NoAccountSelected,
        ProblemKind::SameAccount { .. } => ConditionReason::SameAccount,
        ProblemKind::NoRegion { .. } => ConditionReason::NoRegion,
        ProblemKind::RegionNotAllowed { .. } => ConditionReason::RegionNotAllowed,
        ProblemKind::InvalidParameter { .. } => ConditionReason::InvalidParameter,
        ProblemKind::EmptyMatch
        | ProblemKind::EmptyList { .. }
        | ProblemKind::TypeNotJudged { .. } => ConditionReason::InvalidMatch,
        ProblemKind::NameTaken { .. } => ConditionReason::NameTaken,
        _ => ConditionReason::Invalid,
    }
}
