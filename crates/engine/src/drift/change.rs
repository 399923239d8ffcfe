//! What is to be published.

use std::sync::Arc;

use super::finding::Finding;
use super::summary::Summary;
use model::InternalErrors;

/// What a comparison finds.
#[derive(Debug, Clone)]
pub struct Drift {
    /// What is to be published, ordered by the findings' ids.
    pub changes: Vec<FindingChange>,
    /// One for each plan, in their order.
    pub summary: Vec<Summary>,
    /// One for each plan: how many findings are not published, since too many of the baseline stand in
    /// their account.
    pub left_out: Vec<u64>,
    /// Failures of our own. With any, what had no result stays as it is published.
    pub internal: InternalErrors,
}

/// One finding to be published, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingChange {
    /// New drift, or drift that came back.
    Opened(Arc<Finding>),
    /// It says something else than it did, or gets the workflow that fits its status.
    Updated(Arc<Finding>),
    /// Fixed.
    Resolved(Arc<Finding>),
    /// As it should be all along, of a baseline that publishes that too.
    Passed(Arc<Finding>),
    /// Its subject is gone or no longer checked.
    Archived(Arc<Finding>),
    /// An exemption covers it.
    Suppressed(Arc<Finding>),
    /// The exemption that covered it has ended.
    Unsuppressed(Arc<Finding>),
    /// Still as it was, published again so that it is not forgotten.
    Heartbeat(Arc<Finding>),
}

/// The finding of a change, as the change is had: by reference, or to be changed. What takes it as published
/// shares it: there are as many as there are findings.
macro_rules! finding_of {
    ($change:expr) => {
        match $change {
            Self::Opened(finding)
            | Self::Updated(finding)
            | Self::Resolved(finding)
            | Self::Passed(finding)
            | Self::Archived(finding)
            | Self::Suppressed(finding)
            | Self::Unsuppressed(finding)
            | Self::Heartbeat(finding) => finding,
        }
    };
}

impl FindingChange {
    /// The finding as it is to be published.
    #[must_use]
    pub fn finding(&self) -> &Finding {
        finding_of!(self)
    }

    /// The same, to be held as it is.
    #[must_use]
    pub fn shared(&self) -> Arc<Finding> {
        Arc::clone(finding_of!(self))
    }

    /// The same, to be changed.
    pub(super) fn finding_mut(&mut self) -> &mut Finding {
        Arc::make_mut(finding_of!(self))
    }

    /// The change's name, in lower case.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Updated(_) => "updated",
            Self::Resolved(_) => "resolved",
            Self::Passed(_) => "passed",
            Self::Archived(_) => "archived",
            Self::Suppressed(_) => "suppressed",
            Self::Unsuppressed(_) => "unsuppressed",
            Self::Heartbeat(_) => "heartbeat",
        }
    }
}
