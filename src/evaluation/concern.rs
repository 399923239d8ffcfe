//! Whether a baseline's control is about a resource at all: its status, and what the baseline's
//! `match` and `exclude` say.

use super::check::Check;
use super::judge::Fault;
use crate::plan::{MatchSubject, Matched, ResourceMatch};
use crate::resource::{ConfigurationItem, UnknownReason};

/// Whether a control is about a resource.
pub(super) enum Concern {
    Yes,
    /// The baseline leaves it out.
    Excluded,
    /// The baseline's match does not take it.
    Unmatched,
    /// The item does not say.
    Unknown(Fault),
}

impl Concern {
    /// Whether the check is about the item. What is left out for certain is left out whatever else
    /// the item lacks.
    pub(super) fn of(check: &Check<'_>, item: &ConfigurationItem<'_>) -> Self {
        let matched = |of: Option<&ResourceMatch>| of.map(|of| of.matches(&match_subject(item)));
        let excluded = matched(check.planned.exclude.as_ref());
        if excluded == Some(Matched::Yes) {
            return Self::Excluded;
        }
        if let Some(fault) = Fault::of_status(item) {
            return Self::Unknown(fault);
        }
        match (matched(check.planned.matching.as_ref()), excluded) {
            (Some(Matched::No), _) => Self::Unmatched,
            (Some(Matched::Untold), _) | (_, Some(Matched::Untold)) => Self::Unknown(untold(item)),
            _ => Self::Yes,
        }
    }
}

/// The item as far as matches and exemptions look at it.
pub(super) fn match_subject<'a>(item: &ConfigurationItem<'a>) -> MatchSubject<'a> {
    MatchSubject {
        resource_type: item.resource_type,
        id: item.id,
        arn: item.arn,
        name: item.name,
        tags: item.value.get("tags"),
    }
}

fn untold(item: &ConfigurationItem<'_>) -> Fault {
    let (resource_type, id) = (item.resource_type, item.id);
    let message = format!(
        "the baseline selects by tags, and the configuration item of {resource_type} {id} has no \
         field tags"
    );
    Fault::Unread { reason: UnknownReason::InsufficientData, message }
}
