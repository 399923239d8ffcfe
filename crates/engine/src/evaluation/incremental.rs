//! What an evaluation came to, kept so that a later one judges only what changed.
//!
//! Verdicts of items that are judged alone are kept item by item: where an item changes, what it was counted as is
//! taken back and what it is now is added. So it is where a control joins items, for those that the changed one joined or
//! joins now. Other verdicts that are made of several items are kept control by control: where an item of a type
//! changes that such a control reads, it judges all of its subjects again. What was read, and what people attested, is
//! looked at every time.
//!
//! What cannot be kept apart is not kept at all: after a failure of our own, or where a namespace has used up what its
//! expressions may compute, the next evaluation is a whole one.

use std::collections::BTreeSet;
use std::mem;

use rustc_hash::{FxHashMap, FxHashSet};

use super::check::{PreparedCheck, Way};
use super::coverage::Coverage;
use super::evaluator::Evaluator;
use super::finish::Unfinished;
use super::joining::{JoinIndexes, Rejoined};
use super::judge::Judge;
use super::keep::Keep;
use super::ledger::{ItemKey, Ledgers};
use super::outcome::Outcome;
use super::prepared::{Evaluation, TypeEntry};
use super::result::{Results, Stage};
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
    joins: JoinIndexes,
}

/// What is to be judged again after a change of items.
#[derive(Debug)]
pub struct Affected {
    /// By check.
    checks: Vec<Again>,
    /// Whether a resource of a global type changed. Of these several copies are brought together.
    is_global: bool,
    /// Of which every item is needed again.
    types: BTreeSet<ResourceType>,
    /// The types that controls read which judge again only some of what they join.
    joined_types: BTreeSet<ResourceType>,
    /// The items that they judge again, and what joins these.
    joined: FxHashSet<ItemKey>,
    changed: FxHashSet<ItemKey>,
}

/// Which items of a type are needed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed<'a> {
    /// None.
    Nothing,
    /// These, if they are there.
    These(&'a FxHashSet<ItemKey>),
    /// Every one.
    All,
}

/// Which results of a check that are made of several items count no longer.
#[derive(Debug)]
pub(super) enum Again {
    Nothing,
    /// Those of these items, be they there or not.
    Joined(FxHashSet<ItemKey>),
    All,
}

