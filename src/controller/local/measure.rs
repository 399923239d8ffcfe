//! Puts what a round came to into metrics.

use std::collections::HashMap;

use super::inputs::Inputs;
use crate::controller::{RoundReport, published};
use crate::evaluation::Counts;
use crate::metrics::{ConditionStatus, Figures, Metrics};
use crate::plan::{BaselineKey, Plan};
use crate::publish::{FindingSink, Published};
use crate::resource::Timestamp;

/// Notes a round that ended at `now`, and what of it was published, if anything was.
pub(super) fn note(
    metrics: &Metrics,
    inputs: &Inputs,
    round: &RoundReport,
    sink: &impl FindingSink,
    published: Option<&Published>,
    now: Timestamp,
) {
    let plans = &inputs.resolved.plans;
    let baselines = metrics.baselines();
    // A folder without a baseline is a mistake, too: nothing in it is looked at.
    metrics.configuration_errors(inputs.mistakes.len().max(usize::from(plans.is_empty())));
    if !inputs.may_lack_baselines {
        baselines.retain(|key| plans.iter().any(|plan| plan.baseline == *key));
    }
    for (plan, outcome) in plans.iter().zip(&round.outcome.plans) {
        if !plan.suspended {
            baselines.evaluated(&plan.baseline, Figures::of(plan, outcome, now), round.took);
        }
    }
    let is_published = published.is_some_and(|published| published.refused.is_empty());
    for (plan, outcome) in plans.iter().zip(&round.outcome.plans) {
        let conditions = conditions(plan, &outcome.counts(), is_published);
        let conditions = conditions.map(|(type_, status)| (type_.to_owned(), status));
        baselines.conditions(&plan.baseline, conditions);
    }
    published::measure(metrics, round, published);
    let open = open_findings(sink);
    for plan in plans {
        let findings = open.get(&plan.baseline).copied().unwrap_or_default();
        baselines.findings_open(&plan.baseline, findings);
    }
}

/// What holds for a baseline after a round, in the conditions that the operator writes.
fn conditions(
    plan: &Plan,
    counts: &Counts,
    is_published: bool,
) -> [(&'static str, ConditionStatus); 4] {
    let status = |holds| if holds { ConditionStatus::True } else { ConditionStatus::False };
    let is_evaluated = plan.is_accepted() && plan.not_evaluated().is_none();
    let compliant = if counts.non_compliant > 0 {
        ConditionStatus::False
    } else if counts.unknown() > 0 || !is_evaluated {
        ConditionStatus::Unknown
    } else {
        ConditionStatus::True
    };
    let published = if plan.suspended && is_published {
        ConditionStatus::Unknown
    } else {
        status(is_published && plan.publish.security_hub)
    };
    [
        ("Accepted", status(plan.is_accepted())),
        ("Ready", status(is_evaluated && counts.unread().is_none())),
        ("Compliant", compliant),
        ("Published", published),
    ]
}

fn open_findings(sink: &impl FindingSink) -> HashMap<&BaselineKey, u64> {
    let mut open = HashMap::new();
    for finding in sink.known().iter().filter(|finding| finding.is_open()) {
        *open.entry(&finding.generator.baseline).or_default() += 1;
    }
    open
}
