//! Copies a result out of what the run used.

use bumpalo::Bump;

use crate::Value;
use crate::signature::{Failure, Fuel};
use crate::value_ops::{MAX_DEPTH, too_deep};

/// A copy of `value` in the arena. Values may share parts, and a copy does not: it is charged, so
/// that a result written out as a tree is bounded as well.
pub(super) fn copy<'a>(
    value: &Value<'_>,
    arena: &'a Bump,
    fuel: &mut Fuel,
) -> Result<Value<'a>, Failure> {
    copy_within(value, arena, fuel, MAX_DEPTH)
}

fn copy_within<'a>(
    value: &Value<'_>,
    arena: &'a Bump,
    fuel: &mut Fuel,
    depth: usize,
) -> Result<Value<'a>, Failure> {
    let Some(depth) = depth.checked_sub(1) else { return Err(too_deep()) };
    Ok(match value {
        Value::Null => Value::Null,
        Value::Bool(bool) => Value::Bool(*bool),
        Value::Int(int) => Value::Int(*int),
        Value::UInt(uint) => Value::UInt(*uint),
        Value::Double(double) => Value::Double(*double),
        Value::String(text) => Value::String(copy_text(text, arena, fuel)?),
        Value::Bytes(bytes) => {
            fuel.charge_bytes(bytes.len())?;
            Value::Bytes(arena.alloc_slice_copy(bytes))
        }
        Value::List(items) => Value::List(copy_list(items, arena, fuel, depth)?),
        Value::Map(entries) => Value::Map(copy_map(entries, arena, fuel, depth)?),
        Value::Timestamp(timestamp) => Value::Timestamp(*timestamp),
        Value::Duration(duration) => Value::Duration(*duration),
        Value::Type(name) => Value::Type(*name),
        Value::Optional(None) => Value::Optional(None),
        Value::Optional(Some(value)) => {
            fuel.charge_values(1)?;
            Value::Optional(Some(arena.alloc(copy_within(value, arena, fuel, depth)?)))
        }
        Value::Ip(address) => Value::Ip(*address),
        Value::Cidr(network) => Value::Cidr(arena.alloc(**network)),
    })
}

fn copy_text<'a>(text: &str, arena: &'a Bump, fuel: &mut Fuel) -> Result<&'a str, Failure> {
    fuel.charge_bytes(text.len())?;
    Ok(arena.alloc_str(text))
}

fn copy_list<'a>(
    items: &[Value<'_>],
    arena: &'a Bump,
    fuel: &mut Fuel,
    depth: usize,
) -> Result<&'a [Value<'a>], Failure> {
    fuel.charge_values(1 + items.len())?;
    let copies = arena.alloc_slice_fill_copy(items.len(), Value::Null);
    for (item, copy) in items.iter().zip(copies.iter_mut()) {
        *copy = copy_within(item, arena, fuel, depth)?;
    }
    Ok(copies)
}

fn copy_map<'a>(
    entries: &[(Value<'_>, Value<'_>)],
    arena: &'a Bump,
    fuel: &mut Fuel,
    depth: usize,
) -> Result<&'a [(Value<'a>, Value<'a>)], Failure> {
    fuel.charge_values(1 + 2 * entries.len())?;
    let copies = arena.alloc_slice_fill_copy(entries.len(), (Value::Null, Value::Null));
    for ((key, value), copy) in entries.iter().zip(copies.iter_mut()) {
        copy.0 = copy_within(key, arena, fuel, depth)?;
        copy.1 = copy_within(value, arena, fuel, depth)?;
    }
    Ok(copies)
}
