//! Calls a function as the machine does: by name and by the types of its arguments.

use std::collections::HashSet;

use bumpalo::Bump;

use super::*;
use crate::expression::pattern::Pattern;
use crate::expression::signature::{Call, Fuel};
use crate::expression::time::{format_duration, format_timestamp};

/// The overload that takes these arguments.
fn overload(name: &str, style: Style, arguments: &[Value<'_>]) -> Overload {
    let takes = |overload: &&Overload| {
        overload.name == name
            && overload.style == style
            && overload.parameters.len() == arguments.len()
            && overload.parameters.iter().zip(arguments).all(|(kind, value)| fits(*kind, value))
    };
    *LIBRARIES.iter().copied().flatten().find(takes).unwrap_or_else(|| {
        panic!("no overload of {name} for {arguments:?}");
    })
}

fn fits(kind: Kind, value: &Value<'_>) -> bool {
    match kind {
        Kind::Any => true,
        Kind::Null => matches!(value, Value::Null),
        Kind::Bool => matches!(value, Value::Bool(_)),
        Kind::Int => matches!(value, Value::Int(_)),
        Kind::UInt => matches!(value, Value::UInt(_)),
        Kind::Double => matches!(value, Value::Double(_)),
        Kind::String => matches!(value, Value::String(_)),
        Kind::Bytes => matches!(value, Value::Bytes(_)),
        Kind::List => matches!(value, Value::List(_)),
        Kind::Map => matches!(value, Value::Map(_)),
        Kind::Timestamp => matches!(value, Value::Timestamp(_)),
        Kind::Duration => matches!(value, Value::Duration(_)),
        Kind::Type => matches!(value, Value::Type(_)),
        Kind::Optional => matches!(value, Value::Optional(_)),
        Kind::Ip => matches!(value, Value::Ip(_)),
        Kind::Cidr => matches!(value, Value::Cidr(_)),
    }
}

/// Runs an overload with `fuel`, and says what it gave as text.
fn run(name: &str, style: Style, arguments: &[Value<'_>], fuel: u64) -> Result<String, Failure> {
    let arena = Bump::new();
    let overload = overload(name, style, arguments);
    let pattern =
        overload.pattern.map(|at| Pattern::compile(arguments[at].as_str().unwrap()).unwrap());
    let mut fuel = Fuel::new(fuel);
    let mut call = Call { arena: &arena, fuel: &mut fuel, pattern: pattern.as_ref() };
    (overload.call)(&mut call, arguments).map(|value| show(&value))
}

/// A value as an expression would write it, more or less.
pub(super) fn show(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => format!("{value}u"),
        Value::Double(value) => format!("{value:?}"),
        Value::String(value) => format!("{value:?}"),
        Value::Bytes(value) => format!("b{:?}", String::from_utf8_lossy(value)),
        Value::List(list) => {
            format!("[{}]", list.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", show(key), show(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Timestamp(value) => format_timestamp(*value),
        Value::Duration(value) => format_duration(*value),
        Value::Type(name) => name.as_str().to_owned(),
        Value::Optional(None) => "none".to_owned(),
        Value::Optional(Some(value)) => format!("some({})", show(value)),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(network) => network.to_string(),
    }
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
fn the_language_reference_names_every_function() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/expressions.md");
    let reference = std::fs::read_to_string(path).unwrap();
    for overload in LIBRARIES.iter().copied().flatten() {
        let written = match overload.style {
            Style::Global => format!("`{}(", overload.name),
            Style::Receiver => format!(".{}(", overload.name),
        };
        assert!(reference.contains(&written), "docs/expressions.md lacks {written}");
    }
}

#[test]
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
        ("iam.statements", Style::Global, &[text]),
        ("iam.matches", Style::Global, &[text, text]),
    ];
    for (name, style, arguments) in cases {
        assert_eq!(run(name, *style, arguments, 500), Err(Failure::OutOfFuel), "{name}");
    }
}
