//! A built-in pack can be fulfilled, and each of its controls can drift.
//!
//! For each pack there is one account in which all of it is compliant, and one in which every control
//! finds drift. Both are put together from the cases of the controls' own tests, so that they follow
//! what the controls read.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod account;
mod build;
mod plan;

use engine::catalog::Catalog;
use engine::plan::Plan;
use model::Verdict;
use serde_json::Value as Json;

use build::{Goal, build};
use plan::{evaluate, of_controls, of_pack};

/// Puts an account together for each pack, and evaluates it by the whole pack.
fn each_pack(goal: Goal, check: impl Fn(&Plan, &[Json]) -> Vec<String>) {
    let mut problems = Vec::new();
    for (name, _) in Catalog::built_in().packs() {
        let plan = of_pack(name, goal == Goal::Fulfilled);
        match build(&plan, goal) {
            Ok(items) => {
                let found = check(&plan, &items);
                eprintln!("{name}: {} controls, {} items", plan.controls.len(), items.len());
                problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
            }
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_built_in_pack_can_be_fulfilled() {
    each_pack(Goal::Fulfilled, |plan, items| {
        let verdicts = evaluate(plan, items);
        let mut problems = Vec::new();
        for planned in &plan.controls {
            let name = planned.control.name.as_str();
            let of_control = verdicts.get(name).map_or(&[][..], Vec::as_slice);
            if !of_control.iter().any(|found| found.verdict == Verdict::Compliant) {
                problems.push(format!("{name} judges nothing"));
            }
            let is_fine = |verdict| matches!(verdict, Verdict::Compliant | Verdict::NotApplicable);
            let bad = of_control.iter().filter(|found| !is_fine(found.verdict));
            problems.extend(bad.map(|found| format!("{name}: {found}")));
        }
        problems
    });
}

#[test]
fn each_control_of_a_built_in_pack_can_drift() {
    each_pack(Goal::Drift, |plan, items| {
        let verdicts = evaluate(plan, items);
        let drifts = |name: &str| {
            let of_control = verdicts.get(name).into_iter().flatten();
            of_control.into_iter().any(|found| found.verdict == Verdict::NonCompliant)
        };
        let names = plan.controls.iter().map(|planned| planned.control.name.as_str());
        names.filter(|name| !drifts(name)).map(|name| format!("{name} does not drift")).collect()
    });
}

/// S3 refuses MFA delete on a bucket with lifecycle rules, and a bucket without is drift.
#[test]
fn controls_that_contradict_each_other_are_not_fulfilled() {
    let contradiction = of_controls(&["s3-bucket-lifecycle", "s3-bucket-mfa-delete"]);
    let problem = build(&contradiction, Goal::Fulfilled).unwrap_err();
    assert!(problem.contains("s3-bucket-"), "{problem}");
    build(&contradiction, Goal::Drift).unwrap();
}
