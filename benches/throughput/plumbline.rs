//! The five checks as Plumbline runs them: an item's text in, its verdicts out.

use engine::plan::Resolved;
use std::path::Path;

use bumpalo::Bump;
use cel::Timestamp;
use engine::evaluation::{Coverage, Evaluation, EvaluationResult};
use engine::plan::Plan;
use manifest::load_folder;
use model::{Parsed, Reading, parse_item};

/// The plans of a folder's baselines.
pub(crate) fn plans(folder: &Path) -> Vec<Plan> {
    let (objects, mistakes) = load_folder(folder);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let resolved = Resolved::of(&objects, now());
    assert!(resolved.mistakes.is_empty(), "{:?}", resolved.mistakes);
    resolved.plans
}

/// How often the items drift from the plans, on one thread.
pub(crate) fn drifts(plans: &[Plan], items: &[String]) -> usize {
    let parameters = Bump::new();
    let evaluation = Evaluation::new(plans, now(), &parameters);
    let reading = Reading::new(evaluation.reading());
    let mut drifts = 0;
    let mut count = |result: &EvaluationResult<'_>| drifts += usize::from(result.is_drift());
    let mut worker = evaluation.worker();
    let mut arena = Bump::new();
    for item in items {
        match parse_item(item.as_bytes(), &reading, &arena) {
            Ok(Parsed::Item(item)) => worker.item(&item, &mut count),
            Ok(Parsed::Skipped(_)) => {}
            Err(error) => panic!("{error}"),
        }
        arena.reset();
    }
    evaluation.finish(vec![worker], &Coverage::new(), &mut |_: &EvaluationResult<'_>| {});
    drifts
}

/// The time of the measurements.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T13:00:00Z").unwrap()
}
