//! Lists made of other lists' elements.

use super::super::sets::Seen;
use super::super::{Outcome, length};
use crate::Value;
use crate::signature::{Call, Failure};

/// With nested lists' elements in their place, one level deep or as many as asked for.
pub(super) fn flatten<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (list, depth) = match arguments {
        [Value::List(list)] => (*list, 1),
        [Value::List(list), Value::Int(depth)] => (*list, *depth),
        _ => return Err(Failure::no_overload("flatten", arguments)),
    };
    if depth < 0 {
        return Err(Failure::invalid(format!("flatten: the depth {depth} is negative")));
    }
    let mut flat = list;
    for _ in 0..depth {
        call.fuel.charge(flat.len() as u64)?;
        if !flat.iter().any(|value| matches!(value, Value::List(_))) {
            break;
        }
        let mut next = bumpalo::collections::Vec::new_in(call.arena);
        for value in flat {
            let part =
                if let Value::List(part) = value { part } else { std::slice::from_ref(value) };
            call.fuel.charge_values(part.len())?;
            next.extend_from_slice_copy(part);
        }
        flat = next.into_bump_slice();
    }
    Ok(Value::List(flat))
}

/// Each value once, where it first stood.
pub(super) fn distinct<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else {
        return Err(Failure::no_overload("distinct", arguments));
    };
    let mut seen = Seen::default();
    let mut kept = bumpalo::collections::Vec::new_in(call.arena);
    for value in *list {
        if seen.insert(value, call.fuel)? {
            kept.push(*value);
        }
    }
    Ok(Value::List(kept.into_bump_slice()))
}

/// The elements from one place to before another; nothing is copied.
pub(super) fn slice<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = arguments else {
        return Err(Failure::no_overload("slice", arguments));
    };
    let range = usize::try_from(*start).ok().zip(usize::try_from(*end).ok());
    let part = range.and_then(|(start, end)| list.get(start..end));
    part.map(Value::List).ok_or_else(|| {
        Failure::invalid(format!("slice: {start} to {end} is not within the list's {}", list.len()))
    })
}

pub(super) fn reverse<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else {
        return Err(Failure::no_overload("reverse", arguments));
    };
    call.fuel.charge_values(list.len())?;
    Ok(Value::List(call.arena.alloc_slice_fill_iter(list.iter().rev().copied())))
}

/// The integers from 0 to before a number.
pub(super) fn range<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Int(end)] = arguments else {
        return Err(Failure::no_overload("lists.range", arguments));
    };
    let count = usize::try_from(*end)
        .map_err(|_| Failure::invalid(format!("lists.range: the number {end} is negative")))?;
    call.fuel.charge_values(count)?;
    Ok(Value::List(call.arena.alloc_slice_fill_with(count, length)))
}
