//! A baseline resolved against catalogue, accounts, exemptions and attestations: pure data that
//! says all there is to evaluate.
//!
//! Whatever is wrong is listed in [`Plan::problems`], and the rest is planned. A control that cannot
//! be run is planned as refused, so that it is unknown and not absent. The same objects in any order
//! give the same plan.

mod accounts;
mod attestation;
mod belonging;
mod controls;
mod exemption;
mod files;
mod last_good;
mod lists;
mod matching;
mod objects;
mod problem;
mod regions;
mod resolve;
mod restrict;
mod rules;
#[cfg(test)]
mod tests;
mod types;
mod validate;

pub use crate::catalog::Parameters;
pub use attestation::PlannedAttestation;
pub use exemption::PlannedExemption;
pub use files::{Excluded, IGNORE_FILE, InvalidPattern, STANDARD_INPUT, object_files};
pub use last_good::LastGood;
pub use matching::{InvalidMatch, MatchSubject, Matched, ResourceMatch};
pub use objects::{Objects, load_folder, load_paths, load_paths_without};
pub use problem::{Problem, ProblemKind};
pub use resolve::{Desired, NamespaceLabels, UnreadAccounts, resolve};
pub use types::{BaselineKey, NotEvaluated, Plan, PlannedControl, Target};
pub use validate::{AccountChecks, Resolved};

pub use crate::api::PublishSettings as Publish;
