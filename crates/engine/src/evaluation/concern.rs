//! Whether a baseline's control is about a resource at all: its status, and what the baseline's
//! `match` and `exclude` say.

use super::check::PreparedCheck;
use super::fault::Fault;
use super::rules::judged;
use crate::plan::{MatchSubject, Matched, ResourceMatch};
use model::{ConfigurationItem, UnknownReason};

/// Whether a control is about a resource.
pub(super) enum Concern {
    Yes,
    /// The baseline leaves it out by its type and id, which no item changes.
    Excluded,
    /// The baseline leaves it out, or does not take it, by what the item says.
    Unmatched,
    /// The item does not say.
    Unknown(Fault),
}

impl Concern {
    /// Whether the check is about the item. What is left out for certain is left out whatever else
    /// the item lacks.
    pub(super) fn of(check: &PreparedCheck<'_>, item: &ConfigurationItem<'_>) -> Self {
        let subject = match_subject(check, item);
        let matched = |of: Option<&ResourceMatch>| of.map(|of| of.matches(&subject));
        let exclude = check.planned.exclude.as_deref();
        let excluded = matched(exclude);
        let is_certain = exclude.is_some_and(|exclude| !exclude.reads_beyond_id());
        if excluded == Some(Matched::Yes) && is_certain {
            return Self::Excluded;
        }
        if let Some(fault) = Fault::of_status(check, item) {
            return Self::Unknown(fault);
        }
        let selectors = [&check.planned.matching, &check.planned.exclude];
        let reads_more = selectors.into_iter().flatten().any(|it| it.reads_beyond_id());
        if check.planned.rule.is_some() && reads_more {
            return Self::Unknown(unselectable(&subject));
        }
        match (matched(check.planned.matching.as_deref()), excluded) {
            (Some(Matched::No), _) | (_, Some(Matched::Yes)) => Self::Unmatched,
            (Some(Matched::Undetermined(field)), _) | (_, Some(Matched::Undetermined(field))) => {
                Self::Unknown(undetermined(item, field))
            }
            _ => Self::Yes,
        }
    }
}

/// The item as far as matches and exemptions look at it.
pub(super) fn match_subject<'a>(
    check: &PreparedCheck<'_>,
    item: &ConfigurationItem<'a>,
) -> MatchSubject<'a> {
    let (resource_type, id) = judged(check, item);
    MatchSubject { resource_type, id, arn: item.arn, name: item.name, tags: item.value.get("tags") }
}

/// A rule tells no more of a resource than its type and id.
fn unselectable(subject: &MatchSubject<'_>) -> Fault {
    let MatchSubject { resource_type, id, .. } = subject;
    let message = format!(
        "the baseline selects by ARN, name or tag, and an AWS Config rule reports only the type and id \
         of {resource_type} {id}: select by types and ids"
    );
    Fault::Unread { reason: UnknownReason::InsufficientData, message }
}

fn undetermined(item: &ConfigurationItem<'_>, field: &str) -> Fault {
    let (resource_type, id) = (item.resource_type, item.id);
    let message = format!(
        "the baseline selects by {field}, and the configuration item of {resource_type} {id} has no \
         field {field}"
    );
    Fault::Unread { reason: UnknownReason::InsufficientData, message }
}
