//! Every named function of the expression language, one library a file.
//!
//! The standard functions follow the CEL specification, the libraries follow Kubernetes and
//! cel-go; `iam` and `exposure` are our own. Each function charges fuel in proportion to what it touches before
//! it touches it, puts what it makes into the arena, and fails instead of panicking.
//! `docs/expressions.md` describes each with an example.

mod exposure;
mod iam;
mod lists;
mod math;
mod network;
mod optional;
mod regex;
mod sets;
mod standard;
mod strings;

pub(super) use lists::sorted_by_key;

use super::signature::{Failure, Implementation, Kind, Overload, Returns, Style};
use crate::resource::Value;

/// Every function there is, by library.
pub(crate) const LIBRARIES: &[&[Overload]] = &[
    standard::OVERLOADS,
    strings::OVERLOADS,
    lists::OVERLOADS,
    sets::OVERLOADS,
    optional::OVERLOADS,
    regex::OVERLOADS,
    network::OVERLOADS,
    math::OVERLOADS,
    iam::OVERLOADS,
    exposure::OVERLOADS,
];

/// What an implementation gives.
type Outcome<'a> = Result<Value<'a>, Failure>;

impl Overload {
    /// `receiver.name(..)`; the receiver's type is the first of `parameters`.
    const fn receiver(
        name: &'static str,
        parameters: &'static [Kind],
        returns: Returns,
        call: Implementation,
    ) -> Self {
        Self { name, style: Style::Receiver, parameters, returns, pattern: None, call }
    }

    /// `name(..)`.
    const fn global(
        name: &'static str,
        parameters: &'static [Kind],
        returns: Returns,
        call: Implementation,
    ) -> Self {
        Self { name, style: Style::Global, parameters, returns, pattern: None, call }
    }

    /// The same, where the second argument is a regular expression.
    const fn with_pattern(mut self) -> Self {
        self.pattern = Some(1);
        self
    }
}

/// A text, number or pattern is not what it should be.
fn invalid(message: String) -> Failure {
    Failure::Invalid(message.into())
}

/// A text in quotes for a failure: all of it, or its start.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let start = text.char_indices().nth(SHOWN).and_then(|(end, _)| text.get(..end));
    start.map_or_else(|| format!("{text:?}"), |start| format!("{start:?}..."))
}

/// `name` was given what it is not declared for. The machine checks arguments against the
/// declaration first, so this is met only by values inside lists.
fn no_overload(name: &str, arguments: &[Value<'_>]) -> Failure {
    let types: Vec<_> = arguments.iter().map(|value| value.type_name().as_str()).collect();
    Failure::WrongType(format!("{name}: no overload for ({})", types.join(", ")).into())
}

/// A length as an integer of the language; no list or text in memory is longer than that.
fn length(length: usize) -> Value<'static> {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
