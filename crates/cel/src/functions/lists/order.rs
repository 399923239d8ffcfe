//! What lists say of the order of their elements: all numbers, all texts, all times and so on.

use std::cmp::Ordering;

use bumpalo::Bump;

use super::super::Outcome;
use crate::Value;
use crate::signature::{Call, Failure, Fuel};
use crate::value_ops;

/// Whether no element is greater than the one after it.
pub(super) fn is_sorted<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else {
        return Err(Failure::no_overload("isSorted", arguments));
    };
    for (value, next) in list.iter().zip(list.iter().skip(1)) {
        if order(value, next, call.fuel)? == Ordering::Greater {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

pub(super) fn min<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    extreme(call, "min", arguments, Ordering::Less)
}

pub(super) fn max<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    extreme(call, "max", arguments, Ordering::Greater)
}

/// The first element that is on the `wanted` side of all others.
fn extreme<'a>(
    call: &mut Call<'_, 'a>,
    name: &str,
    arguments: &[Value<'a>],
    wanted: Ordering,
) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(Failure::no_overload(name, arguments)) };
    let first =
        list.first().ok_or_else(|| Failure::invalid(format!("{name}: the list is empty")))?;
    let mut found = first;
    for value in *list {
        if order(value, found, call.fuel)? == wanted {
            found = value;
        }
    }
    Ok(*found)
}

/// The elements in ascending order; equal ones stay in the order they had.
pub(super) fn sort<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else {
        return Err(Failure::no_overload("sort", arguments));
    };
    let Some(first) = list.first() else { return Ok(Value::List(&[])) };
    // What can be compared with the first can be compared with each other: the sort cannot fail.
    for value in *list {
        order(value, first, call.fuel)?;
    }
    call.fuel.charge(sorting_cost(list))?;
    let sorted = call.arena.alloc_slice_copy(list);
    sorted.sort_by(|left, right| value_ops::compare(left, right).unwrap_or(Ordering::Equal));
    Ok(Value::List(sorted))
}

/// The second of each pair, in ascending order of the first; pairs with equal keys stay in the
/// order they had.
pub(crate) fn sorted_by_key<'a>(
    pairs: &'a [(Value<'a>, Value<'a>)],
    arena: &'a Bump,
    fuel: &mut Fuel,
) -> Result<&'a [Value<'a>], Failure> {
    let Some((first, _)) = pairs.first() else { return Ok(&[]) };
    for (key, _) in pairs {
        order(key, first, fuel)?;
    }
    let bytes: usize = pairs.iter().map(|(key, _)| text_bytes(key)).sum();
    fuel.charge(cost_of_sorting(pairs.len(), bytes))?;
    fuel.charge_values(3 * pairs.len())?;
    let sorted = arena.alloc_slice_copy(pairs);
    sorted.sort_by(|(left, _), (right, _)| {
        value_ops::compare(left, right).unwrap_or(Ordering::Equal)
    });
    Ok(arena.alloc_slice_fill_iter(sorted.iter().map(|(_, value)| *value)))
}

/// Each element is compared about log n times, and with it the bytes of its text.
fn sorting_cost(list: &[Value<'_>]) -> u64 {
    cost_of_sorting(list.len(), list.iter().map(text_bytes).sum())
}

fn cost_of_sorting(count: usize, bytes: usize) -> u64 {
    let comparisons = u64::from(count.checked_ilog2().unwrap_or_default()) + 1;
    (count as u64 + bytes as u64 / 16).saturating_mul(comparisons)
}

const fn text_bytes(value: &Value<'_>) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// How two elements stand to each other.
fn order(left: &Value<'_>, right: &Value<'_>, fuel: &mut Fuel) -> Result<Ordering, Failure> {
    fuel.charge_bytes(text_bytes(left).min(text_bytes(right)))?;
    value_ops::compare(left, right)
}
