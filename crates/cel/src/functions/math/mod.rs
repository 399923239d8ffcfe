//! `math`, after cel-go's library of that name: the greatest and the least of numbers, rounding,
//! signs, bits.
//!
//! As there, rounding takes doubles only. A configuration item holds a whole number as an integer,
//! whatever the field's type: `math.round(double(x))` takes either.

mod bits;

use std::cmp::Ordering;

use super::Outcome;
use super::standard::{double_from_int, double_from_uint};
use crate::Value;
use crate::signature::{Call, Failure, Kind, Overload, Returns};
use crate::value_ops;

const BOOL: Returns = Returns::A(Kind::Bool);
const INT: Returns = Returns::A(Kind::Int);
const UINT: Returns = Returns::A(Kind::UInt);
const DOUBLE: Returns = Returns::A(Kind::Double);
const ANY: Returns = Returns::A(Kind::Any);

/// The parser makes a list of more arguments than are declared here.
pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("math.greatest", &[Kind::Int], Returns::SameAs(0), greatest),
    Overload::global("math.greatest", &[Kind::UInt], Returns::SameAs(0), greatest),
    Overload::global("math.greatest", &[Kind::Double], Returns::SameAs(0), greatest),
    Overload::global("math.greatest", &[Kind::List], Returns::ElementOf(0), greatest),
    Overload::global("math.greatest", &[Kind::Any, Kind::Any], ANY, greatest),
    Overload::global("math.least", &[Kind::Int], Returns::SameAs(0), least),
    Overload::global("math.least", &[Kind::UInt], Returns::SameAs(0), least),
    Overload::global("math.least", &[Kind::Double], Returns::SameAs(0), least),
    Overload::global("math.least", &[Kind::List], Returns::ElementOf(0), least),
    Overload::global("math.least", &[Kind::Any, Kind::Any], ANY, least),
    Overload::global("math.abs", &[Kind::Int], INT, abs),
    Overload::global("math.abs", &[Kind::UInt], UINT, abs),
    Overload::global("math.abs", &[Kind::Double], DOUBLE, abs),
    Overload::global("math.sign", &[Kind::Int], INT, sign),
    Overload::global("math.sign", &[Kind::UInt], UINT, sign),
    Overload::global("math.sign", &[Kind::Double], DOUBLE, sign),
    Overload::global("math.ceil", &[Kind::Double], DOUBLE, ceil),
    Overload::global("math.floor", &[Kind::Double], DOUBLE, floor),
    Overload::global("math.round", &[Kind::Double], DOUBLE, round),
    Overload::global("math.trunc", &[Kind::Double], DOUBLE, trunc),
    Overload::global("math.sqrt", &[Kind::Int], DOUBLE, sqrt),
    Overload::global("math.sqrt", &[Kind::UInt], DOUBLE, sqrt),
    Overload::global("math.sqrt", &[Kind::Double], DOUBLE, sqrt),
    Overload::global("math.isNaN", &[Kind::Double], BOOL, is_nan),
    Overload::global("math.isInf", &[Kind::Double], BOOL, is_infinite),
    Overload::global("math.isFinite", &[Kind::Double], BOOL, is_finite),
    Overload::global("math.bitAnd", &[Kind::Int, Kind::Int], INT, bits::and),
    Overload::global("math.bitAnd", &[Kind::UInt, Kind::UInt], UINT, bits::and),
    Overload::global("math.bitOr", &[Kind::Int, Kind::Int], INT, bits::or),
    Overload::global("math.bitOr", &[Kind::UInt, Kind::UInt], UINT, bits::or),
    Overload::global("math.bitXor", &[Kind::Int, Kind::Int], INT, bits::xor),
    Overload::global("math.bitXor", &[Kind::UInt, Kind::UInt], UINT, bits::xor),
    Overload::global("math.bitNot", &[Kind::Int], INT, bits::not),
    Overload::global("math.bitNot", &[Kind::UInt], UINT, bits::not),
    Overload::global("math.bitShiftLeft", &[Kind::Int, Kind::Int], INT, bits::shift_left),
    Overload::global("math.bitShiftLeft", &[Kind::UInt, Kind::Int], UINT, bits::shift_left),
    Overload::global("math.bitShiftRight", &[Kind::Int, Kind::Int], INT, bits::shift_right),
    Overload::global("math.bitShiftRight", &[Kind::UInt, Kind::Int], UINT, bits::shift_right),
];

fn greatest<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    extreme(call, "math.greatest", arguments, Ordering::Greater)
}

fn least<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    extreme(call, "math.least", arguments, Ordering::Less)
}

