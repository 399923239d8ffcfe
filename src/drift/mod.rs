//! Compares verdicts with the findings already published, and says what to publish.
//!
//! Pure: the same verdicts, known findings and time give the same changes. What was not read
//! completely neither resolves nor archives a finding, and a second comparison against what the
//! first one published changes nothing.

pub mod asff;
mod change;
mod comparison;
mod fate;
mod finding;
mod fingerprint;
#[cfg(test)]
pub(crate) mod fixture;
mod heartbeat;
mod id;
mod known;
mod leftover;
mod summary;
#[cfg(test)]
mod tests;
mod transition;

pub use change::{Drift, FindingChange};
pub use comparison::Comparison;
pub(crate) use finding::speaks_of_now;
pub use finding::{Finding, FindingResource, FindingStatus, Generator, Workflow};
pub use fingerprint::Fingerprint;
pub use id::{FindingId, Installation};
pub use known::KnownFindings;
pub use leftover::Leftovers;
pub use summary::{ControlDrift, ControlUnknown, Summaries, Summary, TargetSummary};
