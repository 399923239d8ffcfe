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
    #[error("control `{name}` is invalid: {message}")]
    InvalidControl { name: String, message: String },
    #[error("there is no pack `{name}`")]
    UnknownPack { name: String, suggestion: Option<String> },
    #[error("there is no AwsAccount `{name}`")]
    UnknownAccount { name: String, suggestion: Option<String> },
    #[error("no AwsAccount has these labels")]
    NoAccountSelected,
    #[error("AwsAccount `{account}` does not allow the namespace `{namespace}`")]
    NamespaceNotAllowed { account: String, namespace: String },
    #[error("AwsAccounts `{first}` and `{second}` are both the AWS account {id}")]
    SameAccount { first: String, second: String, id: String },
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
            | Self::UnknownAccount { suggestion, .. }
            | Self::UnknownBaseline { suggestion, .. } => {
                suggestion.as_ref().map(|name| format!("did you mean `{name}`?"))
            }
            Self::NamespaceNotAllowed { namespace, .. } => {
                Some(format!("add `{namespace}` to the account's spec.allowedNamespaces"))
            }
            Self::NoAccountSelected => Some("label an AwsAccount, or change the selector".into()),
            Self::SameAccount { .. } => Some("keep one of the two".into()),
            Self::InvalidParameter { fault, .. } => fault.help(),
            Self::NotAttestable { .. } => {
                Some("only controls with `check.attestation` are met by an attestation".into())
            }
            Self::InvalidControl { .. }
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
                | Self::NamespaceNotAllowed { .. }
                | Self::SameAccount { .. }
                | Self::NoRegion { .. }
        )
    }

    /// Whether it keeps controls or targets out of the plan that the baseline asks for. A
    /// namespace that an account does not allow is not among them: that must be left out.
    pub(super) const fn hides_work(&self) -> bool {
        match self {
            Self::UnknownControl { .. }
            | Self::InvalidControl { .. }
            | Self::UnknownPack { .. }
            | Self::UnknownAccount { .. }
            | Self::InvalidParameter { .. }
            | Self::EmptyMatch
            | Self::InvalidMatch { .. } => true,
            Self::NoAccountSelected
            | Self::NamespaceNotAllowed { .. }
            | Self::SameAccount { .. }
            | Self::NoRegion { .. }
            | Self::ControlNotInBaseline { .. }
            | Self::UnknownBaseline { .. }
            | Self::TooLong { .. }
            | Self::EndsBeforeItBegins
            | Self::ApprovedInFuture
            | Self::NotAttestable { .. } => false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.object, self.path, self.kind)?;
        match self.kind.help() {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}
