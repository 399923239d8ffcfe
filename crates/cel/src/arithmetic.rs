//! Operators that take two values: arithmetic, concatenation, order, equality, `in`.

use std::cmp::Ordering;

use bumpalo::Bump;

use super::signature::{Failure, Fuel, Kind};
use super::syntax::Binary;
use super::value_ops::{self, compare, equal, find, is_nan, type_name};
use crate::{Duration, Timestamp, Value};

/// The value of `left operator right`.
pub(super) fn binary<'a>(
    operator: Binary,
    left: &Value<'a>,
    right: &Value<'a>,
    arena: &'a Bump,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    match operator {
        Binary::Equal => equal(left, right, fuel).map(Value::Bool),
        Binary::NotEqual => equal(left, right, fuel).map(|equal| Value::Bool(!equal)),
        Binary::In => contains(right, left, fuel).map(Value::Bool),
        Binary::Less => order(operator, left, right, fuel, Ordering::is_lt),
        Binary::LessOrEqual => order(operator, left, right, fuel, Ordering::is_le),
        Binary::Greater => order(operator, left, right, fuel, Ordering::is_gt),
        Binary::GreaterOrEqual => order(operator, left, right, fuel, Ordering::is_ge),
        Binary::Add => add(left, right, arena, fuel),
        Binary::Subtract => subtract(left, right),
        Binary::Multiply | Binary::Divide | Binary::Modulo => multiply(operator, left, right),
    }
}

/// The value of `left operator right` where one side is a part of an item: both are of one kind, or
/// nothing is said. `container` is what `in` searches.
pub(super) fn alike<'a>(
    operator: Binary,
    left: &Value<'_>,
    right: &Value<'_>,
    container: Kind,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    let found = match operator {
        Binary::Equal | Binary::NotEqual => equal(left, right, fuel)?,
        Binary::In if container.accepts(right) => contains(right, left, fuel)?,
        Binary::In => return Err(Failure::unexpected(container.described(), right)),
        _ => return Err(Failure::Internal("only equals are looked for alike")),
    };
    if !found {
        match (operator, right) {
            (Binary::In, Value::List(items)) => {
                fuel.charge(items.len() as u64 / 8)?;
                items.iter().try_for_each(|item| value_ops::alike(left, item, fuel))?;
            }
            (Binary::In, Value::Map(entries)) => {
                fuel.charge(entries.len() as u64 / 8)?;
                entries.iter().try_for_each(|(key, _)| value_ops::alike(left, key, fuel))?;
            }
            _ => value_ops::alike(left, right, fuel)?,
        }
    }
    Ok(Value::Bool(found != (operator == Binary::NotEqual)))
}

fn order<'a>(
    operator: Binary,
    left: &Value<'_>,
    right: &Value<'_>,
    fuel: &mut Fuel,
    holds: fn(Ordering) -> bool,
) -> Result<Value<'a>, Failure> {
    if let (Value::String(left), Value::String(right)) = (left, right) {
        fuel.charge(left.len().min(right.len()) as u64 / 64)?;
    } else if let (Value::Bytes(left), Value::Bytes(right)) = (left, right) {
        fuel.charge(left.len().min(right.len()) as u64 / 64)?;
    }
    let ordering = compare(left, right).map_err(|_| wrong_types(operator, left, right))?;
    // `NaN` is neither less nor greater than any number.
    Ok(Value::Bool(!is_nan(left) && !is_nan(right) && holds(ordering)))
}

fn contains(container: &Value<'_>, element: &Value<'_>, fuel: &mut Fuel) -> Result<bool, Failure> {
    match container {
        Value::List(items) => {
            for item in *items {
                fuel.charge(1)?;
                if equal(element, item, fuel)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::Map(entries) => find(entries, element, fuel).map(|found| found.is_some()),
        _ => Err(wrong_types(Binary::In, element, container)),
    }
}

fn add<'a>(
    left: &Value<'a>,
    right: &Value<'a>,
    arena: &'a Bump,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    const OVERFLOW: Failure = Failure::Overflow("an addition");
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b).ok_or(OVERFLOW)?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a.checked_add(*b).ok_or(OVERFLOW)?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Value::String(a), Value::String(b)) => {
            fuel.charge_bytes(a.len() + b.len())?;
            let mut text = bumpalo::collections::String::with_capacity_in(a.len() + b.len(), arena);
            text.push_str(a);
            text.push_str(b);
            Value::String(text.into_bump_str())
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            fuel.charge_bytes(a.len() + b.len())?;
            Value::Bytes(joined(a, b, arena))
        }
        (Value::List(a), Value::List(b)) => {
            fuel.charge_values(a.len() + b.len())?;
            Value::List(joined(a, b, arena))
        }
        (Value::Timestamp(point), Value::Duration(span))
        | (Value::Duration(span), Value::Timestamp(point)) => {
            timestamp(point.total_nanoseconds() + span.total_nanoseconds(), OVERFLOW)?
        }
        (Value::Duration(a), Value::Duration(b)) => {
            duration(a.total_nanoseconds() + b.total_nanoseconds(), OVERFLOW)?
        }
        _ => return Err(wrong_types(Binary::Add, left, right)),
    })
}

