//! Conversions between types. Each says in its failure what it was given.

use super::super::{Outcome, quoted};
use super::duration::parse_duration;
use super::number;
use crate::signature::{Call, Failure};
use crate::time::{format_duration, format_timestamp, parse_timestamp};
use crate::{Timestamp, Value};

/// `dyn(x)`, and every conversion to the type that the value has.
pub(super) fn identity<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    arguments.first().copied().ok_or_else(|| Failure::no_overload("dyn", arguments))
}

pub(super) fn type_of<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] => Ok(Value::Type(value.type_name())),
        _ => Err(Failure::no_overload("type", arguments)),
    }
}

/// The spellings are those of the specification's conformance tests.
pub(super) fn to_bool<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("bool", arguments));
    };
    match *text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
        _ => Err(unreadable("bool", text, "is neither true nor false")),
    }
}

pub(super) fn to_int<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        [Value::UInt(number)] => {
            i64::try_from(*number).map_err(|_| Failure::Overflow("int(uint)"))?
        }
        [Value::Double(number)] => number::int_from_double(*number)?,
        [Value::Timestamp(time)] => time.seconds,
        [Value::String(text)] => {
            call.fuel.charge_bytes(text.len())?;
            text.parse().map_err(|_| unreadable("int", text, "is not a 64-bit integer"))?
        }
        _ => return Err(Failure::no_overload("int", arguments)),
    };
    Ok(Value::Int(number))
}

pub(super) fn to_uint<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        [Value::Int(number)] => {
            u64::try_from(*number).map_err(|_| Failure::Overflow("uint(int)"))?
        }
        [Value::Double(number)] => number::uint_from_double(*number)?,
        [Value::String(text)] => {
            call.fuel.charge_bytes(text.len())?;
            let unsigned = Some(*text).filter(|text| !text.starts_with('+'));
            unsigned
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| unreadable("uint", text, "is not an unsigned 64-bit integer"))?
        }
        _ => return Err(Failure::no_overload("uint", arguments)),
    };
    Ok(Value::UInt(number))
}

pub(super) fn to_double<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        [Value::Int(number)] => number::double_from_int(*number),
        [Value::UInt(number)] => number::double_from_uint(*number),
        [Value::String(text)] => {
            call.fuel.charge_bytes(text.len())?;
            number::double_from_text(text)
                .ok_or_else(|| unreadable("double", text, "is not a 64-bit number"))?
        }
        _ => return Err(Failure::no_overload("double", arguments)),
    };
    Ok(Value::Double(number))
}

pub(super) fn to_string<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let text = match arguments {
        [Value::Bytes(bytes)] => {
            call.fuel.charge_bytes(bytes.len())?;
            let text = str::from_utf8(bytes);
            return text.map(Value::String).map_err(|problem| {
                Failure::invalid(format!(
                    "string(bytes): not valid UTF-8 from byte {}",
                    problem.valid_up_to()
                ))
            });
        }
        [Value::Bool(value)] => value.to_string(),
        [Value::Int(number)] => number.to_string(),
        [Value::UInt(number)] => number.to_string(),
        [Value::Double(number)] => number::shortest(*number),
        [Value::Timestamp(time)] => format_timestamp(*time),
        [Value::Duration(span)] => format_duration(*span),
        [Value::Ip(address)] => address.to_string(),
        [Value::Cidr(network)] => network.to_string(),
        _ => return Err(Failure::no_overload("string", arguments)),
    };
    call.fuel.charge_bytes(text.len())?;
    Ok(Value::String(call.arena.alloc_str(&text)))
}

pub(super) fn to_bytes<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("bytes", arguments));
    };
    call.fuel.charge_bytes(text.len())?;
    Ok(Value::Bytes(text.as_bytes()))
}

pub(super) fn to_timestamp<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let time = match arguments {
        [Value::Int(seconds)] => Timestamp::new(*seconds, 0).ok_or_else(|| {
            Failure::invalid(format!("timestamp({seconds}): this is not in the years 0001 to 9999"))
        })?,
        [Value::String(text)] => {
            call.fuel.charge_bytes(text.len())?;
            parse_timestamp(text).ok_or_else(|| {
                unreadable("timestamp", text, "is not an RFC 3339 time in the years 0001 to 9999")
            })?
        }
        _ => return Err(Failure::no_overload("timestamp", arguments)),
    };
    Ok(Value::Timestamp(time))
}

pub(super) fn to_duration<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("duration", arguments));
    };
    call.fuel.charge(1 + text.len() as u64 / 2)?;
    let span = parse_duration(text).ok_or_else(|| {
        unreadable("duration", text, "is not a duration such as \"1h30m\" of at most 292 years")
    })?;
    Ok(Value::Duration(span))
}

fn unreadable(function: &str, text: &str, problem: &str) -> Failure {
    Failure::invalid(format!("{function}({}): this {problem}", quoted(text)))
}