/// The first number that is on the `wanted` side of all others.
fn extreme<'a>(
    call: &mut Call<'_, 'a>,
    name: &str,
    arguments: &[Value<'a>],
    wanted: Ordering,
) -> Outcome<'a> {
    let numbers = match arguments {
        [Value::List(list)] => list,
        _ => arguments,
    };
    let Some((first, others)) = numbers.split_first() else {
        return Err(Failure::invalid(format!("{name}: the list is empty")));
    };
    call.fuel.charge(numbers.len() as u64)?;
    if !numbers.iter().all(is_number) {
        return Err(Failure::no_overload(name, arguments));
    }
    let mut found = *first;
    for number in others {
        if value_ops::compare(number, &found)? == wanted {
            found = *number;
        }
    }
    Ok(found)
}

const fn is_number(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_))
}

fn abs<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Int(number)] => {
            number.checked_abs().map(Value::Int).ok_or(Failure::Overflow("math.abs"))
        }
        [Value::UInt(number)] => Ok(Value::UInt(*number)),
        [Value::Double(number)] => Ok(Value::Double(number.abs())),
        _ => Err(Failure::no_overload("math.abs", arguments)),
    }
}

fn ceil<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    rounded("math.ceil", arguments, f64::ceil)
}

fn floor<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    rounded("math.floor", arguments, f64::floor)
}

/// Halves are rounded away from zero.
fn round<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    rounded("math.round", arguments, f64::round)
}

fn trunc<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    rounded("math.trunc", arguments, f64::trunc)
}

fn rounded<'a>(name: &str, arguments: &[Value<'a>], round: fn(f64) -> f64) -> Outcome<'a> {
    let [Value::Double(number)] = arguments else {
        return Err(Failure::no_overload(name, arguments));
    };
    Ok(Value::Double(round(*number)))
}

/// -1, 0 or 1 in the number's own type; of `NaN`, `NaN`.
fn sign<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Int(number)] => Ok(Value::Int(number.signum())),
        [Value::UInt(number)] => Ok(Value::UInt(u64::from(*number > 0))),
        [Value::Double(number)] if *number == 0.0 => Ok(Value::Double(0.0)),
        [Value::Double(number)] => Ok(Value::Double(number.signum())),
        _ => Err(Failure::no_overload("math.sign", arguments)),
    }
}

/// The square root; of a negative number, `NaN`.
fn sqrt<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        [Value::Int(number)] => double_from_int(*number),
        [Value::UInt(number)] => double_from_uint(*number),
        [Value::Double(number)] => *number,
        _ => return Err(Failure::no_overload("math.sqrt", arguments)),
    };
    Ok(Value::Double(number.sqrt()))
}

fn is_nan<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    asked("math.isNaN", arguments, f64::is_nan)
}

fn is_infinite<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    asked("math.isInf", arguments, f64::is_infinite)
}

fn is_finite<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    asked("math.isFinite", arguments, f64::is_finite)
}

fn asked<'a>(name: &str, arguments: &[Value<'a>], holds: fn(f64) -> bool) -> Outcome<'a> {
    let [Value::Double(number)] = arguments else {
        return Err(Failure::no_overload(name, arguments));
    };
    Ok(Value::Bool(holds(*number)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failure_of, function, int, s, value_of};
    use super::*;

    #[test]
    fn the_greatest_and_least_of_numbers_keep_their_type() {
        let numbers = [int(1), Value::Double(2.5), int(2)];
        assert_eq!(value_of("math.greatest", &[Value::List(&numbers)]), "2.5");
        assert_eq!(value_of("math.least", &[int(1), Value::Double(2.5)]), "1");
        assert_eq!(value_of("math.least", &[Value::List(&[int(3), int(-4)])]), "-4");
        assert_eq!(value_of("math.greatest", &[int(7)]), "7");
    }

    #[test]
    fn only_numbers_are_compared() {
        let failure = failure_of("math.greatest", &[int(1), s("2")]);
        assert_eq!(failure, "math.greatest: no overload for (int, string)");
        assert_eq!(failure_of("math.least", &[Value::List(&[])]), "math.least: the list is empty");
    }

    #[test]
    fn the_least_integer_has_no_absolute_value() {
        assert_eq!(function("math.abs", &[int(i64::MIN)]), Err(Failure::Overflow("math.abs")));
        assert_eq!(value_of("math.abs", &[int(-3)]), "3");
        assert_eq!(value_of("math.abs", &[Value::Double(-3.5)]), "3.5");
        assert_eq!(value_of("math.abs", &[Value::UInt(3)]), "3u");
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(value_of("math.round", &[Value::Double(-1.5)]), "-2.0");
        assert_eq!(value_of("math.ceil", &[Value::Double(-1.2)]), "-1.0");
        assert_eq!(value_of("math.floor", &[Value::Double(-1.2)]), "-2.0");
        assert_eq!(value_of("math.trunc", &[Value::Double(-1.8)]), "-1.0");
    }
}
