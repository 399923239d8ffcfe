//! Findings in the AWS Security Finding Format, schema version 2018-10-08.
//!
//! Every text is within its documented length, cut with an ellipsis where it has to be; every
//! list within its documented count. A finding that was written is read back as the same one,
//! as far as it was not cut, with its id, fingerprint, state and times always whole.

pub mod document;
pub mod limits;
mod read;
mod resource_types;
mod text;
mod write;

pub use document::Document;
pub use read::NotAFinding;
pub use resource_types::{RESOURCE_TYPES, resource_type};
pub(super) use text::breaks_line;
