//! Everything about an evaluation that is settled before the first item comes.

use std::sync::Arc;

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use super::budget::RoundBudgets;
use super::check::PreparedCheck;
use super::evaluator::Evaluator;
use super::needs::{Need, needs};
use super::places::Places;
use super::rules::{RuleNames, Rules};
use crate::plan::Plan;
use cel::{Projection, Timestamp};
use model::{ResourceType, is_global};

/// One evaluation of all plans, as of one moment.
///
/// ```no_run
/// # use engine::evaluation::{Coverage, Evaluation, EvaluationResult};
/// # fn example(plans: &[engine::plan::Plan], now: cel::Timestamp,
/// #     items: &[model::ConfigurationItem<'_>], coverage: &Coverage) {
/// let arena = bumpalo::Bump::new();
/// let evaluation = Evaluation::new(plans, now, &arena);
/// let mut print = |result: &EvaluationResult<'_>| println!("{}", result.verdict);
/// let mut worker = evaluation.worker();            // one on each thread
/// for item in items {
///     worker.item(item, &mut print);
/// }
/// let outcome = evaluation.finish(vec![worker], coverage, &mut print);
/// # }
/// ```
#[derive(Debug)]
pub struct Evaluation<'p> {
    pub(super) plans: &'p [Plan],
    pub(super) now: Timestamp,
    pub(super) checks: Vec<PreparedCheck<'p>>,
    pub(super) types: FxHashMap<&'p str, TypeEntry<'p>>,
    pub(super) places: Places<'p>,
    pub(super) rules: Rules<'p>,
    pub(super) budgets: Arc<RoundBudgets>,
}

/// A resource type that some check reads.
#[derive(Debug)]
pub(super) struct TypeEntry<'p> {
    pub(super) number: u32,
    pub(super) name: &'p ResourceType,
    /// Whether its resources belong to an account as a whole.
    pub(super) is_global: bool,
    pub(super) need: Need,
    /// The plans with a control that judges resources of the type.
    pub(super) judging_plans: Vec<usize>,
}

impl<'p> Evaluation<'p> {
    /// Prepares an evaluation of `plans` as of `now`. Parameters are put into `arena`.
    #[must_use]
    pub fn new(plans: &'p [Plan], now: Timestamp, arena: &'p Bump) -> Self {
        let checks = PreparedCheck::of(plans, now, arena);
        let types = needs(&checks).into_iter().zip(0..).map(|((name, need), number)| {
            let mut judging_plans: Vec<usize> = checks
                .iter()
                .filter(|check| check.expression.resource_types.contains(name))
                .map(|check| check.plan)
                .collect();
            judging_plans.dedup();
            let is_global = is_global(name.as_str());
            (name.as_str(), TypeEntry { number, name, is_global, need, judging_plans })
        });
        let types = types.collect();
        let rules = Rules::new(&checks);
        let budgets = Arc::new(RoundBudgets::of(plans));
        Self { plans, now, checks, types, places: Places::new(plans), rules, budgets }
    }

    /// The same, knowing where the results of AWS Config rules stand.
    #[must_use]
    pub fn with_rules(self, names: RuleNames) -> Self {
        Self { rules: self.rules.with(names), ..self }
    }

    /// The same with so large a budget for the expressions of each namespace, such as
    /// [`EXPRESSION_BUDGET`](super::EXPRESSION_BUDGET).
    #[must_use]
    pub fn limited_to(self, budget: u64) -> Self {
        Self { budgets: Arc::new(RoundBudgets::of(self.plans).limited_to(budget)), ..self }
    }

    /// What is read of which type: items of other types need not be given, nor other fields.
    #[must_use]
    pub fn reading(&self) -> Vec<(ResourceType, Projection)> {
        let types = self.types.values();
        types.map(|entry| (entry.name.clone(), entry.need.read.clone())).collect()
    }

    /// A worker: one for each thread.
    #[must_use]
    pub fn worker(&self) -> Evaluator<'_, 'p> {
        Evaluator::new(self)
    }

    /// The type of that number.
    pub(super) fn type_of(&self, number: u32) -> Option<&TypeEntry<'p>> {
        self.types.values().find(|entry| entry.number == number)
    }
}
