//! Configuration items: AWS Config's records of resources, in one normal form whatever the
//! encoding that they were read from, and the names and verdicts that every room above speaks of.
//!
//! Pure: no clock, no network; time and input are arguments.

#![cfg_attr(test, allow(clippy::disallowed_methods))] // tests read their cases from files

mod depth;
mod documents;
mod encoding;
mod enumeration;
mod envelope;
mod escapes;
pub mod fact_types;
mod identity;
mod instant;
mod internal;
mod item;
mod owner;
mod parse;
mod partition;
mod printable;
mod queue_url;
mod reading;
pub mod rule_types;
mod s3_url;
mod schema;
mod split;
mod traces;
mod tree;
mod types;
mod verdict;

pub use depth::MAX_DEPTH;
pub use encoding::wide_text_problem;
pub use enumeration::{means, value_of};
pub use envelope::MAX_ENCLOSED;
pub use envelope::{Announced, Enclosed, open_envelope};
pub use identity::{AccountId, ControlName, InvalidName, Region, ResourceType};
pub use internal::{InternalError, InternalErrors, InternalPlace};
pub use item::{ConfigurationItem, ItemError, ItemStatus, Parsed, Skipped};
pub use owner::Owner;
pub use parse::parse_item;
pub use partition::Partition;
pub use printable::{is_printable, printable, printable_lines};
pub use queue_url::{QueueUrl, QueueUrlError};
pub use reading::Reading;
pub use s3_url::{S3Url, S3UrlError};
pub use schema::pattern;
pub use split::snapshot_id;
pub use split::{Chunk, ItemSpan, LostPart, SplitProblem, SplitReport, Splitter};
pub use traces::Traces;
pub use types::{
    canonical as canonical_type, is_global, is_known as is_known_type, known_types,
    suggest as suggest_type,
};
pub use verdict::{Severity, UnknownReason, Verdict};
