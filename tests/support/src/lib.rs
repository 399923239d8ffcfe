//! What the tests share: an AWS of a test's own, processes that end with their test, one HTTP client,
//! one way to wait, and one source of random numbers.
//!
//! What a machine lacks is skipped, never in silence: see [`skipped`].

// A test that cannot go on fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::missing_panics_doc)] // all of it panics where a test has failed

pub mod collector;
pub mod double;
pub mod http;
pub mod log;
pub mod memory;
pub mod process;
pub mod random;
pub mod skipped;
pub mod waiting;
pub mod world;

use std::env;
use std::path::{Path, PathBuf};

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The program under test, which Cargo builds beside the tests.
pub fn program() -> PathBuf {
    let of_cargo = env::var_os("CARGO_BIN_EXE_plumbline").map(PathBuf::from);
    of_cargo.unwrap_or_else(|| {
        // target/debug/deps/TEST
        let test = env::current_exe().unwrap();
        let built = test.parent().and_then(Path::parent).unwrap();
        built.join("plumbline")
    })
}

/// Whether the long suites run, as `make soak` asks for.
pub fn is_soak() -> bool {
    env::var_os("PLUMBLINE_SOAK").is_some()
}