impl Affected {
    /// Which items of a type are needed again ([`Evaluator::keep_item`]), if they are there.
    #[must_use]
    pub fn needs(&self, resource_type: &ResourceType) -> Needed<'_> {
        if self.types.contains(resource_type) {
            Needed::All
        } else if self.joined_types.contains(resource_type) {
            Needed::These(&self.joined)
        } else {
            Needed::Nothing
        }
    }

    /// The types of which no item may change until what is needed is read: what joins was found before. Where one
    /// does, [`Self::widen`].
    #[must_use]
    pub const fn joined_types(&self) -> &BTreeSet<ResourceType> {
        &self.joined_types
    }

    /// Whether results count no longer that a control of a plan gave: these are places.
    pub fn outdates(
        &self,
        evaluation: &Evaluation<'_>,
    ) -> impl Fn(Stage, usize, usize) -> bool + use<'_> {
        let checks = evaluation.checks.iter().zip(&self.checks);
        let checks = checks.map(|(check, again)| ((check.plan, check.control), again));
        let checks: FxHashMap<(usize, usize), &Again> = checks.collect();
        move |stage, plan, control| {
            // Of a control without a check everything is always said.
            let again = || checks.get(&(plan, control)).copied().unwrap_or(&Again::Nothing);
            match stage {
                Stage::Item(key) => self.changed.contains(&ItemKey(key)),
                Stage::Joined(key) => match again() {
                    Again::Nothing => false,
                    Again::Joined(subjects) => subjects.contains(&key),
                    Again::All => true,
                },
                Stage::Together => matches!(again(), Again::All),
                Stage::Always => true,
            }
        }
    }

    /// Counts what was to be judged again item by item as all to be judged: the items that are needed are known for a
    /// moment that has passed. What the workers kept is forgotten.
    pub fn widen(&mut self, evaluation: &Evaluation<'_>, workers: &mut [Evaluator<'_, '_>]) {
        for (check, again) in evaluation.checks.iter().zip(&mut self.checks) {
            if matches!(again, Again::Joined(_)) {
                *again = Again::All;
                self.types.extend(check.reads().cloned());
            }
        }
        self.joined_types.clear();
        self.joined.clear();
        for worker in workers {
            worker.keep = Keep::default();
        }
    }

    /// Adds what a check judges again of what it joins.
    fn join(&mut self, check: &PreparedCheck<'_>, rejoined: Rejoined) -> Again {
        let Rejoined { subjects, partners } = rejoined;
        self.joined.extend(&subjects);
        self.joined.extend(&partners);
        self.joined_types.extend(check.reads().cloned());
        Again::Joined(subjects)
    }

    pub(super) fn again(&self, check: usize) -> &Again {
        self.checks.get(check).unwrap_or(&Again::All)
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
        by_time.flat_map(PreparedCheck::reads).cloned().collect()
    }

    /// What has to be judged again where items of these types changed: `changed` are the keys of all that may be
    /// another than before, those of items that are gone among them, and the workers were given those that are there
    /// ([`Evaluator::keyed_item`]). Nothing where that is all there is.
    ///
    /// What the workers kept of these items is taken, and `state` knows of their joins then: [`Self::update`] has to
    /// follow, or `state` is of no use any more.
    #[must_use]
    pub fn affected(
        &self,
        state: &mut IncrementalState,
        workers: &mut [Evaluator<'_, 'p>],
        (types, changed): (&BTreeSet<ResourceType>, FxHashSet<ItemKey>),
    ) -> Option<Affected> {
        // What rules report of several types stands in items of one.
        let is_of_rules = |name: &ResourceType| name.as_str() == rule_types::COMPLIANCE;
        let are_rules_kept = || self.types.values().any(is_kept_of_rules);
        if types.iter().any(is_of_rules) && are_rules_kept() {
            return None;
        }
        let is_known = |name: &&ResourceType| self.types.contains_key(name.as_str());
        let of_types: BTreeSet<&ResourceType> = types.iter().filter(is_known).collect();
        let keeps: Vec<Keep> = workers.iter_mut().map(|it| mem::take(&mut it.keep)).collect();
        let mut affected = Affected {
            checks: Vec::with_capacity(self.checks.len()),
            is_global: of_types.iter().any(|name| is_global(name.as_str())),
            types: BTreeSet::new(),
            joined_types: BTreeSet::new(),
            joined: FxHashSet::default(),
            changed,
        };
        let mut judge = Judge::new(self.plans, &self.budgets, self.now);
        for (at, check) in self.checks.iter().enumerate() {
            let is_alone = check.way == Way::Alone;
            let is_concerned = if is_alone {
                affected.is_global && check.expression.resource_types.iter().any(is_global_type)
            } else {
                check.reads().any(|name| of_types.contains(name))
            };
            let again = if is_concerned {
                let index = state.joins.remove(&at);
                let known = index.filter(|_| !joins_global(check, &of_types));
                let rejoined = known.and_then(|mut index| {
                    let change = (keeps.as_slice(), &affected.changed);
                    let rejoined = self.rejoin((check, &mut judge), &mut index, change)?;
                    state.joins.insert(at, index);
                    Some(rejoined)
                });
                rejoined.map_or(Again::All, |rejoined| affected.join(check, rejoined))
            } else {
                Again::Nothing
            };
            let needs_all = |name: &&ResourceType| match again {
                Again::Nothing => false,
                // Of these several copies are brought together.
                Again::Joined(_) => is_global_type(name),
                Again::All => !is_alone || is_global_type(name),
            };
            affected.types.extend(check.reads().filter(needs_all).cloned());
            affected.checks.push(again);
        }
        self.also_needed(&mut affected);
        Some(affected)
    }

    /// Adds the types that are needed again because others are.
    fn also_needed(&self, affected: &mut Affected) {
        let Affected { types, .. } = affected;
        if affected.is_global {
            // Their resources are counted, whoever judges them.
            let global = self.types.values().filter(|entry| entry.is_global);
            types.extend(global.map(|entry| entry.name.clone()));
        }
        if types.iter().any(|name| rule_types::is_rule(name.as_str())) {
            // AWS Config records what rules say in items of a type of its own.
            let recorded = self.types.get(rule_types::COMPLIANCE);
            types.extend(recorded.map(|entry| entry.name.clone()));
        }
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
        let mut joins = JoinIndexes::default();
        let unfinished = Unfinished { workers, coverage, affected: None, joins: Some(&mut joins) };
        let mut together = Outcome::default();
        let whole = self.finish_from(Outcome::of(self.plans), unfinished, results, |of_several| {
            together = of_several;
            alone.plus(&together)
        });
        let lasts = all_placed && whole.internal.is_empty() && !whole.is_budget_spent;
        (whole, lasts.then_some(IncrementalState { items, alone, together, joins }))
    }

    /// Judges again what is affected, and sums up. The workers have to have been given what is needed again since
    /// ([`Evaluator::keep_item`]). Gives nothing, and `state` is of no use any more, where only a whole evaluation can
    /// tell: results that were passed on are to be forgotten then.
    pub fn update(
        &self,
        state: &mut IncrementalState,
        workers: Vec<Evaluator<'_, 'p>>,
        affected: &Affected,
        coverage: &Coverage,
        results: &mut dyn Results,
    ) -> Option<Outcome> {
        let mut workers = workers;
        if workers.iter().any(|worker| !worker.unplaced.is_empty() || worker.judge.lost.is_some()) {
            return None;
        }
        for key in &affected.changed {
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
        self.take_back_joined(state, affected)?;
        if affected.includes_global() {
            state.together.forget_items();
        }
        let IncrementalState { alone, together, joins, .. } = state;
        let unfinished =
            Unfinished { workers, coverage, affected: Some(affected), joins: Some(joins) };
        let whole = self.finish_from(Outcome::of(self.plans), unfinished, results, |of_several| {
            together.merge(&of_several);
            alone.plus(together)
        });
        let lasts = whole.internal.is_empty() && !whole.is_budget_spent;
        lasts.then_some(whole)
    }

    /// Takes back what is judged again of what came of several items. Nothing where it is not known what that was.
    fn take_back_joined(&self, state: &mut IncrementalState, affected: &Affected) -> Option<()> {
        let IncrementalState { together, joins, .. } = state;
        for (at, (check, again)) in self.checks.iter().zip(&affected.checks).enumerate() {
            match again {
                Again::Nothing => {}
                Again::Joined(subjects) => {
                    let index = joins.get_mut(&at)?;
                    let counted = subjects.iter().filter_map(|key| index.take_verdict(*key, check));
                    counted.for_each(|counted| together.uncount(counted));
                }
                Again::All => together.forget(check.plan, check.control),
            }
        }
        Some(())
    }
}

/// Whether results of a rule are kept until all have come.
fn is_kept_of_rules(entry: &TypeEntry<'_>) -> bool {
    rule_types::is_rule(entry.name.as_str()) && entry.need.keep.is_some()
}

fn is_global_type(name: &ResourceType) -> bool {
    is_global(name.as_str())
}

/// Whether a check reads one of these types that is global.
fn joins_global(check: &PreparedCheck<'_>, types: &BTreeSet<&ResourceType>) -> bool {
    check.reads().any(|name| is_global_type(name) && types.contains(name))
}

fn asks_for_time(expression: &CompiledExpression) -> bool {
    let mut programs = expression.programs();
    programs.any(|program| program.projection(slots::NOW) != Projection::NOTHING)
}
