//! Brings controls and configuration items together, and says what each control makes of each.
//!
//! Pure and streaming: items come one by one, in any order and on any number of threads, and the
//! same items give the same verdicts. What was not recorded, not readable, or failed to evaluate
//! is `Unknown` with a reason; no way leads from there to `Compliant`.

mod check;
mod concern;
mod control_test;
#[cfg(test)]
mod corruption;
mod coverage;
mod explain;
mod finish;
#[cfg(test)]
mod fixture;
mod judge;
mod keep;
mod mask;
mod needs;
mod outcome;
mod places;
mod prepared;
mod result;
#[cfg(test)]
mod tests;
mod worker;

pub use control_test::{CaseReport, Mismatch, TestReport, run_control_test};
pub use coverage::Coverage;
pub use mask::masked_reading;
pub use outcome::{ControlOutcome, Counts, Outcome, PlanOutcome, TargetOutcome};
pub use prepared::Evaluation;
pub use result::{EvaluationResult, FieldReading, Results, Subject};
pub use worker::Worker;
