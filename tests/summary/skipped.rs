//! Not a test: the last that `cargo test` runs, to tell what was skipped.

use std::io::{Write as _, stderr};

fn main() {
    let skipped = support::skipped::of_this_run();
    _ = stderr().write_all(support::skipped::summary(&skipped).as_bytes());
}
