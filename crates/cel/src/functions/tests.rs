//! Calls functions as the machine does: by name and by the types of their arguments.

use std::collections::HashSet;

use super::*;
use crate::signature::{Failure, Kind, Returns, Style};
use crate::testing;

/// Runs an overload with `fuel`, and says what it gave as text.
fn run(name: &str, style: Style, arguments: &[Value<'_>], fuel: u64) -> Result<String, Failure> {
    testing::run(LIBRARIES, name, style, arguments, fuel)
}

const PLENTY: u64 = 1_000_000;

/// `receiver.name(..)` with fuel enough.
pub(super) fn method(name: &str, arguments: &[Value<'_>]) -> Result<String, Failure> {
    run(name, Style::Receiver, arguments, PLENTY)
}

/// `name(..)` with fuel enough.
pub(super) fn function(name: &str, arguments: &[Value<'_>]) -> Result<String, Failure> {
    run(name, Style::Global, arguments, PLENTY)
}

/// What `method` gives, which must be a value.
pub(super) fn value_of_method(name: &str, arguments: &[Value<'_>]) -> String {
    method(name, arguments).unwrap_or_else(|failure| panic!("{name}{arguments:?}: {failure}"))
}

/// What `function` gives, which must be a value.
pub(super) fn value_of(name: &str, arguments: &[Value<'_>]) -> String {
    function(name, arguments).unwrap_or_else(|failure| panic!("{name}{arguments:?}: {failure}"))
}

/// Why `function` failed, as text.
pub(super) fn failure_of(name: &str, arguments: &[Value<'_>]) -> String {
    function(name, arguments).unwrap_err().to_string()
}

pub(super) fn s(text: &str) -> Value<'_> {
    Value::String(text)
}

pub(super) fn int(number: i64) -> Value<'static> {
    Value::Int(number)
}

#[test]
fn no_overload_is_declared_twice() {
    let mut seen = HashSet::new();
    for overload in LIBRARIES.iter().copied().flatten() {
        let key = (overload.name, overload.style == Style::Receiver, overload.parameters);
        assert!(seen.insert(key), "{} {:?}", overload.name, overload.parameters);
    }
}

#[test]
fn a_pattern_is_always_a_string_argument() {
    for overload in LIBRARIES.iter().copied().flatten() {
        if let Some(at) = overload.pattern {
            assert_eq!(overload.parameters[at], Kind::String, "{}", overload.name);
        }
    }
}

#[test]
fn what_a_function_returns_names_arguments_that_it_has() {
    for overload in LIBRARIES.iter().copied().flatten() {
        let place = match overload.returns {
            Returns::A(_) | Returns::ListOf(_) => continue,
            Returns::SameAs(at)
            | Returns::ElementOf(at)
            | Returns::OptionalOf(at)
            | Returns::OptionalElementOf(at) => at,
        };
        assert!(place < overload.parameters.len(), "{}", overload.name);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_function_over_much_data_runs_out_of_fuel_before_it_works() {
    let text = "ab,".repeat(10_000);
    let numbers: Vec<_> = (0..10_000).map(int).collect();
    let (text, list, comma) = (s(&text), Value::List(&numbers), s(","));
    let cases: &[(&str, Style, &[Value<'_>])] = &[
        ("size", Style::Receiver, &[text]),
        ("contains", Style::Receiver, &[text, s("x")]),
        ("matches", Style::Receiver, &[text, s("x")]),
        ("findAll", Style::Receiver, &[text, s("a")]),
        ("split", Style::Receiver, &[text, comma]),
        ("replace", Style::Receiver, &[text, comma, text]),
        ("reverse", Style::Receiver, &[text]),
        ("upperAscii", Style::Receiver, &[text]),
        ("format", Style::Receiver, &[text, Value::List(&[])]),
        ("strings.quote", Style::Global, &[text]),
        ("bytes", Style::Global, &[text]),
        ("sum", Style::Receiver, &[list]),
        ("max", Style::Receiver, &[list]),
        ("isSorted", Style::Receiver, &[list]),
        ("sort", Style::Receiver, &[list]),
        ("distinct", Style::Receiver, &[list]),
        ("flatten", Style::Receiver, &[list]),
        ("reverse", Style::Receiver, &[list]),
        ("indexOf", Style::Receiver, &[list, int(-1)]),
        ("lists.range", Style::Global, &[int(i64::MAX)]),
        ("sets.contains", Style::Global, &[list, list]),
        ("sets.intersects", Style::Global, &[list, Value::List(&[s("x"), s("y")])]),
        ("math.greatest", Style::Global, &[list]),
    ];
    for (name, style, arguments) in cases {
        assert_eq!(run(name, *style, arguments, 500), Err(Failure::OutOfFuel), "{name}");
    }
}
