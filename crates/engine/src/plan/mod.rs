//! A baseline resolved against catalogue, accounts, exemptions and attestations: pure data that
//! says all there is to evaluate.
//!
//! Whatever is wrong is listed in [`Plan::problems`], and the rest is planned. A control that cannot
//! be run is planned as refused, so that it is unknown and not absent. The same objects in any order
//! give the same plan.

mod accounts;
mod attestation;
mod builder;
mod controls;
mod exemption;
mod glob;
mod kept;
mod last_good;
mod matching;
mod owner;
mod recorded;
mod regions;
mod resolve;
mod restrict;
mod rule;
mod selectors;
mod shared;
#[cfg(test)]
mod tests;
mod types;
mod validate;

pub use crate::catalog::Parameters;
pub use attestation::PlannedAttestation;
pub use builder::{DesiredBuilder, DesiredObjects, DesiredState, UnreadObject, problems_of};
pub use exemption::PlannedExemption;
pub(crate) use last_good::LastGood;
pub use matching::{InvalidMatch, MatchSubject, Matched, ResourceMatch};
pub use owner::OwnerKeys;
pub use resolve::{AccountRegions, Desired, NamespaceLabels, UnreadAccounts, resolve};
pub use rule::{PlannedRule, own_prefix};
pub use types::{BaselineKey, NotEvaluated, Plan, PlannedControl, Target};
pub use validate::{AccountChecks, Resolved};
