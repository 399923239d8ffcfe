//! The `strings` library, after cel-go's string extensions, which Kubernetes takes over.
//!
//! Positions and lengths are in code points. Only ASCII letters change case.

mod format;
mod search;

use bumpalo::collections::String as ArenaString;

use super::Outcome;
use crate::Value;
use crate::signature::{Call, Failure, Kind, Overload, Returns};

const INT: Returns = Returns::A(Kind::Int);
const STRING: Returns = Returns::A(Kind::String);
const STRINGS: Returns = Returns::ListOf(Kind::String);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::receiver("charAt", &[Kind::String, Kind::Int], STRING, search::char_at),
    Overload::receiver("indexOf", &[Kind::String, Kind::String], INT, search::index_of),
    Overload::receiver("indexOf", &[Kind::String, Kind::String, Kind::Int], INT, search::index_of),
    Overload::receiver("lastIndexOf", &[Kind::String, Kind::String], INT, search::last_index_of),
    Overload::receiver(
        "lastIndexOf",
        &[Kind::String, Kind::String, Kind::Int],
        INT,
        search::last_index_of,
    ),
    Overload::receiver("substring", &[Kind::String, Kind::Int], STRING, search::substring),
    Overload::receiver(
        "substring",
        &[Kind::String, Kind::Int, Kind::Int],
        STRING,
        search::substring,
    ),
    Overload::receiver("join", &[Kind::List], STRING, join),
    Overload::receiver("join", &[Kind::List, Kind::String], STRING, join),
    Overload::receiver("split", &[Kind::String, Kind::String], STRINGS, split),
    Overload::receiver("split", &[Kind::String, Kind::String, Kind::Int], STRINGS, split),
    Overload::receiver("replace", &[Kind::String, Kind::String, Kind::String], STRING, replace),
    Overload::receiver(
        "replace",
        &[Kind::String, Kind::String, Kind::String, Kind::Int],
        STRING,
        replace,
    ),
    Overload::receiver("lowerAscii", &[Kind::String], STRING, lower_ascii),
    Overload::receiver("upperAscii", &[Kind::String], STRING, upper_ascii),
    Overload::receiver("trim", &[Kind::String], STRING, trim),
    Overload::receiver("reverse", &[Kind::String], STRING, reverse),
    Overload::receiver("format", &[Kind::String, Kind::List], STRING, format::format),
    Overload::global("strings.quote", &[Kind::String], STRING, quote),
];

/// A limit as cel-go reads it: a negative one means none.
fn limit(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn join<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (parts, separator) = match arguments {
        [Value::List(parts)] => (*parts, ""),
        [Value::List(parts), Value::String(separator)] => (*parts, *separator),
        _ => return Err(Failure::no_overload("join", arguments)),
    };
    let mut joined = ArenaString::new_in(call.arena);
    for (place, part) in parts.iter().enumerate() {
        let Value::String(part) = part else { return Err(Failure::no_overload("join", &[*part])) };
        call.fuel.charge_bytes(part.len() + separator.len())?;
        if place > 0 {
            joined.push_str(separator);
        }
        joined.push_str(part);
    }
    Ok(Value::String(joined.into_bump_str()))
}

/// An empty separator splits into code points. With a limit, the last part is all the rest.
fn split<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, separator, limit) = match arguments {
        [Value::String(text), Value::String(separator)] => (*text, *separator, usize::MAX),
        [Value::String(text), Value::String(separator), Value::Int(number)] => {
            (*text, *separator, limit(*number))
        }
        _ => return Err(Failure::no_overload("split", arguments)),
    };
    if separator.is_empty() {
        return split_characters(call, text, limit);
    }
    call.fuel.charge_bytes(text.len())?;
    let mut parts = bumpalo::collections::Vec::new_in(call.arena);
    for part in text.splitn(limit, separator) {
        call.fuel.charge_values(1)?;
        parts.push(Value::String(part));
    }
    Ok(Value::List(parts.into_bump_slice()))
}

fn split_characters<'a>(call: &mut Call<'_, 'a>, text: &'a str, limit: usize) -> Outcome<'a> {
    call.fuel.charge_values(text.len())?;
    let mut parts = bumpalo::collections::Vec::new_in(call.arena);
    let mut rest = text;
    while let Some(first) = rest.chars().next().filter(|_| parts.len() < limit) {
        let end = if parts.len() + 1 == limit { rest.len() } else { first.len_utf8() };
        let (part, after) = rest.split_at(end);
        parts.push(Value::String(part));
        rest = after;
    }
    Ok(Value::List(parts.into_bump_slice()))
}

/// A search gave a place within a character.
const NO_BOUNDARY: Failure = Failure::Internal("a text was cut within a character");

fn replace<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, old, new, limit) = match arguments {
        [Value::String(text), Value::String(old), Value::String(new)] => {
            (*text, *old, *new, usize::MAX)
        }
        [Value::String(text), Value::String(old), Value::String(new), Value::Int(number)] => {
            (*text, *old, *new, limit(*number))
        }
        _ => return Err(Failure::no_overload("replace", arguments)),
    };
    call.fuel.charge_bytes(text.len())?;
    let mut replaced = ArenaString::new_in(call.arena);
    let mut done = 0;
    for (start, _) in text.match_indices(old).take(limit) {
        let kept = text.get(done..start).ok_or(NO_BOUNDARY)?;
        call.fuel.charge_bytes(kept.len() + new.len())?;
        replaced.push_str(kept);
        replaced.push_str(new);
        done = start + old.len();
    }
    replaced.push_str(text.get(done..).ok_or(NO_BOUNDARY)?);
    Ok(Value::String(replaced.into_bump_str()))
}

fn lower_ascii<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("lowerAscii", arguments));
    };
    call.fuel.charge_bytes(text.len())?;
    let text = call.arena.alloc_str(text);
    text.make_ascii_lowercase();
    Ok(Value::String(text))
}

fn upper_ascii<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("upperAscii", arguments));
    };
    call.fuel.charge_bytes(text.len())?;
    let text = call.arena.alloc_str(text);
    text.make_ascii_uppercase();
    Ok(Value::String(text))
}

/// Without the white space, as Unicode defines it, at both ends.
fn trim<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("trim", arguments));
    };
    call.fuel.charge_bytes(text.len())?;
    Ok(Value::String(text.trim()))
}

fn reverse<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("reverse", arguments));
    };
    call.fuel.charge(1 + text.len() as u64 / 4)?;
    let mut reversed = ArenaString::with_capacity_in(text.len(), call.arena);
    reversed.extend(text.chars().rev());
    Ok(Value::String(reversed.into_bump_str()))
}

/// The text in double quotes, with the escapes that a literal would need.
fn quote<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("strings.quote", arguments));
    };
    call.fuel.charge(1 + text.len() as u64 / 4)?;
    let mut quoted = ArenaString::with_capacity_in(text.len() + 2, call.arena);
    quoted.push('"');
    for character in text.chars() {
        match escape(character) {
            Some(escape) => quoted.extend(['\\', escape]),
            None => quoted.push(character),
        }
    }
    quoted.push('"');
    Ok(Value::String(quoted.into_bump_str()))
}

/// The letter that stands for a character after a backslash.
const fn escape(character: char) -> Option<char> {
    Some(match character {
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{b}' => 'v',
        '\\' => '\\',
        '"' => '"',
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
