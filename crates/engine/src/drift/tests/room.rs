//! A baseline has at most so many findings in one account; what does not fit is counted.

use super::super::fixture::{at, bucket, plan, publish, result};
use super::super::{Comparison, Drift, KnownFindings, Publisher};
use crate::evaluation::{EvaluationResult, Outcome};
use crate::plan::Plan;
use model::{Severity, UnknownReason, Verdict};

fn compare(
    plans: &[Plan],
    known: &KnownFindings,
    results: &[EvaluationResult<'_>],
    most: usize,
) -> Drift {
    let publisher = Publisher::default();
    let mut comparison = Comparison::new(plans, known, &publisher, at(0)).of_at_most(most);
    for result in results {
        comparison.observe(result);
    }
    let mut outcome = Outcome::of(plans);
    let targets = outcome.plans.iter_mut().flat_map(|plan| &mut plan.targets);
    targets.flat_map(|target| &mut target.controls).for_each(|it| it.complete = true);
    comparison.finish(&outcome)
}

fn of(ids: &[&'static str], verdict: Verdict) -> Vec<EvaluationResult<'static>> {
    ids.iter().map(|id| result(bucket(id), verdict)).collect()
}

#[test]
fn what_does_not_fit_is_counted_until_something_is_fixed() {
    let mut plans = [plan(&["s3-bucket-versioning"])];
    plans[0].controls[0].severity = Severity::High;
    let mut known = KnownFindings::new();
    let drift = compare(&plans, &known, &of(&["a", "b", "c", "d"], Verdict::NonCompliant), 2);
    assert_eq!((publish(&mut known, &drift), drift.left_out), (vec!["opened"; 2], vec![2]));
    assert_eq!(drift.summary[0].counts.non_compliant, 0, "the outcome counts, not the comparison");

    // The same again: what stands is not opened twice, and takes nobody else's place.
    let drift = compare(&plans, &known, &of(&["d", "c", "b", "a"], Verdict::NonCompliant), 2);
    assert_eq!((publish(&mut known, &drift), drift.left_out), (vec![], vec![2]));

    let mut results = of(&["a"], Verdict::Compliant);
    results.extend(of(&["b", "c", "d"], Verdict::NonCompliant));
    let drift = compare(&plans, &known, &results, 2);
    assert_eq!(publish(&mut known, &drift), ["resolved"]);
    let drift = compare(&plans, &known, &results, 2);
    assert_eq!((publish(&mut known, &drift), drift.left_out), (vec!["opened"], vec![1]));
}

#[test]
fn the_last_quarter_is_for_what_is_critical_or_high() {
    let opened = |severity| {
        let mut plans = [plan(&["s3-bucket-versioning"])];
        plans[0].controls[0].severity = severity;
        let results = of(&["a", "b", "c", "d", "e"], Verdict::NonCompliant);
        let drift = compare(&plans, &KnownFindings::new(), &results, 4);
        (drift.changes.len(), drift.left_out)
    };
    assert_eq!(opened(Severity::Medium), (3, vec![2]));
    assert_eq!(opened(Severity::Critical), (4, vec![1]));
}

#[test]
fn passed_findings_take_room_as_well() {
    let mut plans = [plan(&["s3-bucket-versioning"])];
    plans[0].publish.passed = true;
    let mut known = KnownFindings::new();
    let drift = compare(&plans, &known, &of(&["a", "b", "c", "d", "e"], Verdict::Compliant), 4);
    assert_eq!((publish(&mut known, &drift), drift.left_out), (vec!["passed"; 3], vec![2]));
    // What is unknown asks for no finding.
    let unknown = Verdict::Unknown(UnknownReason::InsufficientData);
    let drift = compare(&plans, &KnownFindings::new(), &of(&["a", "b", "c", "d"], unknown), 2);
    assert_eq!((drift.changes.len(), drift.left_out), (0, vec![0]));
}

#[test]
fn baselines_and_accounts_have_room_of_their_own() {
    let mut plans = [plan(&["s3-bucket-versioning"]), plan(&["s3-bucket-versioning"])];
    plans[1].baseline.name = "other".to_owned();
    let mut results = of(&["a", "b"], Verdict::NonCompliant);
    results.extend(
        of(&["a", "b"], Verdict::NonCompliant)
            .into_iter()
            .map(|it| EvaluationResult { plan: 1, ..it }),
    );
    let drift = compare(&plans, &KnownFindings::new(), &results, 2);
    // Of two, a quarter rounds to nothing.
    assert_eq!((drift.changes.len(), drift.left_out), (4, vec![0, 0]));
}
