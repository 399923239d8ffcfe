//! What is told of each object in its status.
//!
//! Pure but for [`Keeper`], which writes what is new: one patch an object, and none where nothing
//! changed.

mod account;
mod baseline;
mod claim;
mod condition;
mod deletion;
mod finalize;
mod job;
mod keeper;
mod look;
mod merge;
mod objects;

pub(super) use keeper::Keeper;
