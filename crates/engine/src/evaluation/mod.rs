//! Brings controls and configuration items together, and says what each control makes of each.
//!
//! Pure and streaming: items come one by one, in any order and on any number of threads, and the
//! same items give the same verdicts. What was not recorded, not readable, or failed to evaluate
//! is `Unknown` with a reason; no way leads from there to `Compliant`.

mod budget;
mod check;
mod concern;
mod control_test;
#[cfg(test)]
mod corruption;
mod coverage;
mod evaluator;
mod explain;
mod fault;
mod finish;
#[cfg(test)]
mod fixture;
mod incremental;
mod joining;
mod judge;
mod keep;
#[cfg(any(test, feature = "test-support"))]
#[doc(hidden)]
pub mod kept;
mod ledger;
mod mask;
mod needs;
mod outcome;
mod places;
mod prepared;
mod result;
mod rules;
#[cfg(test)]
mod tests;

pub use budget::EXPRESSION_BUDGET;
pub use control_test::{
    CaseReport, ControlCoverage, Mismatch, Share, TestReport, control_coverage, run_control_test,
};
pub use coverage::Coverage;
pub use evaluator::Evaluator;
pub use incremental::{Affected, IncrementalState, Needed};
pub use ledger::ItemKey;
pub use mask::{masked_reading, names_secret};
pub use outcome::{ControlOutcome, Counts, Outcome, PlanOutcome, TargetOutcome};
pub use prepared::Evaluation;
pub use result::{
    EvaluationResult, FieldReading, OwnerTag, OwnerTagPlace, Ownership, Results, Stage, Subject,
    SubjectOwner,
};
pub use rules::{RuleIdentity, RuleNames};
