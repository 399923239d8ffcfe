//! How much the expressions of one namespace may compute in one evaluation, so that nobody's controls
//! hold up the verdicts of others.
//!
//! Each run is bounded by itself, and most runs take hundreds of steps: those cost nothing here,
//! however many there are. What a run takes beyond that draws on the budget of its baseline's
//! namespace. A spent budget makes verdicts unknown, and concerns no other namespace.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::plan::Plan;

/// Steps of a run that cost nothing.
const FREE: u64 = 10_000;
/// Steps beyond those, of all runs of a namespace in one evaluation, where several namespaces share an
/// operator: some 20 to 60 seconds of one processor.
pub const EXPRESSION_BUDGET: u64 = 2_000_000_000;

/// What the namespaces of some plans have left for one evaluation.
#[derive(Debug)]
pub(super) struct RoundBudgets {
    /// The place in `spent` of each plan.
    by_plan: Vec<usize>,
    /// What was spent, by namespace.
    spent: Vec<AtomicU64>,
    budget: u64,
}

impl RoundBudgets {
    pub(super) fn of(plans: &[Plan]) -> Self {
        let mut namespaces: Vec<&str> = Vec::new();
        let by_plan = plans.iter().map(|plan| {
            let namespace = plan.baseline.namespace.as_str();
            namespaces.iter().position(|known| *known == namespace).unwrap_or_else(|| {
                namespaces.push(namespace);
                namespaces.len() - 1
            })
        });
        let by_plan = by_plan.collect();
        let spent = namespaces.iter().map(|_| AtomicU64::new(0)).collect();
        Self { by_plan, spent, budget: u64::MAX }
    }

    /// The same with so large a budget for each namespace.
    pub(super) fn limited_to(self, budget: u64) -> Self {
        Self { budget, ..self }
    }

    /// Whether nothing of a plan may run any more.
    pub(super) fn is_spent(&self, plan: usize) -> bool {
        self.of_plan(plan).is_none_or(|spent| spent.load(Ordering::Relaxed) >= self.budget)
    }

    /// Whether some namespace has nothing left.
    pub(super) fn is_any_spent(&self) -> bool {
        self.spent.iter().any(|spent| spent.load(Ordering::Relaxed) >= self.budget)
    }

    /// A run of a plan took so many steps.
    pub(super) fn spend(&self, plan: usize, steps: u64) {
        let beyond = steps.saturating_sub(FREE);
        if beyond > 0
            && let Some(spent) = self.of_plan(plan)
        {
            spent.fetch_add(beyond, Ordering::Relaxed);
        }
    }

    fn of_plan(&self, plan: usize) -> Option<&AtomicU64> {
        self.spent.get(*self.by_plan.get(plan)?)
    }
}

#[cfg(test)]
mod rounds;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::fixture::plan;

    #[test]
    fn namespaces_spend_apart_and_cheap_runs_cost_nothing() {
        let in_namespace = |namespace: &str| {
            let mut plan = plan(&[]);
            plan.baseline.namespace = namespace.to_owned();
            plan
        };
        let plans = ["one", "other", "one"].map(in_namespace);
        let budgets = RoundBudgets::of(&plans).limited_to(50);
        (0..1000).for_each(|_| budgets.spend(0, FREE));
        assert!(!budgets.is_spent(0));
        budgets.spend(0, FREE + 30);
        assert!(!budgets.is_spent(2));
        budgets.spend(2, FREE + 30);
        assert_eq!([0, 1, 2].map(|plan| budgets.is_spent(plan)), [true, false, true]);
    }
}
