//! Every named function of the expression language, one library a file.
//!
//! The standard functions follow the CEL specification, the libraries follow Kubernetes and
//! cel-go. Each function charges fuel in proportion to what it touches before
//! it touches it, puts what it makes into the arena, and fails instead of panicking.
//! `docs/expressions.md` describes each with an example.

mod lists;
mod math;
mod network;
mod optional;
mod regex;
mod sets;
mod standard;
mod strings;

pub(super) use lists::sorted_by_key;

use super::signature::{Library, Outcome, quoted};
use crate::Value;

/// Every function that the language has of itself, by library.
pub(crate) const LIBRARIES: &[Library] = &[
    standard::OVERLOADS,
    strings::OVERLOADS,
    lists::OVERLOADS,
    sets::OVERLOADS,
    optional::OVERLOADS,
    regex::OVERLOADS,
    network::OVERLOADS,
    math::OVERLOADS,
];

/// A length as an integer of the language; no list or text in memory is longer than that.
fn length(length: usize) -> Value<'static> {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
