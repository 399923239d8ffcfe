//! Numbers as 64 bits, of two integers of the same type.

use super::super::Outcome;
use crate::Value;
use crate::signature::{Call, Failure};

pub(super) fn and<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    both("math.bitAnd", arguments, |left, right| left & right)
}

pub(super) fn or<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    both("math.bitOr", arguments, |left, right| left | right)
}

pub(super) fn xor<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    both("math.bitXor", arguments, |left, right| left ^ right)
}

pub(super) fn not<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Int(number)] => Ok(Value::Int(!number)),
        [Value::UInt(number)] => Ok(Value::UInt(!number)),
        _ => Err(Failure::no_overload("math.bitNot", arguments)),
    }
}

pub(super) fn shift_left<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    shifted("math.bitShiftLeft", arguments, u64::checked_shl)
}

/// Zeros come in from the left, whatever the sign.
pub(super) fn shift_right<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    shifted("math.bitShiftRight", arguments, u64::checked_shr)
}

fn both<'a>(name: &str, arguments: &[Value<'a>], join: fn(u64, u64) -> u64) -> Outcome<'a> {
    match arguments {
        [Value::Int(left), Value::Int(right)] => {
            let joined = join(left.cast_unsigned(), right.cast_unsigned());
            Ok(Value::Int(joined.cast_signed()))
        }
        [Value::UInt(left), Value::UInt(right)] => Ok(Value::UInt(join(*left, *right))),
        _ => Err(Failure::no_overload(name, arguments)),
    }
}

/// The bits so many places on; nothing is left of them beyond 63.
fn shifted<'a>(
    name: &str,
    arguments: &[Value<'a>],
    shift: fn(u64, u32) -> Option<u64>,
) -> Outcome<'a> {
    let [number, Value::Int(places)] = arguments else {
        return Err(Failure::no_overload(name, arguments));
    };
    if *places < 0 {
        return Err(Failure::invalid(format!("{name}: the number of places {places} is negative")));
    }
    let shift = |bits| u32::try_from(*places).ok().and_then(|places| shift(bits, places));
    match number {
        Value::Int(number) => {
            Ok(Value::Int(shift(number.cast_unsigned()).unwrap_or(0).cast_signed()))
        }
        Value::UInt(number) => Ok(Value::UInt(shift(*number).unwrap_or(0))),
        _ => Err(Failure::no_overload(name, arguments)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{failure_of, int, value_of};
    use super::*;

    #[test]
    fn bits_are_joined_and_turned() {
        assert_eq!(value_of("math.bitAnd", &[int(-1), int(6)]), "6");
        assert_eq!(value_of("math.bitOr", &[Value::UInt(1), Value::UInt(6)]), "7u");
        assert_eq!(value_of("math.bitXor", &[int(3), int(5)]), "6");
        assert_eq!(value_of("math.bitNot", &[int(1)]), "-2");
        assert_eq!(value_of("math.bitNot", &[Value::UInt(0)]), "18446744073709551615u");
    }

    #[test]
    fn a_shift_brings_zeros_in_and_is_never_negative() {
        assert_eq!(value_of("math.bitShiftLeft", &[int(1), int(2)]), "4");
        assert_eq!(value_of("math.bitShiftLeft", &[int(1), int(200)]), "0");
        assert_eq!(value_of("math.bitShiftRight", &[int(-1024), int(3)]), "2305843009213693824");
        assert_eq!(value_of("math.bitShiftRight", &[Value::UInt(1024), int(64)]), "0u");
        let failure = failure_of("math.bitShiftLeft", &[int(1), int(-1)]);
        assert_eq!(failure, "math.bitShiftLeft: the number of places -1 is negative");
    }
}
