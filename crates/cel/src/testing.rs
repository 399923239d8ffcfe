//! For tests: calls a function as the machine does, by name and by the types of its arguments.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)] // a test that cannot go on fails

use bumpalo::Bump;

use crate::Value;
use crate::functions::LIBRARIES;
use crate::pattern::Pattern;
use crate::signature::{Call, Failure, Fuel, Kind, Library, Overload, Style};
use crate::time::{format_duration, format_timestamp};

/// The libraries of the language itself.
pub fn standard() -> &'static [Library] {
    LIBRARIES
}

/// The overload that takes these arguments.
fn overload(libraries: &[Library], name: &str, style: Style, arguments: &[Value<'_>]) -> Overload {
    let takes = |overload: &&Overload| {
        overload.name == name
            && overload.style == style
            && overload.parameters.len() == arguments.len()
            && overload.parameters.iter().zip(arguments).all(|(kind, value)| fits(*kind, value))
    };
    *libraries.iter().copied().flatten().find(takes).unwrap_or_else(|| {
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
///
/// # Panics
/// When no overload takes these arguments.
pub fn run(
    libraries: &[Library],
    name: &str,
    style: Style,
    arguments: &[Value<'_>],
    fuel: u64,
) -> Result<String, Failure> {
    let arena = Bump::new();
    let overload = overload(libraries, name, style, arguments);
    let pattern =
        overload.pattern.map(|at| Pattern::compile(arguments[at].as_str().unwrap()).unwrap());
    let mut fuel = Fuel::new(fuel);
    let mut call = Call { arena: &arena, fuel: &mut fuel, pattern: pattern.as_ref() };
    (overload.call)(&mut call, arguments).map(|value| show(&value))
}

/// A value as an expression would write it, more or less.
pub fn show(value: &Value<'_>) -> String {
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
