//! What Plumbline exists for, pure: no clock, no files, no network; time and input are arguments.
//!
//! Controls are compiled ([`catalog`]) and baselines resolved to what there is to evaluate
//! ([`plan`]); items are judged ([`evaluation`]) and the verdicts compared with the findings that
//! stand ([`drift`]). What is wrong with what users want is a [`Problem`]. `policy` and `exposure` know what IAM documents and network rules allow, and
//! [`functions`] gives that to expressions.

#![cfg_attr(test, allow(clippy::disallowed_methods))] // tests read their cases from files

pub mod catalog;
pub mod drift;
pub mod evaluation;
mod exposure;
pub mod functions;
pub mod organization;
pub mod plan;
mod policy;
mod problem;

pub use problem::{Problem, ProblemKind, TakenKind};
