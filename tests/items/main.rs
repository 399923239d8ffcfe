//! Configuration items: the same resource in any encoding is the same item, whatever is recorded,
//! damaged, cut or generated.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)] // a test

mod by_hand;
mod damage;
mod encodings;
mod generated;
mod normal;
mod recorded;
