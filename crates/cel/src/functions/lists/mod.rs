//! The `lists` libraries: what Kubernetes adds (`isSorted`, `sum`, `min`, `max`, `indexOf`,
//! `lastIndexOf`), what cel-go adds (`flatten`, `distinct`, `slice`, `sort`, `reverse`,
//! `lists.range`), and `first` and `last` of cel-go's optional types.
//!
//! `sum` adds integers and doubles together, unlike `+`: configuration items hold a whole number
//! as an integer, whatever the field's type.

mod order;
mod shape;

pub(crate) use order::sorted_by_key;

use super::standard::double_from_int;
use super::{Outcome, length};
use crate::signature::{Call, Failure, Kind, Overload, Returns};
use crate::value_ops;
use crate::{Duration, Value};

const BOOL: Returns = Returns::A(Kind::Bool);
const INT: Returns = Returns::A(Kind::Int);
const ELEMENT: Returns = Returns::ElementOf(0);
const SAME: Returns = Returns::SameAs(0);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::receiver("isSorted", &[Kind::List], BOOL, order::is_sorted),
    Overload::receiver("min", &[Kind::List], ELEMENT, order::min),
    Overload::receiver("max", &[Kind::List], ELEMENT, order::max),
    Overload::receiver("sort", &[Kind::List], SAME, order::sort),
    Overload::receiver("sum", &[Kind::List], ELEMENT, sum),
    Overload::receiver("indexOf", &[Kind::List, Kind::Any], INT, index_of),
    Overload::receiver("lastIndexOf", &[Kind::List, Kind::Any], INT, last_index_of),
    Overload::receiver("first", &[Kind::List], Returns::OptionalElementOf(0), first),
    Overload::receiver("last", &[Kind::List], Returns::OptionalElementOf(0), last),
    Overload::receiver("flatten", &[Kind::List], Returns::A(Kind::List), shape::flatten),
    Overload::receiver("flatten", &[Kind::List, Kind::Int], Returns::A(Kind::List), shape::flatten),
    Overload::receiver("distinct", &[Kind::List], SAME, shape::distinct),
    Overload::receiver("slice", &[Kind::List, Kind::Int, Kind::Int], SAME, shape::slice),
    Overload::receiver("reverse", &[Kind::List], SAME, shape::reverse),
    Overload::global("lists.range", &[Kind::Int], Returns::ListOf(Kind::Int), shape::range),
];

/// The sum of numbers or of durations; of nothing, 0.
fn sum<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(Failure::no_overload("sum", arguments)) };
    call.fuel.charge(list.len() as u64)?;
    match list.split_first() {
        None => Ok(Value::Int(0)),
        Some((first, others)) if can_be_summed(first) => {
            others.iter().try_fold(*first, |total, value| add(total, *value))
        }
        Some((other, _)) => Err(Failure::no_overload("sum", &[*other])),
    }
}

const fn can_be_summed(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::Double(_) | Value::Duration(_))
}

fn add<'a>(left: Value<'a>, right: Value<'a>) -> Outcome<'a> {
    const OVERFLOW: Failure = Failure::Overflow("sum");
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            left.checked_add(right).map(Value::Int).ok_or(OVERFLOW)
        }
        (Value::UInt(left), Value::UInt(right)) => {
            left.checked_add(right).map(Value::UInt).ok_or(OVERFLOW)
        }
        (Value::Double(left), Value::Double(right)) => Ok(Value::Double(left + right)),
        (Value::Int(int), Value::Double(double)) | (Value::Double(double), Value::Int(int)) => {
            Ok(Value::Double(double_from_int(int) + double))
        }
        (Value::Duration(left), Value::Duration(right)) => {
            add_durations(left, right).map(Value::Duration).ok_or(OVERFLOW)
        }
        _ => Err(Failure::no_overload("sum", &[left, right])),
    }
}

fn add_durations(left: Duration, right: Duration) -> Option<Duration> {
    let total = left.total_nanoseconds().checked_add(right.total_nanoseconds())?;
    Duration::from_total_nanoseconds(total)
}

fn index_of<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), wanted] = arguments else {
        return Err(Failure::no_overload("indexOf", arguments));
    };
    place_of(call, wanted, list.iter().enumerate())
}

fn last_index_of<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), wanted] = arguments else {
        return Err(Failure::no_overload("lastIndexOf", arguments));
    };
    place_of(call, wanted, list.iter().enumerate().rev())
}

/// The place of the first value that equals the one wanted, or -1.
fn place_of<'v, 'a: 'v>(
    call: &mut Call<'_, 'a>,
    wanted: &Value<'a>,
    values: impl Iterator<Item = (usize, &'v Value<'a>)>,
) -> Outcome<'a> {
    for (place, value) in values {
        call.fuel.charge(1)?;
        if value_ops::equal(value, wanted, call.fuel)? {
            return Ok(length(place));
        }
    }
    Ok(Value::Int(-1))
}

fn first<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else {
        return Err(Failure::no_overload("first", arguments));
    };
    Ok(Value::Optional(list.first()))
}

fn last<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else {
        return Err(Failure::no_overload("last", arguments));
    };
    Ok(Value::Optional(list.last()))
}

#[cfg(test)]
mod tests;
