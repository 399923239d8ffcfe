//! Brings controls and configuration items together, and says what each control makes of each.
//!
//! Pure and streaming: items come one by one, in any order and on any number of threads, and the
//! same items give the same verdicts. What was not recorded, not readable, or failed to evaluate
//! is `Unknown` with a reason; no way leads from there to `Compliant`.

mod outcome;
mod result;

pub use outcome::{ControlOutcome, Counts, Outcome, PlanOutcome, TargetOutcome};
pub use result::{EvaluationResult, FieldReading, Results, Subject};
