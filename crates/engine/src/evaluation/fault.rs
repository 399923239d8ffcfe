//! Why a control gave no verdict.

use super::check::PreparedCheck;
use super::keep::Broken;
use super::rules;
use cel::Failure;
use model::{ConfigurationItem, InternalError, InternalPlace, ItemStatus, UnknownReason};

/// Why a control gave no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A program failed.
    Failure(Failure),
    /// A program gave something of another type than it should.
    Gave { what: &'static str, found: &'static str },
    /// Something that it reads was not read.
    Unread { reason: UnknownReason, message: String },
    /// Plumbline itself failed.
    Internal(InternalError),
    /// The namespace's controls have used up what they may compute in a round.
    BudgetSpent,
}

impl Fault {
    /// Why nothing can be said of a resource whose item says nothing of it.
    pub(super) fn of_status(
        check: &PreparedCheck<'_>,
        item: &ConfigurationItem<'_>,
    ) -> Option<Self> {
        let (reason, why) = match item.status {
            ItemStatus::NotRecorded | ItemStatus::DeletedNotRecorded => {
                (UnknownReason::NotRecorded, "is not recorded")
            }
            ItemStatus::Unreadable => (
                UnknownReason::NotDelivered,
                "cannot be evaluated: its newest item could not be \
                    read",
            ),
            ItemStatus::Ok
            | ItemStatus::Discovered
            | ItemStatus::Deleted
            | ItemStatus::Doubtful => return None,
        };
        let (resource_type, id) = rules::judged(check, item);
        let message = format!("{resource_type} {id} {why}");
        Some(Self::Unread { reason, message })
    }

    /// Why the verdict is unknown. Checking has refused every type that is wrong whatever the data,
    /// so that a wrong type met in a run is the data's.
    pub(super) const fn reason(&self) -> UnknownReason {
        match self {
            Self::Failure(
                Failure::MissingField(_) | Failure::Unexpected(_) | Failure::WrongType(_),
            ) => UnknownReason::InsufficientData,
            Self::Failure(_) | Self::Gave { .. } | Self::Internal(_) | Self::BudgetSpent => {
                UnknownReason::EvaluationError
            }
            Self::Unread { reason, .. } => *reason,
        }
    }

    /// The failure of our own that it is, if it is one.
    pub(super) const fn internal(&self) -> Option<InternalError> {
        match self {
            Self::Internal(error) => Some(*error),
            Self::Failure(Failure::Internal(what)) => {
                Some(InternalError::new(InternalPlace::Expression, what))
            }
            Self::Failure(_) | Self::Gave { .. } | Self::Unread { .. } | Self::BudgetSpent => None,
        }
    }

    pub(super) fn describe(&self, control: &str) -> String {
        match self {
            Self::Failure(failure) => {
                format!("control {control} could not be evaluated: {failure}")
            }
            Self::Gave { what, found } => {
                format!(
                    "control {control} could not be evaluated: `{what}` gave a value of type {found}"
                )
            }
            Self::Unread { message, .. } => message.clone(),
            Self::Internal(error) => format!("control {control}: {error}"),
            Self::BudgetSpent => format!(
                "control {control} was not evaluated: the expressions of this namespace's baselines \
                 took longer than one evaluation allows; look for Control objects whose expressions \
                 run out of fuel, and simplify them"
            ),
        }
    }
}

impl From<InternalError> for Fault {
    fn from(error: InternalError) -> Self {
        Self::Internal(error)
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Internal(broken.into())
    }
}
