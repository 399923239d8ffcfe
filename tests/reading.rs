//! What is malformed, older, doubled or lost makes exactly what it would have said unknown: never
//! another copy's word, never silence, exit code 2, and named in the output.
//!
//! Each case is a few items, read by the program as a user runs it.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "reading/age.rs"]
mod age;
#[path = "reading/copies.rs"]
mod copies;
#[path = "reading/folders.rs"]
mod folders;
#[path = "reading/forms.rs"]
mod forms;
#[path = "reading/lost.rs"]
mod lost;
#[path = "reading/places.rs"]
mod places;
#[path = "reading/scan.rs"]
mod scan;
