//! Findings in Security Hub, as the AWS double holds them.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bounds;
mod contradictions;
mod counted;
mod crashes;
mod live;
mod memory;
mod sink;
mod world;
