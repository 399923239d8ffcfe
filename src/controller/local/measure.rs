//! Puts what a round came to into metrics.

use std::collections::HashMap;

use super::inputs::Inputs;
use crate::controller::{RoundReport, published};
use crate::metrics::{Figures, Metrics};
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
    published::measure(metrics, round, published);
    let open = open_findings(sink);
    for plan in plans {
        let findings = open.get(&plan.baseline).copied().unwrap_or_default();
        baselines.findings_open(&plan.baseline, findings);
    }
}

fn open_findings(sink: &impl FindingSink) -> HashMap<&BaselineKey, u64> {
    let mut open = HashMap::new();
    for finding in sink.known().iter().filter(|finding| finding.is_open()) {
        *open.entry(&finding.generator.baseline).or_default() += 1;
    }
    open
}
