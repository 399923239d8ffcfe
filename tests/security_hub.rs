//! Findings in Security Hub, as the AWS double holds them.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "security_hub/contradictions.rs"]
mod contradictions;
#[path = "security_hub/crashes.rs"]
mod crashes;
mod double;
#[path = "security_hub/live.rs"]
mod live;
#[path = "security_hub/memory.rs"]
mod memory;
#[path = "security_hub/sink.rs"]
mod sink;
#[path = "security_hub/world.rs"]
mod world;
