//! What becomes of an evaluation when something of its own is not as it was made.
//!
//! Changed in turn: every byte of what is kept, every byte of the names and every number of an
//! entry; the same bytes with digests that agree again, as a mistake in what writes them would leave
//! them; every operand and table of every program of a control of each kind; and every entry of the
//! tables through which types, accounts and checks are found. (Kept items are joined by reference:
//! there is no number of an item that could be another.) In no case does a subject turn Compliant or
//! `NotApplicable`, or go without a word, for which the sound evaluation says something else: it is
//! Unknown with `EvaluationError`, or its control is incomplete in its target and says so, and
//! then nothing of it is resolved or archived.

use std::collections::BTreeMap;
use std::sync::Arc;

use bumpalo::Bump;
use serde_json::{Value as Json, json};

use super::fixture::{NOW, bucket, complete, control, item, plan, planned};
use super::{Evaluation, EvaluationResult, Evaluator, Outcome, Subject};
use crate::catalog::{
    Catalog, CompiledCheck, CompiledControl, CompiledExpression, CompiledRelated,
};
use crate::plan::Plan;
use cel::Program;
use cel::corruption::corrupted;
use model::{InternalPlace, Parsed, Reading, UnknownReason, Verdict, parse_item};

/// A control of each kind: alone, alone and global, joined, of a region, of an account.
const CHECKS: [&str; 5] = [
    "expression: {resourceTypes: ['AWS::S3::Bucket'], appliesTo: 'has(resource.configuration.status)',
        compliant: 'resource.configuration.status in [\"Enabled\", \"On\"]',
        message: '\"versioning is \" + resource.configuration.status'}",
    "expression: {resourceTypes: ['AWS::IAM::Role'], compliant: '!resource.configuration.open'}",
    "expression: {resourceTypes: ['AWS::EC2::VPC'],
        related: [{name: logs, resourceType: 'AWS::EC2::FlowLog', key: resource.id,
            relatedKey: resource.configuration.vpc}],
        compliant: 'related.logs.all(log, log.configuration.active)'}",
    "expression: {resourceTypes: ['AWS::EC2::VPC'], scope: Region,
        compliant: '!resources.exists(vpc, vpc.configuration.isDefault)'}",
    "expression: {resourceTypes: ['AWS::CloudTrail::Trail'], scope: Account,
        compliant: 'resources.exists(trail, trail.configuration.multi)'}",
];

fn items() -> Vec<Json> {
    let vpc = |id: &str, is_default: bool| {
        item("AWS::EC2::VPC", id, json!({"configuration": {"isDefault": is_default}}))
    };
    let log = |id: &str, vpc: &str, active: bool| {
        let configuration = json!({"vpc": vpc, "active": active});
        item("AWS::EC2::FlowLog", id, json!({"configuration": configuration}))
    };
    let role = |id: &str, open: bool| {
        let fields = json!({"awsRegion": "global", "configuration": {"open": open}});
        item("AWS::IAM::Role", id, fields)
    };
    let trail = json!({"configuration": {"multi": true}});
    let mut items = vec![bucket("data", "Enabled"), bucket("logs", "Off")];
    items.extend([vpc("vpc-1", false), vpc("vpc-2", false), vpc("vpc-3", true)]);
    items.extend([log("fl-1", "vpc-1", true), log("fl-2", "vpc-2", false)]);
    items.extend([role("reader", false), role("open", true)]);
    items.push(item("AWS::CloudTrail::Trail", "trail", trail));
    items
}

fn plans() -> [Plan; 1] {
    [plan(&CHECKS)]
}

/// Control, target, subject.
type KeptKey = (usize, usize, String);

struct Said {
    verdicts: BTreeMap<KeptKey, Verdict>,
    outcome: Outcome,
}

/// What an evaluation says after `corrupt` was let at its workers.
fn evaluate(plans: &[Plan], corrupt: &mut dyn FnMut(&mut [Evaluator<'_, '_>])) -> Said {
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut verdicts = BTreeMap::new();
    let mut collect = |result: &EvaluationResult<'_>| {
        let subject = match result.subject {
            Subject::Resource { id, .. } => id.to_owned(),
            other => format!("{other:?}"),
        };
        verdicts.insert((result.control, result.target, subject), result.verdict);
    };
    let mut workers = vec![evaluation.worker(), evaluation.worker()];
    for (at, item) in items().iter().enumerate() {
        let text = arena.alloc_str(&item.to_string());
        if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
            workers[at % 2].item(&item, &mut collect);
        }
    }
    corrupt(&mut workers);
    let outcome = evaluation.finish(workers, &complete(), &mut collect);
    Said { verdicts, outcome }
}

