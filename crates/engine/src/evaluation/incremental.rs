//! What an evaluation came to, kept so that a later one judges only what changed.
//!
//! Verdicts of items that are judged alone are kept item by item: where an item changes, what it was counted as is
//! taken back and what it is now is added. Verdicts that are made of several items are kept control by control: where
//! an item of a type changes that such a control reads, it judges all of its subjects again. What was read, and what
//! people attested, is looked at every time.
//!
//! What cannot be kept apart is not kept at all: after a failure of our own, or where a namespace has used up what its
//! expressions may compute, the next evaluation is a whole one.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::check::{PreparedCheck, Way};
use super::coverage::Coverage;
use super::evaluator::Evaluator;
use super::finish::Unfinished;
use super::ledger::{ItemKey, Ledgers};
use super::outcome::Outcome;
use super::prepared::{Evaluation, TypeEntry};
use super::result::Results;
use crate::catalog::{CompiledExpression, slots};
use cel::Projection;
use model::{ResourceType, is_global, rule_types};

/// What an evaluation came to, by what it was made from.
#[derive(Debug)]
pub struct IncrementalState {
    /// What items came to alone.
    items: Ledgers,
    alone: Outcome,
    /// What came of several items.
    together: Outcome,
}

/// What is to be judged again after a change of items.
#[derive(Debug)]
pub struct Affected {
    /// By check: whether it judges all of its subjects again.
    checks: Vec<bool>,
    /// Whether a resource of a global type changed. Of these several copies are brought together.
    is_global: bool,
    types: BTreeSet<ResourceType>,
}

impl Affected {
    /// The types of which every item is needed again ([`Evaluator::keep_item`]).
    #[must_use]
    pub const fn types(&self) -> &BTreeSet<ResourceType> {
        &self.types
    }

    /// The checks whose results are made of several items and count no longer: places of plans and of controls.
    pub fn controls<'e>(
        &'e self,
        evaluation: &'e Evaluation<'_>,
    ) -> impl Iterator<Item = (usize, usize)> + 'e {
        let checks = evaluation.checks.iter().zip(&self.checks).filter(|(_, affected)| **affected);
        checks.map(|(check, _)| (check.plan, check.control))
    }

    pub(super) fn includes(&self, check: usize) -> bool {
        self.checks.get(check).is_none_or(|affected| *affected)
    }

    pub(super) const fn includes_global(&self) -> bool {
        self.is_global
    }
}

impl<'p> Evaluation<'p> {
    /// The types that controls read whose verdicts, or what they say of them, may change with time alone.
    #[must_use]
    pub fn types_by_time(&self) -> BTreeSet<ResourceType> {
        let by_time = self.checks.iter().filter(|check| asks_for_time(check.expression));
        by_time.flat_map(reads).cloned().collect()
    }

    /// What has to be judged again where items of these types changed. Nothing where that is all there is.
    #[must_use]
    pub fn affected(&self, changed: &BTreeSet<ResourceType>) -> Option<Affected> {
        // What rules report of several types stands in items of one.
        let is_of_rules = |name: &ResourceType| name.as_str() == rule_types::COMPLIANCE;
        let are_rules_kept = || self.types.values().any(is_kept_of_rules);
        if changed.iter().any(is_of_rules) && are_rules_kept() {
            return None;
        }
        let is_known = |name: &&ResourceType| self.types.contains_key(name.as_str());
        let changed: BTreeSet<&ResourceType> = changed.iter().filter(is_known).collect();
        let global_changed = changed.iter().any(|name| is_global(name.as_str()));
        let mut types = BTreeSet::new();
        let mut checks = Vec::with_capacity(self.checks.len());
        for check in &self.checks {
            let is_affected = if check.way == Way::Alone {
                global_changed && check.expression.resource_types.iter().any(is_global_type)
            } else {
                reads(check).any(|name| changed.contains(name))
            };
            if is_affected {
                let kept =
                    reads(check).filter(|name| check.way != Way::Alone || is_global_type(name));
                types.extend(kept.cloned());
            }
            checks.push(is_affected);
        }
        if global_changed {
            // Their resources are counted, whoever judges them.
            let global = self.types.values().filter(|entry| entry.is_global);
            types.extend(global.map(|entry| entry.name.clone()));
        }
        if types.iter().any(|name| rule_types::is_rule(name.as_str())) {
            // AWS Config records what rules say in items of a type of its own.
            let recorded = self.types.get(rule_types::COMPLIANCE);
            types.extend(recorded.map(|entry| entry.name.clone()));
        }
        Some(Affected { checks, is_global: global_changed, types })
    }

