//! `math.greatest`, `math.least` and rounding, after cel-go's math library.
//!
//! Unlike there, rounding takes integers too: configuration items hold a whole number as an
//! integer, whatever the field's type.

use std::cmp::Ordering;

use super::standard::{double_from_int, double_from_uint};
use super::{Outcome, no_overload};
use crate::expression::signature::{Call, Failure, Kind, Overload, Returns};
use crate::expression::value_ops;
use crate::resource::Value;

const DOUBLE: Returns = Returns::A(Kind::Double);
const ANY: Returns = Returns::A(Kind::Any);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("math.greatest", &[Kind::Int], Returns::SameAs(0), greatest),
    Overload::global("math.greatest", &[Kind::UInt], Returns::SameAs(0), greatest),
    Overload::global("math.greatest", &[Kind::Double], Returns::SameAs(0), greatest),
    Overload::global("math.greatest", &[Kind::List], Returns::ElementOf(0), greatest),
    Overload::global("math.greatest", &[Kind::Any, Kind::Any], ANY, greatest),
    Overload::global("math.greatest", &[Kind::Any, Kind::Any, Kind::Any], ANY, greatest),
    Overload::global("math.least", &[Kind::Int], Returns::SameAs(0), least),
    Overload::global("math.least", &[Kind::UInt], Returns::SameAs(0), least),
    Overload::global("math.least", &[Kind::Double], Returns::SameAs(0), least),
    Overload::global("math.least", &[Kind::List], Returns::ElementOf(0), least),
    Overload::global("math.least", &[Kind::Any, Kind::Any], ANY, least),
    Overload::global("math.least", &[Kind::Any, Kind::Any, Kind::Any], ANY, least),
    Overload::global("math.abs", &[Kind::Int], Returns::SameAs(0), abs),
    Overload::global("math.abs", &[Kind::UInt], Returns::SameAs(0), abs),
    Overload::global("math.abs", &[Kind::Double], Returns::SameAs(0), abs),
    Overload::global("math.ceil", &[Kind::Double], DOUBLE, ceil),
    Overload::global("math.ceil", &[Kind::Int], DOUBLE, ceil),
    Overload::global("math.ceil", &[Kind::UInt], DOUBLE, ceil),
    Overload::global("math.floor", &[Kind::Double], DOUBLE, floor),
    Overload::global("math.floor", &[Kind::Int], DOUBLE, floor),
    Overload::global("math.floor", &[Kind::UInt], DOUBLE, floor),
    Overload::global("math.round", &[Kind::Double], DOUBLE, round),
    Overload::global("math.round", &[Kind::Int], DOUBLE, round),
    Overload::global("math.round", &[Kind::UInt], DOUBLE, round),
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
        return Err(Failure::Invalid(format!("{name}: the list is empty").into()));
    };
    call.fuel.charge(numbers.len() as u64)?;
    if !numbers.iter().all(is_number) {
        return Err(no_overload(name, arguments));
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
        _ => Err(no_overload("math.abs", arguments)),
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

fn rounded<'a>(name: &str, arguments: &[Value<'a>], round: fn(f64) -> f64) -> Outcome<'a> {
    match arguments {
        [Value::Double(number)] => Ok(Value::Double(round(*number))),
        [Value::Int(number)] => Ok(Value::Double(double_from_int(*number))),
        [Value::UInt(number)] => Ok(Value::Double(double_from_uint(*number))),
        _ => Err(no_overload(name, arguments)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failure_of, function, int, s, value_of};
    use super::*;

    #[test]
    fn the_greatest_and_least_of_numbers_keep_their_type() {
        assert_eq!(value_of("math.greatest", &[int(1), Value::Double(2.5), int(2)]), "2.5");
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
        assert_eq!(value_of("math.floor", &[int(3)]), "3.0");
    }
}
