//! What an evaluation says of each baseline, short enough for a status or a table.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::api::Domain;
use crate::evaluation::{Counts, EvaluationResult, Outcome, PlanOutcome, Subject};
use crate::plan::{BaselineKey, Plan};
use crate::resource::{AccountId, ControlName, Region, Severity, Timestamp};

/// The most controls that a summary lists.
const MAX_CONTROLS: usize = 50;
/// The most examples of each.
const MAX_EXAMPLES: usize = 3;

/// What an evaluation says of one baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The baseline.
    pub baseline: BaselineKey,
    /// All verdicts.
    pub counts: Counts,
    /// Whether all that the controls read was read.
    pub complete: bool,
    /// Drift by severity; a severity without drift is left out.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Drift by domain; a domain without drift is left out.
    pub by_domain: BTreeMap<Domain, u64>,
    /// One for each target of the plan, in their order.
    pub targets: Vec<TargetSummary>,
    /// The controls that drift, at most 50: the most severe first, then those with most drift.
    pub drift: Vec<ControlDrift>,
    /// How many more controls drift.
    pub left_out: usize,
}

/// What an evaluation says of one account in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSummary {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// Whether all that the controls read was read.
    pub complete: bool,
    /// Configuration items that controls looked at.
    pub items: u64,
    /// All verdicts.
    pub counts: Counts,
}

/// The drift of one control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlDrift {
    /// The control.
    pub control: ControlName,
    /// Its severity in the baseline.
    pub severity: Severity,
    /// How many subjects drift.
    pub resources: u64,
    /// At most three of them, the first by name: ARNs, or ids where there is none.
    pub examples: Vec<String>,
    /// Since when the oldest of them drifts.
    pub since: Timestamp,
}

/// Gathers what the counts of an [`Outcome`] do not say: examples, and since when.
#[derive(Debug)]
pub struct Summaries<'p> {
    plans: &'p [Plan],
    now: Timestamp,
    /// By plan, then by control.
    gathered: Vec<Vec<Gathered>>,
}

#[derive(Debug, Clone, Default)]
struct Gathered {
    examples: Vec<String>,
    since: Option<Timestamp>,
}

impl<'p> Summaries<'p> {
    /// Of an evaluation of these plans.
    #[must_use]
    pub fn new(plans: &'p [Plan], now: Timestamp) -> Self {
        let gathered = plans.iter().map(|plan| vec![Gathered::default(); plan.controls.len()]);
        Self { plans, now, gathered: gathered.collect() }
    }

    /// Looks at a result. `since` is when its drift was first seen, where that is known.
    pub fn observe(&mut self, result: &EvaluationResult<'_>, since: Option<Timestamp>) {
        if !result.is_drift() {
            return;
        }
        // What no plan has is counted where verdicts are counted and compared.
        let Some(plan) = self.plans.get(result.plan) else { return };
        let gathered = self.gathered.get_mut(result.plan);
        let Some(gathered) = gathered.and_then(|plan| plan.get_mut(result.control)) else { return };
        let since = since.unwrap_or(self.now);
        gathered.since = Some(gathered.since.map_or(since, |earlier| earlier.min(since)));
        if let Some(example) = example(plan, result) {
            keep_first(&mut gathered.examples, example);
        }
    }

    /// One summary for each plan.
    #[must_use]
    pub fn finish(self, outcome: &Outcome) -> Vec<Summary> {
        let now = self.now;
        let plans = self.plans.iter().zip(self.gathered).zip(&outcome.plans);
        plans.map(|((plan, gathered), outcome)| summarize(plan, gathered, outcome, now)).collect()
    }
}

fn example<'r>(plan: &'r Plan, result: &EvaluationResult<'r>) -> Option<&'r str> {
    let target = plan.targets.get(result.target)?;
    match result.subject {
        Subject::Resource { id, arn, .. } => Some(arn.unwrap_or(id)),
        Subject::Region => Some(target.region.as_str()),
        Subject::Account => Some(target.account.as_str()),
        Subject::Unread { .. } => None,
    }
}

/// Keeps the first few by name, whatever the order that they come in.
fn keep_first(examples: &mut Vec<String>, example: &str) {
    let at = examples.partition_point(|kept| kept.as_str() < example);
    let known = examples.get(at).is_some_and(|kept| kept == example);
    if at < MAX_EXAMPLES && !known {
        examples.insert(at, example.to_owned());
        examples.truncate(MAX_EXAMPLES);
    }
}

fn summarize(
    plan: &Plan,
    gathered: Vec<Gathered>,
    outcome: &PlanOutcome,
    now: Timestamp,
) -> Summary {
    let mut summary = Summary {
        baseline: plan.baseline.clone(),
        counts: outcome.counts(),
        complete: outcome.is_complete() && plan.is_complete(),
        by_severity: BTreeMap::new(),
        by_domain: BTreeMap::new(),
        targets: targets(plan, outcome),
        drift: Vec::new(),
        left_out: 0,
    };
    for (at, (planned, gathered)) in plan.controls.iter().zip(gathered).enumerate() {
        let controls = outcome.targets.iter().filter_map(|target| target.controls.get(at));
        let resources = controls.map(|control| control.counts.non_compliant).sum();
        if resources == 0 {
            continue;
        }
        *summary.by_severity.entry(planned.severity).or_default() += resources;
        *summary.by_domain.entry(planned.control.spec.domain).or_default() += resources;
        summary.drift.push(ControlDrift {
            control: planned.control.name.clone(),
            severity: planned.severity,
            resources,
            examples: gathered.examples,
            since: gathered.since.unwrap_or(now),
        });
    }
    summary.keep_worst();
    summary
}

fn targets(plan: &Plan, outcome: &PlanOutcome) -> Vec<TargetSummary> {
    let targets = plan.targets.iter().zip(&outcome.targets);
    let targets = targets.map(|(target, outcome)| TargetSummary {
        account: target.account.clone(),
        region: target.region.clone(),
        complete: outcome.is_complete(),
        items: outcome.items,
        counts: outcome.counts(),
    });
    targets.collect()
}

impl Summary {
    fn keep_worst(&mut self) {
        // The sort is stable, and controls come by name: equals stay in that order.
        self.drift.sort_by_key(|control| Reverse((control.severity, control.resources)));
        self.left_out = self.drift.len().saturating_sub(MAX_CONTROLS);
        self.drift.truncate(MAX_CONTROLS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_the_same_in_any_order() {
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        let names = ["a", "b", "c", "d", "e"];
        for (name, opposite) in names.iter().zip(names.iter().rev()) {
            keep_first(&mut forwards, name);
            keep_first(&mut backwards, opposite);
        }
        keep_first(&mut backwards, "b");
        assert_eq!(forwards, ["a", "b", "c"]);
        assert_eq!(backwards, forwards);
    }
}