fn sound() -> Said {
    let said = evaluate(&plans(), &mut |_| {});
    assert!(said.outcome.internal.is_empty());
    let kinds = [Verdict::Compliant, Verdict::NonCompliant];
    assert!(kinds.iter().all(|kind| said.verdicts.values().any(|it| it == kind)));
    said
}

/// Whether nothing is said that is better than what the sound evaluation says.
fn assert_never_better(sound: &Said, said: &Said, case: &str) {
    for (key, verdict) in &said.verdicts {
        if matches!(verdict, Verdict::Compliant | Verdict::NotApplicable) {
            assert_eq!(sound.verdicts.get(key), Some(verdict), "{case}: {key:?}");
        }
    }
    for key @ (control, target, subject) in sound.verdicts.keys() {
        let is_unread = |((it, at, _), verdict): (&KeptKey, &Verdict)| {
            (it, at) == (control, target)
                && *verdict == Verdict::Unknown(UnknownReason::EvaluationError)
        };
        let is_said = said.verdicts.contains_key(key);
        let outcome = said.outcome.control(0, *target, *control).unwrap();
        let is_kept = !outcome.complete && said.verdicts.iter().any(is_unread);
        assert!(
            is_said || is_kept,
            "{case}: {subject} of control {control} is gone without a word"
        );
    }
}

#[test]
fn whatever_is_changed_in_what_is_kept_is_noticed_and_makes_nothing_compliant() {
    let (sound, plans) = (sound(), plans());
    let mut cases = 0;
    for mask in [0x01, 0x80, 0xff] {
        for worker in 0..2 {
            for at in 0.. {
                let mut there = false;
                let said = evaluate(&plans, &mut |workers| {
                    there = workers[worker].keep.corrupt(at, mask);
                });
                if !there {
                    break;
                }
                let case = format!("thing {at} of worker {worker} by {mask:#x}");
                let noticed = said.outcome.internal.iter();
                let places: Vec<_> = noticed.map(|(error, _)| error.place).collect();
                assert!(places.contains(&InternalPlace::KeptItem), "{case} is not noticed");
                assert_never_better(&sound, &said, &case);
                cases += 1;
            }
        }
    }
    assert!(cases > 1000, "{cases} cases");
}

#[test]
fn kept_bytes_that_were_written_wrong_are_read_without_a_panic_and_lose_nothing_in_silence() {
    let (plans, mut cases) = (plans(), 0);
    for mask in [0x01, 0x04, 0x80, 0xff] {
        for worker in 0..2 {
            for at in 0.. {
                let mut there = false;
                let said = evaluate(&plans, &mut |workers| {
                    there = workers[worker].keep.corrupt_unnoticed(at, mask);
                });
                if !there {
                    break;
                }
                // Another value of the right kind is all that the bytes say. What cannot be read
                // is counted, and its subject is unknown or its control incomplete.
                if !said.outcome.internal.is_empty() {
                    let error = Verdict::Unknown(UnknownReason::EvaluationError);
                    assert!(said.verdicts.values().any(|verdict| *verdict == error));
                }
                cases += 1;
            }
        }
    }
    assert!(cases > 500, "{cases} cases");
}

/// The check with each change of each of its programs.
fn changed(expression: &CompiledExpression) -> Vec<CompiledExpression> {
    let programs: Vec<Program> = expression.programs().cloned().collect();
    let mut all = Vec::new();
    for at in 0..programs.len() {
        for other in corrupted(&programs[at]) {
            let mut programs = programs.clone();
            programs[at] = other;
            let mut programs = programs.into_iter();
            let mut next = || programs.next().unwrap();
            // In the order of `programs`.
            let applies_to = expression.applies_to.as_ref().map(|_| next());
            let compliant = next();
            let message = expression.message.as_ref().map(|_| next());
            let related = expression.related.iter().map(|related| CompiledRelated {
                name: related.name.clone(),
                resource_type: related.resource_type.clone(),
                key: next(),
                related_key: next(),
            });
            let related = related.collect();
            let resource_types = expression.resource_types.clone();
            let scope = expression.scope;
            all.push(CompiledExpression {
                resource_types,
                scope,
                applies_to,
                related,
                compliant,
                message,
                sensitive: expression.sensitive.clone(),
            });
        }
    }
    all
}

