//! The expression language, by its public interface: tables of cases, generated expressions
//! against another implementation, hostile input.

// A test that cannot go on has failed; what a test prints is shown when it has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

mod agreement;
mod cases;
mod differential;
mod generate;
mod hostile;
mod mutation;
mod projection;
mod reference;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Runs a property: in `make test` over the same cases each time, in `make soak` over many others.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    if std::env::var_os("PLUMBLINE_SOAK").is_some() {
        return TestRunner::new(Config { cases: cases.saturating_mul(20), ..config });
    }
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}
