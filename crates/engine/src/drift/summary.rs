//! What an evaluation says of each baseline, short enough for a status or a table.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::owners::{OwnerDrift, OwnerSeen, Owners, most};
use crate::evaluation::{Counts, EvaluationResult, Outcome, PlanOutcome, Subject};
use crate::plan::{BaselineKey, NotEvaluated, Plan, PlannedControl};
use api::Domain;
use cel::Timestamp;
use model::{AccountId, ControlName, Owner, Region, Severity, UnknownReason};

/// The most controls that a summary lists, and the most unknown controls.
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
    /// Drift by owner, of whom at most a thousand are distinguished.
    pub by_owner: BTreeMap<Owner, u64>,
    /// One for each target of the plan, in their order.
    pub targets: Vec<TargetSummary>,
    /// The controls that drift, at most 50: the most severe first, then those with most drift.
    pub drift: Vec<ControlDrift>,
    /// How many more controls drift.
    pub left_out: usize,
    /// The controls with unknown verdicts by reason, at most 50: the most severe first, then those
    /// with most of them.
    pub unknown: Vec<ControlUnknown>,
    /// How many more there are.
    pub unknown_left_out: usize,
    /// Why nothing was evaluated, although nothing is wrong with the baseline.
    pub not_evaluated: Option<NotEvaluated>,
    /// Every control that drifts in every target where it does, by control, target and owner.
    pub drifting: Vec<Drifting>,
}

/// The drift from one control in one target that belongs to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifting {
    /// Which of the plan's controls.
    pub control: usize,
    /// Which of the plan's targets.
    pub target: usize,
    /// Whom it belongs to.
    pub owner: Owner,
    /// How many subjects drift.
    pub resources: u64,
    /// Since when the oldest of them drifts.
    pub since: Timestamp,
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
    /// What is wrong with the first of them.
    pub message: String,
    /// What to do about it.
    pub remediation: String,
    /// Since when the oldest of them drifts.
    pub since: Timestamp,
    /// Whom they belong to: at most five, those of most drift first.
    pub owners: Vec<OwnerDrift>,
}

/// The unknown verdicts of one control for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlUnknown {
    /// The control.
    pub control: ControlName,
    /// Its severity in the baseline.
    pub severity: Severity,
    /// Why nothing can be said.
    pub reason: UnknownReason,
    /// How many verdicts.
    pub verdicts: u64,
    /// What one of them speaks of, the first by name: an ARN, or an id where there is none; where
    /// nothing of a type was read, the type.
    pub example: String,
    /// What was said of it.
    pub message: String,
}

/// Gathers what the counts of an [`Outcome`] do not say: examples, owners, and since when.
#[derive(Debug)]
pub struct Summaries<'p> {
    plans: &'p [Plan],
    now: Timestamp,
    /// By plan.
    gathered: Vec<GatheredOfPlan>,
}

#[derive(Debug, Clone)]
struct GatheredOfPlan {
    owners: Owners,
    /// By control.
    controls: Vec<Gathered>,
}

#[derive(Debug, Clone, Default)]
struct Gathered {
    examples: Vec<String>,
    /// What was said of the first example.
    message: String,
    /// An example and its message for each reason.
    unknown: BTreeMap<UnknownReason, (String, String)>,
}

impl<'p> Summaries<'p> {
    /// Of an evaluation of these plans.
    #[must_use]
    pub fn new(plans: &'p [Plan], now: Timestamp) -> Self {
        let gathered = plans.iter().map(|plan| GatheredOfPlan {
            owners: Owners::default(),
            controls: vec![Gathered::default(); plan.controls.len()],
        });
        Self { plans, now, gathered: gathered.collect() }
    }

    /// Looks at a result. `since` is when its drift was first seen, where that is known. Whether the
    /// summary would be another without the result, as far as it was seen by now.
    pub fn observe(&mut self, result: &EvaluationResult<'_>, since: Option<Timestamp>) -> bool {
        if !result.is_drift() && result.verdict.reason().is_none() {
            return false;
        }
        // What no plan has is counted where verdicts are counted and compared.
        let Some(plan) = self.plans.get(result.plan) else { return false };
        let Some(GatheredOfPlan { owners, controls }) = self.gathered.get_mut(result.plan) else {
            return false;
        };
        let Some(gathered) = controls.get_mut(result.control) else { return false };
        let Some(example) = example(plan, result) else { return false };
        if let Some(reason) = result.verdict.reason() {
            return gathered.unknown(reason, example, result.message);
        }
        let since = since.unwrap_or(self.now);
        if let Some(ownership) = result.ownership(plan) {
            owners.add(ownership.owner, (result.control, result.target), since);
        }
        let first = gathered.examples.first().map(String::as_str);
        // Resources of several accounts may share a name: of their messages the first counts.
        let is_first = first
            .is_none_or(|first| (example, result.message) < (first, gathered.message.as_str()));
        if is_first {
            result.message.clone_into(&mut gathered.message);
        }
        keep_first(&mut gathered.examples, example);
        true
    }

    /// One summary for each plan.
    #[must_use]
    pub fn finish(self, outcome: &Outcome) -> Vec<Summary> {
        let now = self.now;
        let plans = self.plans.iter().zip(self.gathered).zip(&outcome.plans);
        plans.map(|((plan, gathered), outcome)| summarize(plan, gathered, outcome, now)).collect()
    }
}

