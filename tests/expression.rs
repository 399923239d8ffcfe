//! The expression language, by its public interface: tables of cases, generated expressions
//! against another implementation, hostile input.

// A test that cannot go on has failed; what a test prints is shown when it has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

#[path = "expression/cases.rs"]
mod cases;
#[path = "expression/differential.rs"]
mod differential;
#[path = "expression/generate.rs"]
mod generate;
#[path = "expression/hostile.rs"]
mod hostile;
#[path = "expression/projection.rs"]
mod projection;
#[path = "expression/reference.rs"]
mod reference;
