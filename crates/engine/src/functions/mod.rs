//! What controls may name beyond the expression language itself: the functions `iam` and
//! `exposure`, and the type of a configuration item.
//!
//! Each function charges fuel in proportion to what it touches before it touches it.
//! `docs/expressions.md` describes each with an example.

mod exposure;
mod iam;

use cel::extension::{Failure, Library, Outcome, quoted};
use cel::{Environment, Value, VariableType};

/// The functions beyond those of the language, by library.
pub const LIBRARIES: &[Library] = &[iam::OVERLOADS, exposure::OVERLOADS];

/// An environment with every function that a control may call, and no variable.
#[must_use]
pub fn environment() -> Environment {
    LIBRARIES.iter().fold(Environment::new(), |environment, library| environment.library(library))
}

/// One configuration item, of whose fields any may be absent.
#[must_use]
pub fn item() -> VariableType {
    let text = || VariableType::String;
    let fields = [
        ("id", text()),
        ("name", text()),
        ("type", text()),
        ("arn", text()),
        ("accountId", text()),
        ("region", text()),
        ("tags", VariableType::Map(Box::new(text()))),
        ("configuration", VariableType::Document),
        ("supplementaryConfiguration", VariableType::Document),
        ("relationships", VariableType::List(Box::new(VariableType::Document))),
        ("creationTime", VariableType::Timestamp),
        ("captureTime", VariableType::Timestamp),
    ];
    VariableType::Fields(fields.map(|(name, kind)| (name.to_owned(), kind)).into())
}

fn invalid(message: String) -> Failure {
    Failure::invalid(message)
}

fn no_overload(name: &str, arguments: &[Value<'_>]) -> Failure {
    Failure::no_overload(name, arguments)
}

#[cfg(test)]
mod tests;
