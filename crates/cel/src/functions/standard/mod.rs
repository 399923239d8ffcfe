//! The standard functions, after "List of Standard Definitions" of the CEL specification
//! (cel-spec, doc/langdef.md). Operators and macros are the machine's.

mod calendar;
mod conversion;
mod duration;
mod getter;
mod number;

pub(super) use number::{decimal, double_from_int, double_from_uint, padded_exponent};

use super::super::signature::{Call, Kind, Overload, Returns};
use super::{Outcome, length};
use crate::Value;
use crate::signature::Failure;

const BOOL: Returns = Returns::A(Kind::Bool);
const INT: Returns = Returns::A(Kind::Int);
const UINT: Returns = Returns::A(Kind::UInt);
const DOUBLE: Returns = Returns::A(Kind::Double);
const STRING: Returns = Returns::A(Kind::String);
const BYTES: Returns = Returns::A(Kind::Bytes);
const TIMESTAMP: Returns = Returns::A(Kind::Timestamp);
const DURATION: Returns = Returns::A(Kind::Duration);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("size", &[Kind::String], INT, size),
    Overload::global("size", &[Kind::Bytes], INT, size),
    Overload::global("size", &[Kind::List], INT, size),
    Overload::global("size", &[Kind::Map], INT, size),
    Overload::receiver("size", &[Kind::String], INT, size),
    Overload::receiver("size", &[Kind::Bytes], INT, size),
    Overload::receiver("size", &[Kind::List], INT, size),
    Overload::receiver("size", &[Kind::Map], INT, size),
    Overload::receiver("contains", &[Kind::String, Kind::String], BOOL, contains),
    Overload::receiver("startsWith", &[Kind::String, Kind::String], BOOL, starts_with),
    Overload::receiver("endsWith", &[Kind::String, Kind::String], BOOL, ends_with),
    Overload::global("matches", &[Kind::String, Kind::String], BOOL, matches).with_pattern(),
    Overload::receiver("matches", &[Kind::String, Kind::String], BOOL, matches).with_pattern(),
    Overload::global("dyn", &[Kind::Any], Returns::A(Kind::Any), conversion::identity),
    Overload::global("type", &[Kind::Any], Returns::A(Kind::Type), conversion::type_of),
    Overload::global("bool", &[Kind::Bool], BOOL, conversion::identity),
    Overload::global("bool", &[Kind::String], BOOL, conversion::to_bool),
    Overload::global("int", &[Kind::Int], INT, conversion::identity),
    Overload::global("int", &[Kind::UInt], INT, conversion::to_int),
    Overload::global("int", &[Kind::Double], INT, conversion::to_int),
    Overload::global("int", &[Kind::String], INT, conversion::to_int),
    Overload::global("int", &[Kind::Timestamp], INT, conversion::to_int),
    Overload::global("uint", &[Kind::UInt], UINT, conversion::identity),
    Overload::global("uint", &[Kind::Int], UINT, conversion::to_uint),
    Overload::global("uint", &[Kind::Double], UINT, conversion::to_uint),
    Overload::global("uint", &[Kind::String], UINT, conversion::to_uint),
    Overload::global("double", &[Kind::Double], DOUBLE, conversion::identity),
    Overload::global("double", &[Kind::Int], DOUBLE, conversion::to_double),
    Overload::global("double", &[Kind::UInt], DOUBLE, conversion::to_double),
    Overload::global("double", &[Kind::String], DOUBLE, conversion::to_double),
    Overload::global("string", &[Kind::String], STRING, conversion::identity),
    Overload::global("string", &[Kind::Bool], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Int], STRING, conversion::to_string),
    Overload::global("string", &[Kind::UInt], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Double], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Bytes], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Timestamp], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Duration], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Ip], STRING, conversion::to_string),
    Overload::global("string", &[Kind::Cidr], STRING, conversion::to_string),
    Overload::global("bytes", &[Kind::Bytes], BYTES, conversion::identity),
    Overload::global("bytes", &[Kind::String], BYTES, conversion::to_bytes),
    Overload::global("timestamp", &[Kind::Timestamp], TIMESTAMP, conversion::identity),
    Overload::global("timestamp", &[Kind::String], TIMESTAMP, conversion::to_timestamp),
    Overload::global("timestamp", &[Kind::Int], TIMESTAMP, conversion::to_timestamp),
    Overload::global("duration", &[Kind::Duration], DURATION, conversion::identity),
    Overload::global("duration", &[Kind::String], DURATION, conversion::to_duration),
    Overload::receiver("getFullYear", &[Kind::Timestamp], INT, getter::full_year),
    Overload::receiver("getFullYear", &[Kind::Timestamp, Kind::String], INT, getter::full_year),
    Overload::receiver("getMonth", &[Kind::Timestamp], INT, getter::month),
    Overload::receiver("getMonth", &[Kind::Timestamp, Kind::String], INT, getter::month),
    Overload::receiver("getDate", &[Kind::Timestamp], INT, getter::date),
    Overload::receiver("getDate", &[Kind::Timestamp, Kind::String], INT, getter::date),
    Overload::receiver("getDayOfMonth", &[Kind::Timestamp], INT, getter::day_of_month),
    Overload::receiver(
        "getDayOfMonth",
        &[Kind::Timestamp, Kind::String],
        INT,
        getter::day_of_month,
    ),
    Overload::receiver("getDayOfWeek", &[Kind::Timestamp], INT, getter::day_of_week),
    Overload::receiver("getDayOfWeek", &[Kind::Timestamp, Kind::String], INT, getter::day_of_week),
    Overload::receiver("getDayOfYear", &[Kind::Timestamp], INT, getter::day_of_year),
    Overload::receiver("getDayOfYear", &[Kind::Timestamp, Kind::String], INT, getter::day_of_year),
    Overload::receiver("getHours", &[Kind::Timestamp], INT, getter::hours),
    Overload::receiver("getHours", &[Kind::Timestamp, Kind::String], INT, getter::hours),
    Overload::receiver("getHours", &[Kind::Duration], INT, getter::whole_hours),
    Overload::receiver("getMinutes", &[Kind::Timestamp], INT, getter::minutes),
    Overload::receiver("getMinutes", &[Kind::Timestamp, Kind::String], INT, getter::minutes),
    Overload::receiver("getMinutes", &[Kind::Duration], INT, getter::whole_minutes),
    Overload::receiver("getSeconds", &[Kind::Timestamp], INT, getter::seconds),
    Overload::receiver("getSeconds", &[Kind::Timestamp, Kind::String], INT, getter::seconds),
    Overload::receiver("getSeconds", &[Kind::Duration], INT, getter::whole_seconds),
    Overload::receiver("getMilliseconds", &[Kind::Timestamp], INT, getter::milliseconds),
    Overload::receiver(
        "getMilliseconds",
        &[Kind::Timestamp, Kind::String],
        INT,
        getter::milliseconds,
    ),
    Overload::receiver("getMilliseconds", &[Kind::Duration], INT, getter::milliseconds_part),
];