    /// Does what [`Self::finish`] does, and gives what came of it to go on from. Nothing where the next evaluation
    /// has to be a whole one. The workers have to have been given items by their keys ([`Evaluator::keyed_item`]).
    pub fn finish_incremental(
        &self,
        workers: Vec<Evaluator<'_, 'p>>,
        coverage: &Coverage,
        results: &mut dyn Results,
    ) -> (Outcome, Option<IncrementalState>) {
        let mut items = Ledgers::default();
        let mut workers = workers;
        for worker in &mut workers {
            items.absorb(worker.take_ledgers());
        }
        let all_placed = workers.iter().all(|worker| worker.unplaced.is_empty());
        let mut alone = Outcome::of(self.plans);
        for worker in &workers {
            alone.merge(&worker.judge.outcome);
        }
        let unfinished = Unfinished { workers, coverage, affected: None };
        let mut together = Outcome::default();
        let whole = self.finish_from(Outcome::of(self.plans), unfinished, results, |of_several| {
            together = of_several;
            alone.plus(&together)
        });
        let lasts = all_placed && whole.internal.is_empty() && !whole.is_budget_spent;
        (whole, lasts.then_some(IncrementalState { items, alone, together }))
    }

    /// Judges again what is affected, and sums up. The workers have to have been given the items that changed
    /// ([`Evaluator::judge_item`]) and all of the types that are needed again ([`Evaluator::keep_item`]); `changed` are
    /// the keys of all that may be another than before, those of items that are gone among them. Gives nothing, and `state` is of no use any more, where only a whole
    /// evaluation can tell: results that were passed on are to be forgotten then.
    pub fn update(
        &self,
        state: &mut IncrementalState,
        workers: Vec<Evaluator<'_, 'p>>,
        (affected, changed): (&Affected, &FxHashSet<ItemKey>),
        coverage: &Coverage,
        results: &mut dyn Results,
    ) -> Option<Outcome> {
        let mut workers = workers;
        if workers.iter().any(|worker| !worker.unplaced.is_empty() || worker.judge.lost.is_some()) {
            return None;
        }
        for key in changed {
            if let Some(before) = state.items.remove(*key) {
                state.alone.take_back(&before);
            }
        }
        for worker in &mut workers {
            for (key, ledger) in worker.take_ledgers().iter() {
                state.items.insert(key, ledger);
                state.alone.add(ledger);
            }
            state.alone.internal.merge(&worker.judge.outcome.internal);
        }
        for (plan, control) in affected.controls(self) {
            state.together.forget(plan, control);
        }
        if affected.includes_global() {
            state.together.forget_items();
        }
        let unfinished = Unfinished { workers, coverage, affected: Some(affected) };
        let IncrementalState { alone, together, .. } = state;
        let whole = self.finish_from(Outcome::of(self.plans), unfinished, results, |of_several| {
            together.merge(&of_several);
            alone.plus(together)
        });
        let lasts = whole.internal.is_empty() && !whole.is_budget_spent;
        lasts.then_some(whole)
    }
}

/// Whether results of a rule are kept until all have come.
fn is_kept_of_rules(entry: &TypeEntry<'_>) -> bool {
    rule_types::is_rule(entry.name.as_str()) && entry.need.keep.is_some()
}

fn is_global_type(name: &ResourceType) -> bool {
    is_global(name.as_str())
}

fn asks_for_time(expression: &CompiledExpression) -> bool {
    let mut programs = expression.programs();
    programs.any(|program| program.projection(slots::NOW) != Projection::NOTHING)
}

/// The types that a check reads.
fn reads<'c>(check: &'c PreparedCheck<'_>) -> impl Iterator<Item = &'c ResourceType> {
    let related = check.expression.related.iter().map(|related| &related.resource_type);
    check.expression.resource_types.iter().chain(related)
}
