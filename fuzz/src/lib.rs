//! What every fuzz target holds of the bytes that it is given, a module for each.
//!
//! Each asserts more than that nothing panics: another parser, a slower evaluator or the way back says
//! what should have come out.

// What tests share calls their random choices so: here the input makes them.
extern crate self as support;

pub mod envelope;
pub mod expression;
pub mod finding;
pub mod gzip;
pub mod item;
pub mod kept;
pub mod manifest;
pub mod mirror;
pub mod policy;
pub mod random;
pub mod split;
pub mod state;

mod folder;

#[path = "../../tests/expression/agreement.rs"]
mod agreement;
#[path = "../../tests/items/by_hand.rs"]
mod by_hand;
#[allow(dead_code)] // what only Plumbline knows is not compared
#[path = "../../tests/expression/generate.rs"]
mod generate;
#[path = "../../tests/policy/generate.rs"]
mod policy_documents;
#[path = "../../tests/policy/reference.rs"]
mod reference;

/// The account of the resource whose policies are judged, and one that is trusted like it.
const OWN: &str = "111122223333";
const TRUSTED: &str = "444455556666";
