//! A baseline resolved against catalogue, accounts, exemptions and attestations: pure data that
//! says all there is to evaluate.
//!
//! Whatever is wrong is listed in [`Plan::problems`], and the rest is planned. The same objects in
//! any order give the same plan.

mod accounts;
mod attestation;
mod controls;
mod exemption;
mod matching;
mod parameters;
mod problem;
mod resolve;
mod types;

pub use attestation::PlannedAttestation;
pub use exemption::PlannedExemption;
pub use matching::{InvalidMatch, MatchSubject, ResourceMatch};
pub use parameters::Parameters;
pub use problem::{Problem, ProblemKind};
pub use resolve::{Desired, resolve};
pub use types::{BaselineKey, Plan, PlannedControl, Target};

pub use crate::api::PublishSettings as Publish;