impl Gathered {
    /// Keeps the first example by name, whatever the order that they come in. Whether it is this.
    fn unknown(&mut self, reason: UnknownReason, example: &str, message: &str) -> bool {
        match self.unknown.entry(reason) {
            Entry::Vacant(slot) => drop(slot.insert((example.to_owned(), message.to_owned()))),
            Entry::Occupied(mut slot) => {
                let (kept, said) = slot.get_mut();
                if (example, message) >= (kept.as_str(), said.as_str()) {
                    return false;
                }
                example.clone_into(kept);
                message.clone_into(said);
            }
        }
        true
    }
}

fn example<'r>(plan: &'r Plan, result: &EvaluationResult<'r>) -> Option<&'r str> {
    let target = plan.targets.get(result.target)?;
    match result.subject {
        Subject::Resource { id, arn, .. } => Some(arn.unwrap_or(id)),
        Subject::Region => Some(target.region.as_str()),
        Subject::Account => Some(target.account.as_str()),
        Subject::Unread { resource_type } => Some(resource_type),
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
    gathered: GatheredOfPlan,
    outcome: &PlanOutcome,
    now: Timestamp,
) -> Summary {
    let mut summary = Summary {
        baseline: plan.baseline.clone(),
        counts: outcome.counts(),
        complete: outcome.is_complete() && plan.is_complete(),
        by_severity: BTreeMap::new(),
        by_domain: BTreeMap::new(),
        by_owner: BTreeMap::new(),
        targets: targets(plan, outcome),
        drift: Vec::new(),
        left_out: 0,
        unknown: Vec::new(),
        unknown_left_out: 0,
        not_evaluated: plan.not_evaluated(),
        drifting: Vec::new(),
    };
    let mut by_place = gathered.owners.by_place();
    for (at, (planned, gathered)) in plan.controls.iter().zip(gathered.controls).enumerate() {
        let mut counts = Counts::default();
        let begin = summary.drifting.len();
        for (place, (target, outcome)) in plan.targets.iter().zip(&outcome.targets).enumerate() {
            let Some(control) = outcome.controls.get(at) else { continue };
            counts += &control.counts;
            let seen = by_place.remove(&(at, place)).unwrap_or_default();
            let seen = whole(seen, &target.owner, control.counts.non_compliant, now);
            summary.drifting.extend(seen.into_iter().map(|(owner, seen)| Drifting {
                control: at,
                target: place,
                owner,
                resources: seen.resources,
                since: seen.since,
            }));
        }
        let drifting = summary.drifting.get(begin..).unwrap_or_default();
        summary.unknown.extend(unknown(planned, gathered.unknown, &counts));
        let resources = counts.non_compliant;
        if resources == 0 {
            continue;
        }
        *summary.by_severity.entry(planned.severity).or_default() += resources;
        *summary.by_domain.entry(planned.control.spec.domain).or_default() += resources;
        let mut owners: BTreeMap<&Owner, u64> = BTreeMap::new();
        for drifting in drifting {
            *owners.entry(&drifting.owner).or_default() += drifting.resources;
        }
        for (owner, resources) in &owners {
            match summary.by_owner.get_mut(*owner) {
                Some(sum) => *sum += resources,
                None => drop(summary.by_owner.insert((*owner).clone(), *resources)),
            }
        }
        summary.drift.push(ControlDrift {
            control: planned.control.name.clone(),
            severity: planned.severity,
            resources,
            examples: gathered.examples,
            message: gathered.message,
            remediation: planned.control.spec.remediation.text.clone(),
            since: drifting.iter().map(|it| it.since).min().unwrap_or(now),
            owners: most(owners),
        });
    }
    summary.keep_worst();
    summary
}

/// Whose the drift of one place is. What was counted and not seen belongs to the target's owner.
fn whole(
    mut seen: BTreeMap<Owner, OwnerSeen>,
    owner: &Owner,
    counted: u64,
    now: Timestamp,
) -> BTreeMap<Owner, OwnerSeen> {
    if counted == 0 {
        return BTreeMap::new();
    }
    let of_all: u64 = seen.values().map(|seen| seen.resources).sum();
    let rest = counted.saturating_sub(of_all);
    if rest > 0 {
        let owned = seen.entry(owner.clone()).or_insert(OwnerSeen { resources: 0, since: now });
        owned.resources += rest;
    }
    seen
}

/// The unknown verdicts of one control, by reason.
fn unknown<'u>(
    planned: &'u PlannedControl,
    mut gathered: BTreeMap<UnknownReason, (String, String)>,
    counts: &'u Counts,
) -> impl Iterator<Item = ControlUnknown> + 'u {
    let reasons = UnknownReason::ALL.into_iter();
    let reasons = reasons.filter(|reason| counts.unknown_for(*reason) > 0);
    reasons.map(move |reason| {
        let (example, message) = gathered.remove(&reason).unwrap_or_default();
        ControlUnknown {
            control: planned.control.name.clone(),
            severity: planned.severity,
            reason,
            verdicts: counts.unknown_for(reason),
            example,
            message,
        }
    })
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
        self.unknown.sort_by_key(|control| Reverse((control.severity, control.verdicts)));
        self.unknown_left_out = self.unknown.len().saturating_sub(MAX_CONTROLS);
        self.unknown.truncate(MAX_CONTROLS);
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
