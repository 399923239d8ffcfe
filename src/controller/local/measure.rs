//! Puts what a round came to into metrics.

use std::collections::HashMap;

use super::inputs::Inputs;
use crate::controller::RoundReport;
use crate::drift::FindingChange;
use crate::metrics::{Figures, Metrics, PublishResult};
use crate::plan::BaselineKey;
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
    if !inputs.may_lack_baselines {
        baselines.retain(|key| plans.iter().any(|plan| plan.baseline == *key));
    }
    for (plan, outcome) in plans.iter().zip(&round.outcome.plans) {
        if !plan.suspended {
            baselines.evaluated(&plan.baseline, Figures::of(plan, outcome, now), round.took);
        }
    }
    note_changes(metrics, &round.drift.changes, published);
    let open = open_findings(sink);
    for plan in plans {
        let findings = open.get(&plan.baseline).copied().unwrap_or_default();
        baselines.findings_open(&plan.baseline, findings);
    }
}

fn note_changes(metrics: &Metrics, changes: &[FindingChange], published: Option<&Published>) {
    let Some(published) = published else {
        metrics.published(PublishResult::Failure, changes.len() as u64);
        return;
    };
    metrics.published(PublishResult::Success, published.accepted as u64);
    metrics.published(PublishResult::Failure, published.refused.len() as u64);
    for change in published.taken(changes) {
        let finding = change.finding();
        let baseline = &finding.generator.baseline;
        match change {
            FindingChange::Opened(_) => {
                metrics.baselines().drift_opened(baseline, finding.severity);
            }
            FindingChange::Resolved(_) => {
                metrics.baselines().drift_resolved(baseline, finding.severity);
            }
            _ => {}
        }
    }
}

fn open_findings(sink: &impl FindingSink) -> HashMap<&BaselineKey, u64> {
    let mut open = HashMap::new();
    for finding in sink.known().iter().filter(|finding| finding.is_open()) {
        *open.entry(&finding.generator.baseline).or_default() += 1;
    }
    open
}
