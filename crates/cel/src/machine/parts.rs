//! Fields and elements of values.

use crate::Value;
use crate::json::to_json;
use crate::signature::{Failure, Fuel};
use crate::value_ops::{alike, find, type_name};

/// Looks up a part that may be absent: nothing is no failure.
type FoundPart<'a> = Result<Option<&'a Value<'a>>, Failure>;

/// The field `name` of `value`. A field of an optional is one of its value, and an optional again.
pub(super) fn select<'a>(
    value: &Value<'a>,
    name: &str,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    if matches!(value, Value::Optional(_)) {
        return select_optional(value, name, fuel);
    }
    field(value, name, fuel)?.copied().ok_or_else(|| Failure::MissingField(name.into()))
}

/// The field `name` of `value` as an optional.
pub(super) fn select_optional<'a>(
    value: &Value<'a>,
    name: &str,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    let found = match value {
        Value::Optional(None) => None,
        Value::Optional(Some(inner)) => field(inner, name, fuel)?,
        other => field(other, name, fuel)?,
    };
    Ok(flattened(found))
}

/// Whether `value` has the field `name`.
pub(super) fn has(value: &Value<'_>, name: &str, fuel: &mut Fuel) -> Result<bool, Failure> {
    match value {
        Value::Optional(None) => Ok(false),
        Value::Optional(Some(inner)) => Ok(field(inner, name, fuel)?.is_some()),
        other => Ok(field(other, name, fuel)?.is_some()),
    }
}

fn field<'a>(value: &Value<'a>, name: &str, fuel: &mut Fuel) -> FoundPart<'a> {
    let Value::Map(entries) = value else {
        let message = format!("{} has no field `{name}`", type_name(value));
        return Err(Failure::WrongType(message.into()));
    };
    let is_meant =
        |(key, _): &(Value<'_>, Value<'_>)| matches!(key, Value::String(text) if *text == name);
    let place = entries.iter().position(is_meant);
    fuel.charge(place.unwrap_or(entries.len()) as u64 / 8)?;
    Ok(place.and_then(|place| entries.get(place)).map(|(_, value)| value))
}

fn flattened<'a>(found: Option<&'a Value<'a>>) -> Value<'a> {
    match found {
        Some(Value::Optional(inner)) => Value::Optional(*inner),
        found => Value::Optional(found),
    }
}

/// Refuses a number as the key of a map in an item, where keys are texts: the author means a list.
#[inline]
pub(super) fn in_item(of_item: bool, value: &Value<'_>, index: &Value<'_>) -> Result<(), Failure> {
    let whole = match value {
        Value::Optional(Some(inner)) if of_item => inner,
        value => value,
    };
    let is_number = matches!(index, Value::Int(_) | Value::UInt(_) | Value::Double(_));
    if of_item && is_number && matches!(whole, Value::Map(_)) {
        return Err(Failure::unexpected("a list", whole));
    }
    Ok(())
}

/// Refuses lists whose elements are of other kinds than what they are held against.
pub(super) fn alike_elements(
    left: &Value<'_>,
    right: &Value<'_>,
    fuel: &mut Fuel,
) -> Result<(), Failure> {
    match (left, right) {
        (Value::List(_), Value::List(_)) => alike(left, right, fuel),
        (Value::List(items), element) => {
            items.iter().try_for_each(|item| alike(item, element, fuel))
        }
        _ => Ok(()), // whatever else the function does not take it refuses itself
    }
}

/// The element of `value` at `index`.
pub(super) fn element<'a>(
    value: &Value<'a>,
    index: &Value<'a>,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    if matches!(value, Value::Optional(_)) {
        return element_optional(value, index, fuel);
    }
    lookup(value, index, fuel)?.copied().ok_or_else(|| absent(value, index))
}

/// The element of `value` at `index` as an optional.
pub(super) fn element_optional<'a>(
    value: &Value<'a>,
    index: &Value<'a>,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    let found = match value {
        Value::Optional(None) => None,
        Value::Optional(Some(inner)) => lookup(inner, index, fuel)?,
        other => lookup(other, index, fuel)?,
    };
    Ok(flattened(found))
}

fn lookup<'a>(value: &Value<'a>, index: &Value<'_>, fuel: &mut Fuel) -> FoundPart<'a> {
    match (value, index) {
        (Value::Map(entries), Value::String(name)) => {
            fuel.charge(name.len() as u64 / 64)?;
            let entries: &'a [_] = entries;
            field(&Value::Map(entries), name, fuel)
        }
        (
            Value::Map(entries),
            Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Double(_),
        ) => find(entries, index, fuel),
        (Value::List(items), Value::Int(_) | Value::UInt(_) | Value::Double(_)) => {
            Ok(place(index).and_then(|place| items.get(place)))
        }
        _ => {
            let (value, index) = (type_name(value), type_name(index));
            let message = format!("{value} has no elements by {index}");
            Err(Failure::WrongType(message.into()))
        }
    }
}

/// The place that an index means, where it is a whole number that a list could have.
fn place(index: &Value<'_>) -> Option<usize> {
    match index {
        Value::Int(int) => usize::try_from(*int).ok(),
        Value::UInt(uint) => usize::try_from(*uint).ok(),
        Value::Double(double) => whole(*double).and_then(|int| usize::try_from(int).ok()),
        _ => None,
    }
}

#[allow(clippy::cast_possible_truncation)] // checked by turning it back
#[allow(clippy::cast_precision_loss)]
fn whole(double: f64) -> Option<i64> {
    let int = double as i64;
    ((int as f64).total_cmp(&double).is_eq()).then_some(int)
}

/// The most characters of a key that a failure shows.
const SHOWN: usize = 100;

fn absent(value: &Value<'_>, index: &Value<'_>) -> Failure {
    match (value, index) {
        (Value::List(items), Value::Double(double)) if whole(*double).is_none() => {
            Failure::Invalid(
                format!("{double} is not an index of a list with {} elements", items.len()).into(),
            )
        }
        (Value::List(items), index) => {
            let index = match index {
                Value::Int(int) => *int,
                Value::Double(double) => whole(*double).unwrap_or(i64::MAX),
                Value::UInt(uint) => i64::try_from(*uint).unwrap_or(i64::MAX),
                _ => i64::MAX,
            };
            Failure::OutOfRange { index, length: items.len() }
        }
        (_, Value::String(name)) => {
            Failure::MissingField(name.chars().take(SHOWN).collect::<String>().into())
        }
        (_, index) => Failure::MissingField(to_json(index).to_string().into()),
    }
}
