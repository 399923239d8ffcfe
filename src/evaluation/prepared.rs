//! Everything about an evaluation that is settled before the first item comes.

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use super::check::Check;
use super::needs::{Need, needs};
use super::places::Places;
use super::worker::Worker;
use crate::plan::Plan;
use crate::resource::{Projection, ResourceType, Timestamp, is_global};

/// One evaluation of all plans, as of one moment.
///
/// ```no_run
/// # use plumbline::evaluation::{Coverage, Evaluation, EvaluationResult};
/// # fn example(plans: &[plumbline::plan::Plan], now: plumbline::resource::Timestamp,
/// #     items: &[plumbline::resource::ConfigurationItem<'_>], coverage: &Coverage) {
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
    pub(super) checks: Vec<Check<'p>>,
    pub(super) types: FxHashMap<&'p str, TypeEntry<'p>>,
    pub(super) places: Places<'p>,
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
        let checks = Check::of(plans, now, arena);
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
        Self { plans, now, checks, types, places: Places::new(plans) }
    }

    /// What is read of which type: items of other types need not be given, nor other fields.
    #[must_use]
    pub fn reading(&self) -> Vec<(ResourceType, Projection)> {
        let types = self.types.values();
        types.map(|entry| (entry.name.clone(), entry.need.read.clone())).collect()
    }

    /// A worker: one for each thread.
    #[must_use]
    pub fn worker(&self) -> Worker<'_, 'p> {
        Worker::new(self)
    }

    /// The type of that number.
    pub(super) fn type_of(&self, number: u32) -> Option<&TypeEntry<'p>> {
        self.types.values().find(|entry| entry.number == number)
    }
}
