//! One namespace's expressions never hold up another's verdicts, and a verdict that they cost is
//! unknown, not compliant.

use bumpalo::Bump;

use crate::evaluation::fixture::{NOW, bucket, complete, line, plan};
use crate::evaluation::judge::MOST_KEPT;
use crate::evaluation::{Evaluation, EvaluationResult, Outcome};
use crate::plan::Plan;
use model::{Parsed, Reading, Verdict, parse_item};

const VERSIONED: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'],
    compliant: resource.configuration.status == 'Enabled'}";
/// Takes more steps than are free, and finds that all is well.
const COSTLY: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'],
    compliant: 'lists.range(4000).all(i, i < size(resource.id) + 4000)'}";
const JOINED: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'],
    related: [{name: others, resourceType: 'AWS::S3::Bucket',
        key: 'lists.range(4000).all(i, i < size(resource.id) + 4000) ? resource.id : \"\"', relatedKey: resource.id}],
    compliant: 'related.others.size() == 1'}";

fn of_namespace(namespace: &str, checks: &[&str]) -> Plan {
    let mut plan = plan(checks);
    plan.baseline.namespace = namespace.to_owned();
    plan
}

/// The verdicts on ten buckets with so large a budget for each namespace, by plan.
fn evaluate(plans: &[Plan], budget: u64) -> (Vec<(usize, String)>, Outcome) {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, NOW, &parameters).limited_to(budget);
    let reading = Reading::new(evaluation.reading());
    let mut verdicts = Vec::new();
    let mut collect =
        |result: &EvaluationResult<'_>| verdicts.push((result.plan, line(plans, result)));
    let mut worker = evaluation.worker();
    for number in 0..10 {
        let text = arena.alloc_str(&bucket(&format!("b{number}"), "Enabled").to_string());
        if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
            worker.item(&item, &mut collect);
        }
    }
    let outcome = evaluation.finish(vec![worker], &complete(), &mut collect);
    (verdicts, outcome)
}

fn unknown(verdicts: &[(usize, String)], plan: usize) -> usize {
    let of_plan = verdicts.iter().filter(|(of, _)| *of == plan);
    let spent = "Unknown(EvaluationError) control c1 was not evaluated: the expressions of this";
    of_plan.filter(|(_, line)| line.contains(spent)).count()
}

#[test]
fn beyond_the_budget_of_a_namespace_its_verdicts_are_unknown_and_others_stay() {
    let plans = [
        of_namespace("hostile", &[COSTLY]),
        of_namespace("other", &[VERSIONED]),
        of_namespace("hostile", &[COSTLY]),
    ];
    let (verdicts, outcome) = evaluate(&plans, u64::MAX);
    assert_eq!((verdicts.len(), unknown(&verdicts, 0)), (30, 0));
    assert!(outcome.internal.is_empty());

    let (verdicts, _) = evaluate(&plans, 50_000);
    let compliant = |plan: usize| {
        verdicts.iter().filter(|(of, line)| *of == plan && line.ends_with(": Compliant")).count()
    };
    let hostile = unknown(&verdicts, 0) + unknown(&verdicts, 2);
    assert!((10..20).contains(&hostile), "{verdicts:#?}");
    assert_eq!(compliant(0) + compliant(2) + hostile, 20, "nothing is compliant unseen");
    assert_eq!(compliant(1), 10);
}

#[test]
fn keys_of_joins_count_too() {
    let (verdicts, _) = evaluate(&[of_namespace("hostile", &[JOINED])], u64::MAX);
    assert_eq!(unknown(&verdicts, 0), 0, "{verdicts:#?}");
    let (verdicts, _) = evaluate(&[of_namespace("hostile", &[JOINED])], 50_000);
    assert!((5..10).contains(&unknown(&verdicts, 0)), "{verdicts:#?}");
}

#[test]
fn what_one_check_makes_is_gone_before_the_next_one() {
    const WORDY: &str = "expression: {resourceTypes: ['AWS::S3::Bucket'],
        compliant: 'lists.range(4000).all(i, size(resource.id + string(i + 1000000)) > 0)'}";
    let plans = [plan(&[WORDY; 40])];
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(&plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut compliant = 0;
    let mut count = |result: &EvaluationResult<'_>| {
        compliant += usize::from(result.verdict == Verdict::Compliant);
    };
    let mut worker = evaluation.worker();
    let text = arena.alloc_str(&bucket("b", "Enabled").to_string());
    if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
        worker.item(&item, &mut count);
    }
    let kept = worker.judge.scratch.allocated_bytes();
    assert!((1..=MOST_KEPT).contains(&kept), "{kept} bytes");
    assert_eq!(compliant, 40);
}
