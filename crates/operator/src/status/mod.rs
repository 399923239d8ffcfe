//! What is reported of each object in its status.
//!
//! Pure but for [`StatusWriter`], which writes what is new: one patch an object, and none where nothing
//! changed.

mod account;
mod baseline;
mod batch;
mod claim;
mod condition;
mod confirmed;
mod deletion;
mod finalize;
mod findings;
mod inputs;
mod job;
mod merge;
mod objects;
mod organization;
mod outlook;
mod problems;
mod writer;

pub(super) use writer::StatusWriter;
