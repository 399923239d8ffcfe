//! What is malformed, older, doubled or lost makes exactly what it would have said unknown: never
//! another copy's word, never silence, exit code 2, and named in the output.
//!
//! Each case is a few items, read by the program as a user runs it.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod age;
mod copies;
mod facts;
mod folders;
mod forms;
mod lost;
mod places;
mod scan;
mod swallowed;
