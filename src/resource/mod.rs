//! Configuration items: AWS Config's records of resources, in one normal form whatever the
//! encoding that they were read from, and the names and verdicts that every room above speaks of.
//!
//! Pure: no clock, no network; time and input are arguments.

mod identity;
mod projection;
mod value;
mod verdict;

pub use identity::{AccountId, ControlName, InvalidName, Partition, Region, ResourceType};
pub use projection::{Projection, Step};
pub use value::{Duration, Timestamp, TypeName, Value};
pub use verdict::{Severity, UnknownReason, Verdict};
