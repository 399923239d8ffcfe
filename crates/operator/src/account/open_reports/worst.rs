//! The worst results of each baseline in each region, as many as a `Report` may hold.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use engine::catalog::CompiledControl;
use engine::drift::speaks_of_now;
use engine::evaluation::{EvaluationResult, Results, Subject};
use engine::plan::{Plan, Target};
use model::{Owner, Severity, Verdict};

/// What a `Report` lists: what drifts, and what could not be said.
pub(in crate::account) fn is_reported(result: &EvaluationResult<'_>) -> bool {
    result.is_drift() || matches!(result.verdict, Verdict::Unknown(_))
}

/// Keeps the worst results of an evaluation.
#[derive(Debug)]
pub(in crate::account) struct Worst<'p> {
    plans: &'p [Plan],
    most: usize,
    kept: WorstResults,
}

/// The worst results by plan, then by target; within these the worst first.
#[derive(Debug, Default)]
pub(in crate::account) struct WorstResults(Vec<Vec<BTreeSet<Row>>>);

/// One result. What comes first is worse: drift before what is unknown, then by severity.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    rank: Rank,
    /// Which of the plan's controls; they come by name.
    pub(super) control: usize,
    pub(super) resource: ReportedResource,
    pub(super) message: String,
    /// Whom it belongs to, where something is known of it.
    pub(super) owner: Option<Owner>,
}

/// How bad a result is: drift is not unknown, and `false` comes first.
type Rank = (bool, Reverse<Severity>);

/// What a result speaks of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReportedResource {
    /// The type that AWS Config gives it; `Account` or `Region` for one of these as a whole.
    pub(super) kind: String,
    /// Nothing where it is all of the type.
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) arn: Option<String>,
}

impl<'p> Worst<'p> {
    /// Nothing seen yet of these plans. At most so many results of each target are kept.
    pub(in crate::account) fn of(plans: &'p [Plan], most: usize) -> Self {
        let empty = |plan: &Plan| plan.targets.iter().map(|_| BTreeSet::new()).collect();
        Self { plans, most, kept: WorstResults(plans.iter().map(empty).collect()) }
    }

    /// What was kept.
    pub(in crate::account) fn finish(self) -> WorstResults {
        self.kept
    }

    fn keep(&mut self, result: &EvaluationResult<'_>) -> Option<()> {
        let plan = self.plans.get(result.plan)?;
        let planned = plan.controls.get(result.control)?;
        let rows = self.kept.0.get_mut(result.plan)?.get_mut(result.target)?;
        let rank = (!result.is_drift(), Reverse(planned.severity));
        let beyond = |last: &Row| (last.rank, last.control) < (rank, result.control);
        if rows.len() >= self.most && rows.last().is_none_or(beyond) {
            return None;
        }
        let resource = ReportedResource::of(result.subject, plan.targets.get(result.target)?);
        let message = message(result, &planned.control).to_owned();
        let owner = result.ownership(plan).map(|ownership| ownership.owner.into_owned());
        rows.insert(Row { rank, control: result.control, resource, message, owner });
        if rows.len() > self.most {
            rows.pop_last();
        }
        Some(())
    }
}

/// A message that moves with the clock would have the report written at every evaluation.
fn message<'r>(result: &EvaluationResult<'r>, control: &'r CompiledControl) -> &'r str {
    let message = result.message.trim();
    let is_steady = !message.is_empty() && !speaks_of_now(control);
    if is_steady || !result.is_drift() { message } else { &control.spec.title }
}

impl WorstResults {
    /// Those of a plan's target.
    pub(super) fn of(&self, plan: usize, target: usize) -> impl Iterator<Item = &Row> {
        self.0.get(plan).and_then(|plan| plan.get(target)).into_iter().flatten()
    }
}

impl Results for Worst<'_> {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self.keep(result);
    }
}

impl Row {
    pub(super) const fn is_drift(&self) -> bool {
        !self.rank.0
    }

    pub(super) const fn severity(&self) -> Severity {
        self.rank.1.0
    }
}

impl ReportedResource {
    fn of(subject: Subject<'_>, target: &Target) -> Self {
        let of = |kind: &str, id: Option<&str>| Self {
            kind: kind.to_owned(),
            id: id.map(str::to_owned),
            name: None,
            arn: None,
        };
        match subject {
            Subject::Resource { resource_type, id, arn, name, .. } => Self {
                name: name.map(str::to_owned),
                arn: arn.map(str::to_owned),
                ..of(resource_type, Some(id))
            },
            Subject::Unread { resource_type } => of(resource_type, None),
            Subject::Region => of("Region", Some(target.region.as_str())),
            Subject::Account => of("Account", Some(target.account.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::drift::fixture::{bucket, plan, result};
    use model::UnknownReason;

    fn kept<'r>(
        most: usize,
        results: impl IntoIterator<Item = EvaluationResult<'r>>,
    ) -> Vec<String> {
        let plans = [plan(&["first", "second"])];
        let mut worst = Worst::of(&plans, most);
        for result in results {
            worst.result(&result);
        }
        worst.finish().of(0, 0).filter_map(|row| row.resource.id.clone()).collect()
    }

    #[test]
    fn the_worst_are_kept_in_any_order() {
        let unknown = Verdict::Unknown(UnknownReason::Throttled);
        let results = [
            result(bucket("a"), unknown),
            result(bucket("c"), Verdict::NonCompliant),
            result(bucket("b"), Verdict::NonCompliant),
            EvaluationResult { control: 1, ..result(bucket("a"), Verdict::NonCompliant) },
        ];
        assert_eq!(kept(3, results), ["b", "c", "a"]);
        assert_eq!(kept(3, results.into_iter().rev()), ["b", "c", "a"]);
        assert_eq!(kept(9, results), ["b", "c", "a", "a"]);
        assert_eq!(kept(1, results.into_iter().rev()), ["b"]);
    }

    #[test]
    fn only_drift_and_what_is_unknown_is_reported() {
        let exempt =
            EvaluationResult { exemption: Some(0), ..result(bucket("b"), Verdict::NonCompliant) };
        let unknown = result(bucket("b"), Verdict::Unknown(UnknownReason::Stale));
        assert!(is_reported(&unknown) && is_reported(&result(bucket("b"), Verdict::NonCompliant)));
        assert!(!is_reported(&exempt) && !is_reported(&result(bucket("b"), Verdict::Compliant)));
    }
}
