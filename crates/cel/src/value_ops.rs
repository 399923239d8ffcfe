//! Equality and order of values, as the CEL specification defines them.
//!
//! Numbers compare by their mathematical value whatever their types; values of different types are
//! unequal, never an error. Both functions end on any value: they charge fuel for what they look
//! at, and look into at most [`MAX_DEPTH`] levels.

use std::cmp::Ordering;

use super::signature::{Failure, Fuel};
use crate::Value;

/// How deep two values are compared: as deep as a document of 128 levels within an expression's
/// own lists and maps.
pub(crate) const MAX_DEPTH: usize = 256;

/// Whether two values are equal.
///
/// # Errors
/// When they are too large or too deep.
pub(crate) fn equal(a: &Value<'_>, b: &Value<'_>, fuel: &mut Fuel) -> Result<bool, Failure> {
    equal_within(a, b, fuel, MAX_DEPTH)
}

fn equal_within(
    a: &Value<'_>,
    b: &Value<'_>,
    fuel: &mut Fuel,
    depth: usize,
) -> Result<bool, Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Err(too_deep()) };
    Ok(match (a, b) {
        (Value::String(a), Value::String(b)) => {
            return equal_bytes(a.as_bytes(), b.as_bytes(), fuel);
        }
        (Value::Bytes(a), Value::Bytes(b)) => return equal_bytes(a, b, fuel),
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => true,
        (Value::List(a), Value::List(b)) => return equal_lists(a, b, fuel, depth),
        (Value::Map(a), Value::Map(b)) => return equal_maps(a, b, fuel, depth),
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Cidr(a), Value::Cidr(b)) => a == b,
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => {
            fuel.charge(1)?;
            return equal_within(a, b, fuel, depth);
        }
        _ => compare_numbers(a, b) == Some(Ordering::Equal),
    })
}

fn equal_bytes(a: &[u8], b: &[u8], fuel: &mut Fuel) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    fuel.charge(a.len() as u64 / 64)?;
    Ok(a == b)
}

fn equal_lists(
    a: &[Value<'_>],
    b: &[Value<'_>],
    fuel: &mut Fuel,
    depth: usize,
) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b) {
        fuel.charge(1)?;
        if !equal_within(a, b, fuel, depth)? {
            return Ok(false);
        }
    }
    Ok(true)
}

type MapEntry<'a> = (Value<'a>, Value<'a>);

fn equal_maps(
    a: &[MapEntry<'_>],
    b: &[MapEntry<'_>],
    fuel: &mut Fuel,
    depth: usize,
) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (at, (key, value)) in a.iter().enumerate() {
        fuel.charge(1)?;
        // Two maps that were made in the same order, the usual case, need no search.
        let other = match b.get(at) {
            Some((other_key, other)) if same_key(key, other_key) => Some(other),
            _ => find(b, key, fuel)?,
        };
        match other {
            Some(other) if equal_within(value, other, fuel, depth)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// The value of `key` in a map.
///
/// # Errors
/// When the map is too large for the fuel left.
pub(crate) fn find<'m, 'a>(
    entries: &'m [MapEntry<'a>],
    key: &Value<'_>,
    fuel: &mut Fuel,
) -> Result<Option<&'m Value<'a>>, Failure> {
    fuel.charge(entries.len() as u64 / 4)?;
    Ok(entries.iter().find(|(other, _)| same_key(key, other)).map(|(_, value)| value))
}

/// Whether two keys are the same: of the types that keys have, numbers by their value.
pub(crate) fn same_key(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        _ => compare_numbers(a, b) == Some(Ordering::Equal),
    }
}

/// Refuses two values, one of which is a part of an item, that are of different kinds. That they
/// are unequal would say nothing of what the author asks. Numbers are of one kind, and lists are
/// where their elements are.
///
/// # Errors
/// [`Failure::Unexpected`] where they are not of one kind.
pub(crate) fn alike(a: &Value<'_>, b: &Value<'_>, fuel: &mut Fuel) -> Result<(), Failure> {
    if let (Value::List(a), Value::List(b)) = (a, b) {
        let Some(first) = a.first().or(b.first()) else { return Ok(()) };
        fuel.charge((a.len() + b.len()) as u64)?;
        return a.iter().chain(*b).try_for_each(|item| one_kind(item, first));
    }
    one_kind(a, b)
}

fn one_kind(a: &Value<'_>, b: &Value<'_>) -> Result<(), Failure> {
    let is_alike =
        std::mem::discriminant(a) == std::mem::discriminant(b) || is_number(a) && is_number(b);
    if is_alike {
        return Ok(());
    }
    Err(differ(a, b))
}

#[cold]
fn differ(a: &Value<'_>, b: &Value<'_>) -> Failure {
    let (a, b) = (type_name(a), type_name(b));
    Failure::Unexpected(
        format!("the control compares a value of type {a} with one of type {b}").into(),
    )
}

/// The order of two values: numbers of any type, texts and bytes by their bytes, `false` before
/// `true`, points and spans of time. A `NaN` stands after all numbers and equals itself, so that
/// sorting has one result; the operators `<` and `>=` do not call this for it.
///
/// # Errors
/// [`Failure::WrongType`] where the types have no order between them.
pub(crate) fn compare(a: &Value<'_>, b: &Value<'_>) -> Result<Ordering, Failure> {
    Ok(match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ if is_number(a) && is_number(b) => {
            compare_numbers(a, b).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
        }
        _ => {
            let message = format!("cannot order {} and {}", type_name(a), type_name(b));
            return Err(Failure::WrongType(message.into()));
        }
    })
}

/// The order of two numbers; nothing where one is no number or `NaN`.
pub(super) fn compare_numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::UInt(a), Value::UInt(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::UInt(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::UInt(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Double(a), Value::Int(b)) => compare_double(*a, i128::from(*b)),
        (Value::Double(a), Value::UInt(b)) => compare_double(*a, i128::from(*b)),
        (Value::Int(a), Value::Double(b)) => {
            compare_double(*b, i128::from(*a)).map(Ordering::reverse)
        }
        (Value::UInt(a), Value::Double(b)) => {
            compare_double(*b, i128::from(*a)).map(Ordering::reverse)
        }
        _ => None,
    }
}

/// Compares without the rounding that turning a large integer into a double would bring.
#[allow(clippy::cast_possible_truncation)] // `as` saturates, and the whole part is what is meant
fn compare_double(double: f64, integer: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    let whole = double.trunc() as i128;
    let fraction = double - double.trunc();
    let by_fraction =
        if double.is_finite() { fraction.partial_cmp(&0.0)? } else { Ordering::Equal };
    Some(whole.cmp(&integer).then(by_fraction))
}

fn is_number(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_))
}

