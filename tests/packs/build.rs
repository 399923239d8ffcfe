//! Puts an account together from the cases of the controls' own tests.

use std::sync::LazyLock;

use api::{ControlTestCase, ControlTestSpec, Expectation};
use engine::catalog::built_in_tests;
use engine::plan::{Plan, PlannedControl};
use model::Verdict;
use serde_json::Value as Json;

use crate::account::{How, joined, tag};
use crate::plan::{Found, REGION, evaluate, part};

/// What an account is to show of every control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Something is compliant and nothing else than that, but what a control does not apply to.
    Fulfilled,
    /// Something is drift.
    Drift,
}

impl Goal {
    /// How much of a control is not as it should be.
    fn lacks(self, of_control: &[Found]) -> usize {
        let is = |verdict| of_control.iter().any(|found| found.verdict == verdict);
        let is_fine =
            |found: &&Found| matches!(found.verdict, Verdict::Compliant | Verdict::NotApplicable);
        match self {
            Self::Fulfilled => {
                usize::from(!is(Verdict::Compliant))
                    + of_control.iter().filter(|found| !is_fine(found)).count()
            }
            Self::Drift => usize::from(!is(Verdict::NonCompliant)),
        }
    }

    fn verdict(self) -> Verdict {
        match self {
            Self::Fulfilled => Verdict::Compliant,
            Self::Drift => Verdict::NonCompliant,
        }
    }
}

/// Puts an account together.
struct Builder<'p> {
    plan: &'p Plan,
    goal: Goal,
    /// What the cases of each control show of the goal, by the control's place in the plan.
    candidates: Vec<Vec<Vec<Json>>>,
}

/// The items of an account that shows this of every control of the plan.
///
/// Control by control, the first case is taken with which everything so far can be reached, by further
/// cases where need be. A control that finds none goes before the others, and all begins again.
///
/// # Errors
///
/// The control that finds no place, and beside which others.
pub(crate) fn build(plan: &Plan, goal: Goal) -> Result<Vec<Json>, String> {
    let candidates = plan.controls.iter().map(|planned| candidates(plan, planned, goal)).collect();
    let builder = Builder { plan, goal, candidates };
    let mut order: Vec<usize> = (0..plan.controls.len()).collect();
    let mut problem = String::new();
    for _ in 0..order.len() {
        match builder.attempt(&order) {
            Ok(items) => return Ok(items),
            Err((at, what)) => {
                problem = what;
                if at == 0 {
                    break;
                }
                order[..=at].rotate_right(1);
            }
        }
    }
    Err(problem)
}

impl Builder<'_> {
    fn attempt(&self, order: &[usize]) -> Result<Vec<Json>, (usize, String)> {
        let mut items = Vec::new();
        for (at, control) in order.iter().enumerate() {
            let so_far = &order[..=at];
            let lacking = self.lacking(&[*control], &items);
            if lacking > 0 {
                let found = self.with(*control, so_far, &items, lacking);
                let name = |at: usize| self.plan.controls[at].control.name.as_str();
                let before: Vec<&str> = order[..at].iter().map(|at| name(*at)).collect();
                let what =
                    format!("{} finds no place beside [{}]", name(*control), before.join(", "));
                items = found.ok_or((at, what))?;
            }
        }
        Ok(items)
    }

    /// The items with a case that brings the control nearer, and with what all controls so far lack then.
    fn with(
        &self,
        control: usize,
        so_far: &[usize],
        items: &[Json],
        lacking: usize,
    ) -> Option<Vec<Json>> {
        let mut nearer = self
            .joins(control, items, &How::ALL)
            .filter(|next| self.lacking(&[control], next) < lacking);
        nearer.find_map(|next| self.repaired(so_far, next))
    }

    /// The items with what the controls lack; nothing where no case brings it nearer.
    fn repaired(&self, controls: &[usize], mut items: Vec<Json>) -> Option<Vec<Json>> {
        let mut lacking = self.lacking(controls, &items);
        while lacking > 0 {
            let lack = |control: &&usize| self.lacking(&[**control], &items) > 0;
            let nearer = controls.iter().filter(lack).find_map(|control| {
                self.joins(*control, &items, &[How::CaseWins, How::AccountWins])
                    .find(|next| self.lacking(controls, next) < lacking)
            });
            items = nearer?;
            lacking = self.lacking(controls, &items);
        }
        Some(items)
    }

    /// The items with each case of the control.
    fn joins(
        &self,
        control: usize,
        items: &[Json],
        hows: &[How],
    ) -> impl Iterator<Item = Vec<Json>> {
        let cases = self.candidates[control].iter();
        cases.flat_map(move |case| {
            hows.iter().map(move |how| {
                let mut items = joined(items, case, *how);
                if self.goal == Goal::Fulfilled {
                    items.iter_mut().for_each(tag);
                }
                items
            })
        })
    }

    fn lacking(&self, controls: &[usize], items: &[Json]) -> usize {
        let verdicts = evaluate(&part(self.plan, controls), items);
        let names = controls.iter().map(|at| self.plan.controls[*at].control.name.as_str());
        names.map(|name| self.goal.lacks(verdicts.get(name).map_or(&[], Vec::as_slice))).sum()
    }
}

static TESTS: LazyLock<Vec<ControlTestSpec>> = LazyLock::new(|| {
    let (tests, mistakes) = built_in_tests();
    assert!(mistakes.is_empty(), "{} mistakes in the files of tests", mistakes.len());
    tests.into_iter().map(|test| test.object.spec).collect()
});

/// What the control's own cases show of the goal, each with the items that it takes.
fn candidates(plan: &Plan, planned: &PlannedControl, goal: Goal) -> Vec<Vec<Json>> {
    let place = plan.controls.iter().position(|it| it.control.name == planned.control.name);
    let alone = part(plan, &[place.unwrap()]);
    let own = TESTS.iter().filter(|test| test.control == planned.control.name);
    let cases = own.flat_map(|test| &test.cases).filter(|case| case.not_recorded.is_empty());
    let is_expected =
        |expected: &&Expectation| expected.verdict.as_str() == goal.verdict().as_str();
    let of_case = |case: &'static ControlTestCase| {
        let expected = case.expect.iter().filter(is_expected);
        expected.flat_map(|expected| taken(case, expected, &alone, goal)).collect::<Vec<_>>()
    };
    cases.flat_map(of_case).collect()
}

/// The items that a verdict takes, and none that make no difference to it. Of a region or account,
/// where nothing at all may be enough, all of them, and each by itself.
fn taken(
    case: &ControlTestCase,
    expected: &Expectation,
    alone: &Plan,
    goal: Goal,
) -> Vec<Vec<Json>> {
    let is_of_region = |item: &&Json| match &expected.region {
        Some(region) => item["awsRegion"].as_str().unwrap_or(REGION) == region.as_str(),
        None => true,
    };
    let items: Vec<Json> = case.items.iter().filter(is_of_region).cloned().collect();
    let mut items = joined(&[], &items, How::Beside);
    let Some(id) = expected.resource_id.as_deref() else {
        let each = items.iter().map(|item| vec![item.clone()]).collect::<Vec<_>>();
        return [each, vec![items]].concat();
    };
    let is_reached = |items: &[Json]| {
        let verdicts = evaluate(alone, items);
        let mut of_subject =
            verdicts.values().flatten().filter(|found| found.id.as_deref() == Some(id));
        of_subject.any(|found| found.verdict == goal.verdict())
    };
    for at in (0..items.len()).rev() {
        let without = [&items[..at], &items[at + 1..]].concat();
        if is_reached(&without) {
            items = without;
        }
    }
    vec![items]
}