fn joined<'a, T: Copy>(a: &[T], b: &[T], arena: &'a Bump) -> &'a [T] {
    let mut both = bumpalo::collections::Vec::with_capacity_in(a.len() + b.len(), arena);
    both.extend_from_slice_copy(a);
    both.extend_from_slice_copy(b);
    both.into_bump_slice()
}

fn subtract<'a>(left: &Value<'a>, right: &Value<'a>) -> Result<Value<'a>, Failure> {
    const OVERFLOW: Failure = Failure::Overflow("a subtraction");
    Ok(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_sub(*b).ok_or(OVERFLOW)?),
        (Value::UInt(a), Value::UInt(b)) => Value::UInt(a.checked_sub(*b).ok_or(OVERFLOW)?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a - b),
        (Value::Timestamp(a), Value::Timestamp(b)) => {
            duration(a.total_nanoseconds() - b.total_nanoseconds(), OVERFLOW)?
        }
        (Value::Timestamp(point), Value::Duration(span)) => {
            timestamp(point.total_nanoseconds() - span.total_nanoseconds(), OVERFLOW)?
        }
        (Value::Duration(a), Value::Duration(b)) => {
            duration(a.total_nanoseconds() - b.total_nanoseconds(), OVERFLOW)?
        }
        _ => return Err(wrong_types(Binary::Subtract, left, right)),
    })
}

fn timestamp<'a>(nanoseconds: i128, overflow: Failure) -> Result<Value<'a>, Failure> {
    Timestamp::from_total_nanoseconds(nanoseconds).map(Value::Timestamp).ok_or(overflow)
}

fn duration<'a>(nanoseconds: i128, overflow: Failure) -> Result<Value<'a>, Failure> {
    Duration::from_total_nanoseconds(nanoseconds).map(Value::Duration).ok_or(overflow)
}

fn multiply<'a>(
    operator: Binary,
    left: &Value<'a>,
    right: &Value<'a>,
) -> Result<Value<'a>, Failure> {
    let is_zero = matches!(right, Value::Int(0) | Value::UInt(0));
    let (result, overflow) = match (operator, left, right) {
        (Binary::Multiply, Value::Int(a), Value::Int(b)) => {
            (a.checked_mul(*b).map(Value::Int), "a multiplication")
        }
        (Binary::Multiply, Value::UInt(a), Value::UInt(b)) => {
            (a.checked_mul(*b).map(Value::UInt), "a multiplication")
        }
        (Binary::Multiply, Value::Double(a), Value::Double(b)) => {
            return Ok(Value::Double(a * b));
        }
        (Binary::Divide, Value::Double(a), Value::Double(b)) => return Ok(Value::Double(a / b)),
        (Binary::Divide, Value::Int(a), Value::Int(b)) => {
            (a.checked_div(*b).map(Value::Int), "a division")
        }
        (Binary::Divide, Value::UInt(a), Value::UInt(b)) => {
            (a.checked_div(*b).map(Value::UInt), "a division")
        }
        (Binary::Modulo, Value::Int(a), Value::Int(b)) => {
            (a.checked_rem(*b).map(Value::Int), "a modulus")
        }
        (Binary::Modulo, Value::UInt(a), Value::UInt(b)) => {
            (a.checked_rem(*b).map(Value::UInt), "a modulus")
        }
        _ => return Err(wrong_types(operator, left, right)),
    };
    result.ok_or(if is_zero { Failure::DivisionByZero } else { Failure::Overflow(overflow) })
}

/// The value of `-operand`.
pub(super) fn negate<'a>(operand: &Value<'_>) -> Result<Value<'a>, Failure> {
    match operand {
        Value::Int(int) => int.checked_neg().map(Value::Int).ok_or(Failure::Overflow("a negation")),
        Value::Double(double) => Ok(Value::Double(-double)),
        other => Err(Failure::WrongType(format!("`-` does not take {}", type_name(other)).into())),
    }
}

#[cold]
fn wrong_types(operator: Binary, left: &Value<'_>, right: &Value<'_>) -> Failure {
    let is_text = |value: &Value<'_>| matches!(value, Value::String(_));
    let help = match operator {
        Binary::Add if is_text(left) || is_text(right) => {
            ": write `string(...)` around the value that is not a string"
        }
        _ => "",
    };
    let (symbol, left, right) = (operator.symbol(), type_name(left), type_name(right));
    Failure::WrongType(format!("`{symbol}` does not take {left} and {right}{help}").into())
}