/// Whether a value is the double `NaN`.
pub(super) fn is_nan(value: &Value<'_>) -> bool {
    matches!(value, Value::Double(double) if double.is_nan())
}

/// The name of a value's type, for messages.
pub(crate) fn type_name(value: &Value<'_>) -> &'static str {
    value.type_name().as_str()
}

pub(super) fn too_deep() -> Failure {
    Failure::Invalid(format!("a value is nested deeper than {MAX_DEPTH} levels").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal_freely(a: &Value<'_>, b: &Value<'_>) -> bool {
        equal(a, b, &mut Fuel::new(1000)).unwrap()
    }

    #[test]
    fn numbers_are_equal_across_their_types() {
        assert!(equal_freely(&Value::Int(1), &Value::Double(1.0)));
        assert!(equal_freely(&Value::UInt(1), &Value::Int(1)));
        assert!(!equal_freely(&Value::Int(1), &Value::Double(1.5)));
        assert!(!equal_freely(&Value::Double(f64::NAN), &Value::Double(f64::NAN)));
    }

    #[test]
    fn large_integers_are_not_rounded_when_compared_with_doubles() {
        #[allow(clippy::cast_precision_loss)] // the loss is what is tested
        let rounded = i64::MAX as f64;
        assert!(!equal_freely(&Value::Int(i64::MAX), &Value::Double(rounded)));
        assert_eq!(compare(&Value::Int(i64::MAX), &Value::Double(rounded)), Ok(Ordering::Less));
        assert_eq!(compare(&Value::Double(f64::INFINITY), &Value::Int(1)), Ok(Ordering::Greater));
        assert_eq!(compare(&Value::Double(-0.5), &Value::UInt(0)), Ok(Ordering::Less));
    }

    #[test]
    fn maps_are_equal_whatever_the_order_of_their_keys() {
        let (a, b) = (Value::String("a"), Value::String("b"));
        let one = [(a, Value::Int(1)), (b, Value::Int(2))];
        let other = [(b, Value::Double(2.0)), (a, Value::Int(1))];
        assert!(equal_freely(&Value::Map(&one), &Value::Map(&other)));
        assert!(!equal_freely(&Value::Map(&one), &Value::Map(&other[..1])));
    }

    #[test]
    fn values_of_different_types_are_unequal() {
        assert!(!equal_freely(&Value::String("1"), &Value::Int(1)));
        assert!(!equal_freely(&Value::Null, &Value::Bool(false)));
    }

    #[test]
    fn types_without_an_order_are_an_error() {
        assert_eq!(
            compare(&Value::Null, &Value::Int(1)),
            Err(Failure::WrongType("cannot order null_type and int".into()))
        );
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn comparing_more_than_the_fuel_allows_ends() {
        let list = vec![Value::Int(0); 100];
        let result = equal(&Value::List(&list), &Value::List(&list), &mut Fuel::new(50));
        assert_eq!(result, Err(Failure::OutOfFuel));
    }
}
