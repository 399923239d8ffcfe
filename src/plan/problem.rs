//! What may be wrong with desired state, and what to do about it.

use std::fmt;

use thiserror::Error;

use crate::api::{FieldPath, ObjectKey};
use crate::catalog::ParameterFault;
use crate::plan::InvalidMatch;

/// Something wrong with one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The object to change.
    pub object: ObjectKey,
    /// The field to change.
    pub path: FieldPath,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
#[allow(missing_docs)] // the messages say it
pub enum ProblemKind {
    #[error("there is no control `{name}`")]
    UnknownControl { name: String, suggestion: Option<String> },
    #[error("control `{name}` is invalid: {message}{}", kept(*.in_force))]
    InvalidControl { name: String, message: String, in_force: bool },
    #[error("there is no pack `{name}`")]
    UnknownPack { name: String, suggestion: Option<String> },
    #[error("pack `{name}` is invalid: {message}{}", kept(*.in_force))]
    InvalidPack { name: String, message: String, in_force: bool },
    #[error("AwsAccount `{name}` does not exist or does not allow the namespace `{namespace}`")]
    UnknownAccount { name: String, namespace: String, suggestion: Option<String> },
    // The same words: who may not use an account does not learn that it exists.
    #[error("AwsAccount `{name}` does not exist or does not allow the namespace `{namespace}`")]
    NamespaceNotAllowed { name: String, namespace: String, suggestion: Option<String> },
    #[error("no AwsAccount has these labels")]
    NoAccountSelected,
    #[error("{count} of the AwsAccounts that the selector may match cannot be read")]
    UnreadAccounts { count: usize },
    #[error("the selector cannot be compiled: {message}")]
    InvalidSelector { message: String },
    #[error(
        "AwsAccount `{name}` is not used: another AwsAccount is the same AWS account {id} and \
         takes precedence"
    )]
    SameAccount { name: String, id: String },
    #[error("none of the regions belongs to the partition of AwsAccount `{account}`")]
    NoRegion { account: String },
    #[error("control `{control}`: {fault}")]
    InvalidParameter { control: String, fault: ParameterFault },
    #[error("name at least one of types, ids, arns, names, tags")]
    EmptyMatch,
    #[error("the selector cannot be compiled: {message}")]
    InvalidMatch { message: String },
    #[error("control `{name}` is not part of baseline `{baseline}`")]
    ControlNotInBaseline { name: String, baseline: String },
    #[error("there is no baseline `{name}` in this namespace")]
    UnknownBaseline { name: String, suggestion: Option<String> },
    #[error("the exemption holds for {days} days; at most 366 are allowed")]
    TooLong { days: i64 },
    #[error("the end is not after the beginning")]
    EndsBeforeItBegins,
    #[error("the approval lies in the future")]
    ApprovedInFuture,
    #[error("control `{name}` is not checked by attestation")]
    NotAttestable { name: String },
}

impl From<InvalidMatch> for ProblemKind {
    fn from(error: InvalidMatch) -> Self {
        match error {
            InvalidMatch::Empty => Self::EmptyMatch,
            InvalidMatch::Patterns(message) => Self::InvalidMatch { message },
        }
    }
}

impl ProblemKind {
    /// What to do about it, where the message does not say so by itself.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownControl { suggestion, .. }
            | Self::UnknownPack { suggestion, .. }
            | Self::UnknownBaseline { suggestion, .. } => {
                suggestion.as_ref().map(|name| format!("did you mean `{name}`?"))
            }
            Self::UnknownAccount { suggestion, namespace, .. }
            | Self::NamespaceNotAllowed { suggestion, namespace, .. } => {
                Some(suggestion.as_ref().map_or_else(
                    || format!("create it, or add `{namespace}` to its spec.allowedNamespaces"),
                    |name| format!("did you mean `{name}`?"),
                ))
            }
            Self::UnreadAccounts { .. } => {
                Some("apply these AwsAccounts again; the operator's log names them".into())
            }
            Self::NoAccountSelected => Some("label an AwsAccount, or change the selector".into()),
            Self::SameAccount { .. } => Some("keep one of the two".into()),
            Self::InvalidParameter { fault, .. } => fault.help(),
            Self::NotAttestable { .. } => {
                Some("only controls with `check.attestation` are met by an attestation".into())
            }
            Self::InvalidControl { .. }
            | Self::InvalidPack { .. }
            | Self::InvalidSelector { .. }
            | Self::NoRegion { .. }
            | Self::EmptyMatch
            | Self::InvalidMatch { .. }
            | Self::ControlNotInBaseline { .. }
            | Self::TooLong { .. }
            | Self::EndsBeforeItBegins
            | Self::ApprovedInFuture => None,
        }
    }

    /// Whether only who knows the accounts can tell it.
    pub(super) const fn is_about_accounts(&self) -> bool {
        matches!(
            self,
            Self::UnknownAccount { .. }
                | Self::NoAccountSelected
                | Self::UnreadAccounts { .. }
                | Self::NamespaceNotAllowed { .. }
                | Self::SameAccount { .. }
                | Self::NoRegion { .. }
        )
    }

    /// What is wrong and what to do about it, in one line.
    pub fn in_words(&self) -> String {
        match self.help() {
            Some(help) => format!("{self}; {help}"),
            None => self.to_string(),
        }
    }

    /// Whether something that the baseline asks for is not evaluated because of it. A namespace
    /// that an account does not allow is not among them: that must be left out.
    pub(super) const fn hides_work(&self) -> bool {
        match self {
            Self::InvalidControl { in_force, .. } | Self::InvalidPack { in_force, .. } => {
                !*in_force
            }
            Self::InvalidParameter { .. } | Self::EmptyMatch | Self::InvalidMatch { .. } => true,
            _ => self.may_hide_controls() || self.may_hide_targets(),
        }
    }

    /// Whether controls may be missing in the plan of which nobody knows which: those of a pack, or
    /// one whose name is mistyped.
    pub(super) const fn may_hide_controls(&self) -> bool {
        match self {
            Self::UnknownControl { .. } | Self::UnknownPack { .. } => true,
            Self::InvalidPack { in_force, .. } => !*in_force,
            _ => false,
        }
    }

    /// Whether accounts may be missing in the plan.
    pub(super) const fn may_hide_targets(&self) -> bool {
        matches!(
            self,
            Self::UnknownAccount { .. }
                | Self::UnreadAccounts { .. }
                | Self::InvalidSelector { .. }
                | Self::SameAccount { .. }
        )
    }
}

fn kept(in_force: bool) -> &'static str {
    if in_force { "; its last valid version stays in force" } else { "" }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.object, self.path, self.kind.in_words())
    }
}
