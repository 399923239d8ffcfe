//! Compares verdicts with the findings already published, and says what to publish.
//!
//! Pure: the same verdicts, known findings and time give the same changes. What was not read
//! completely neither resolves nor archives a finding, and a second comparison against what the
//! first one published changes nothing.

mod archival;
mod archived;
pub mod asff;
mod change;
mod comparison;
mod fate;
mod finding;
mod fingerprint;
#[cfg(any(test, feature = "test-support"))]
#[doc(hidden)]
pub mod fixture;
mod heartbeat;
mod id;
mod known;
mod leftover;
mod owners;
mod parts;
mod publisher;
mod room;
mod summary;
#[cfg(test)]
mod tests;
mod transition;

pub use archival::{ArchivalLimit, Consent, HeldArchivals};
pub use change::{Drift, FindingChange};
pub use comparison::Comparison;
pub use finding::speaks_of_now;
pub use finding::{Finding, FindingResource, FindingStatus, Generator, Workflow};
pub use fingerprint::Fingerprint;
pub(crate) use id::hexadecimal;
pub use id::{FindingId, Installation};
pub use known::KnownFindings;
pub use leftover::Leftovers;
pub use owners::OwnerDrift;
pub use parts::SharedParts;
pub use publisher::{Publisher, PublisherId};
pub use room::MOST_FINDINGS;
pub use summary::{ControlDrift, ControlUnknown, Drifting, Summaries, Summary, TargetSummary};
