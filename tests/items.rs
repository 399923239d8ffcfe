//! Configuration items: the same resource in any encoding is the same item, whatever is recorded,
//! damaged, cut or generated.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)] // a test

#[path = "items/damage.rs"]
mod damage;
#[path = "items/encodings.rs"]
mod encodings;
#[path = "items/generated.rs"]
mod generated;
#[path = "items/normal.rs"]
mod normal;
#[path = "items/recorded.rs"]
mod recorded;