#[test]
fn a_changed_program_of_a_built_in_control_is_not_taken_for_its_own() {
    let (mut sound, mut changes) = (0, 0);
    for control in Catalog::built_in().controls() {
        let CompiledCheck::Expression(expression) = &control.check else { continue };
        for program in expression.programs() {
            assert!(program.is_intact(), "{program:?}");
            let changed = corrupted(program);
            assert!(!changed.iter().any(Program::is_intact), "{program:?}");
            (sound, changes) = (sound + 1, changes + changed.len());
        }
    }
    assert!(sound > 200 && changes > 100 * sound, "{changes} changes of {sound} programs");
}

#[test]
fn a_control_whose_program_was_changed_says_that_nothing_is_known() {
    let (sound, mut plans) = (sound(), plans());
    let mut cases = 0;
    for (at, check) in CHECKS.iter().enumerate() {
        let control = control(&format!("c{}", at + 1), check);
        let CompiledCheck::Expression(expression) = &control.check else { panic!("an expression") };
        for changed in changed(expression) {
            let changed = CompiledControl {
                name: control.name.clone(),
                spec: control.spec.clone(),
                check: CompiledCheck::Expression(changed),
                origin: control.origin,
            };
            plans[0].controls[at] = planned(Arc::new(changed));
            let said = evaluate(&plans, &mut |_| {});
            let case = format!("change {cases} of control {at}");
            assert_never_better(&sound, &said, &case);
            let own = said.verdicts.iter().filter(|((control, ..), _)| *control == at);
            for (key, verdict) in own {
                let error = Verdict::Unknown(UnknownReason::EvaluationError);
                assert_eq!(*verdict, error, "{case}: {key:?}");
            }
            assert!(!said.outcome.internal.is_empty(), "{case}");
            cases += 1;
        }
        plans[0].controls[at] = planned(control);
    }
    assert!(cases > 1000, "{cases} cases");
}

/// Takes something out of an evaluation.
type Loss = Box<dyn Fn(&mut Evaluation<'_>)>;

#[test]
fn an_evaluation_that_misses_an_entry_of_its_own_tables_says_so() {
    let sound = sound();
    let plans = plans();
    let types = ["AWS::S3::Bucket", "AWS::IAM::Role", "AWS::EC2::VPC", "AWS::EC2::FlowLog"];
    let remove: Vec<Loss> = vec![
        Box::new(|evaluation| evaluation.places.forget()),
        Box::new(|evaluation| evaluation.checks.truncate(1)),
    ];
    let forget = types
        .iter()
        .map(|name| -> Loss { Box::new(|evaluation| _ = evaluation.types.remove(*name)) });
    let (parameters, arena) = (Bump::new(), Bump::new());
    for (case, remove) in remove.into_iter().chain(forget).enumerate() {
        let whole = Evaluation::new(&plans, NOW, &parameters);
        let reading = Reading::new(whole.reading());
        let mut evaluation = Evaluation::new(&plans, NOW, &parameters);
        remove(&mut evaluation);
        let mut verdicts = BTreeMap::new();
        let mut collect = |result: &EvaluationResult<'_>| {
            let subject = match result.subject {
                Subject::Resource { id, .. } => id.to_owned(),
                other => format!("{other:?}"),
            };
            verdicts.insert((result.control, result.target, subject), result.verdict);
        };
        let mut worker = evaluation.worker();
        for item in items() {
            let text = arena.alloc_str(&item.to_string());
            if let Parsed::Item(item) = parse_item(text.as_bytes(), &reading, &arena).unwrap() {
                worker.item(&item, &mut collect);
            }
        }
        let outcome = evaluation.finish(vec![worker], &complete(), &mut collect);
        for ((control, target, subject), verdict) in &sound.verdicts {
            let key = (*control, *target, subject.clone());
            let now = verdicts.get(&key);
            let complete = outcome.control(0, *target, *control).unwrap().complete;
            let unknown = Some(&Verdict::Unknown(UnknownReason::EvaluationError));
            assert!(now == Some(verdict) || now == unknown || !complete, "{case}: {key:?} {now:?}");
        }
    }
}