/// A text's length is in code points.
fn size<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => {
            call.fuel.charge_bytes(text.len())?;
            Ok(length(text.chars().count()))
        }
        [Value::Bytes(bytes)] => Ok(length(bytes.len())),
        [Value::List(list)] => Ok(length(list.len())),
        [Value::Map(entries)] => Ok(length(entries.len())),
        _ => Err(Failure::no_overload("size", arguments)),
    }
}

fn contains<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::String(part)] = arguments else {
        return Err(Failure::no_overload("contains", arguments));
    };
    call.fuel.charge_bytes(text.len() + part.len())?;
    Ok(Value::Bool(memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some()))
}

fn starts_with<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::String(prefix)] = arguments else {
        return Err(Failure::no_overload("startsWith", arguments));
    };
    call.fuel.charge_bytes(prefix.len())?;
    Ok(Value::Bool(text.starts_with(prefix)))
}

fn ends_with<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::String(suffix)] = arguments else {
        return Err(Failure::no_overload("endsWith", arguments));
    };
    call.fuel.charge_bytes(suffix.len())?;
    Ok(Value::Bool(text.ends_with(suffix)))
}

/// Whether the pattern matches anywhere in the text, as RE2 searches.
fn matches<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let ([Value::String(text), _], Some(pattern)) = (arguments, call.pattern) else {
        return Err(Failure::no_overload("matches", arguments));
    };
    call.fuel.charge(pattern.price(text.len()))?;
    Ok(Value::Bool(pattern.regex.is_match(text)))
}

#[cfg(test)]
mod tests;
