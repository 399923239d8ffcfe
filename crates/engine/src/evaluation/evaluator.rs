//! Takes items one by one, on one thread.

use std::mem;

use bumpalo::Bump;
use rustc_hash::FxHashSet;

use super::judge::{At, Judge};
use super::keep::Keep;
use super::ledger::{ItemKey, Ledgers};
use super::places::TargetByPlan;
use super::prepared::{Evaluation, TypeEntry};
use super::result::{EvaluationResult, Results};
use model::{ConfigurationItem, InternalError, InternalPlace, rule_types};

/// Takes items one by one, on one thread: judges what can be judged alone, and keeps what has to
/// wait for others.
pub struct Evaluator<'e, 'p> {
    evaluation: &'e Evaluation<'p>,
    pub(super) judge: Judge,
    pub(super) keep: Keep,
    /// What items came to, of which somebody asks.
    ledgers: Ledgers,
    /// Types of items that do not say where they belong.
    pub(super) unplaced: FxHashSet<u32>,
    scratch: Bump,
}

impl<'e, 'p> Evaluator<'e, 'p> {
    pub(super) fn new(evaluation: &'e Evaluation<'p>) -> Self {
        Self {
            evaluation,
            judge: Judge::new(evaluation.plans, &evaluation.budgets, evaluation.now),
            keep: Keep::default(),
            ledgers: Ledgers::default(),
            unplaced: FxHashSet::default(),
            scratch: Bump::new(),
        }
    }

    /// Takes one item, read by [`Evaluation::reading`] or more. A deleted resource is no resource.
    pub fn item(&mut self, item: &ConfigurationItem<'_>, results: &mut dyn Results) {
        self.judge.outcome.items += 1;
        self.take(ItemKey::default(), item, Use::JudgedAndKept, results);
    }

    /// Does the same, and remembers what the item came to, so that a later evaluation can go on from there.
    pub fn keyed_item(
        &mut self,
        key: ItemKey,
        item: &ConfigurationItem<'_>,
        results: &mut dyn Results,
    ) {
        self.judge.ledger.begin();
        self.judge.outcome.items += 1;
        self.take(key, item, Use::JudgedAndKept, results);
        self.remember(key);
    }

    /// Takes one item, changed or not, that is needed again.
    pub fn keep_item(&mut self, key: ItemKey, item: &ConfigurationItem<'_>) {
        self.take(key, item, Use::Kept, &mut |_: &EvaluationResult<'_>| {});
    }

    fn remember(&mut self, key: ItemKey) {
        let Self { judge, ledgers, .. } = self;
        judge.ledger.finish(|ledger| ledgers.insert(key, ledger));
    }

    /// Hands over what items came to.
    pub(super) fn take_ledgers(&mut self) -> Ledgers {
        mem::take(&mut self.ledgers)
    }

    fn take(
        &mut self,
        key: ItemKey,
        item: &ConfigurationItem<'_>,
        use_: Use,
        results: &mut dyn Results,
    ) {
        // Nobody asked for other types and accounts.
        let Some(entry) = self.evaluation.types.get(item.resource_type) else { return };
        if item.status.is_deleted() {
            return;
        }
        if item.account_id.is_empty() || item.region.is_empty() {
            self.unplaced.insert(entry.number);
            return;
        }
        if item.resource_type == rule_types::COMPLIANCE {
            self.compliance(key, item, use_, results);
        }
        let Some(account) = self.evaluation.places.account(item.account_id) else { return };
        if let Some(projection) = &entry.need.keep {
            self.keep.put((entry.number, account.number, key), item, projection);
        }
        if use_ == Use::JudgedAndKept
            && !entry.is_global
            && let Some(targets) = account.targets(item.region, false)
        {
            judge_alone(&mut self.judge, self.evaluation, entry, targets, item, results);
        }
    }

    /// Takes what rules say of a resource, each as a result of its own.
    fn compliance(
        &mut self,
        key: ItemKey,
        item: &ConfigurationItem<'_>,
        use_: Use,
        results: &mut dyn Results,
    ) {
        let evaluation = self.evaluation;
        let Some(account) = evaluation.places.account(item.account_id) else { return };
        self.scratch.reset();
        for (resource_type, result) in evaluation.rules.results(item, &self.scratch) {
            let Some(entry) = evaluation.types.get(resource_type) else { continue };
            let result = ConfigurationItem { resource_type, ..result };
            if let Some(projection) = &entry.need.keep {
                self.keep.put((entry.number, account.number, key), &result, projection);
            }
            if use_ == Use::JudgedAndKept
                && !entry.is_global
                && let Some(targets) = account.targets(item.region, false)
            {
                judge_alone(&mut self.judge, evaluation, entry, targets, &result, results);
            }
        }
    }
}

/// What is made of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Checks run that judge it alone, and it is kept for those that need others, too.
    JudgedAndKept,
    /// It is kept alone.
    Kept,
}

/// Runs the checks that judge a resource alone.
pub(super) fn judge_alone<'a, 'p: 'a>(
    judge: &mut Judge,
    evaluation: &Evaluation<'p>,
    entry: &TypeEntry<'p>,
    targets: &TargetByPlan,
    item: &ConfigurationItem<'a>,
    results: &mut dyn Results,
) {
    for at in &entry.need.alone {
        let Some(check) = evaluation.checks.get(*at) else {
            judge.lose(InternalError::new(InternalPlace::Outcome, "a check is missing"));
            continue;
        };
        if let Some(target) = targets.get(check.plan) {
            judge.resource(At { check, target }, item, Ok(None), results);
        }
    }
    judge.count_item(&entry.judging_plans, |plan| targets.get(plan));
}
