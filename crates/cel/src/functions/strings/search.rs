//! Positions in a text, and what stands there. All positions are in code points.

use memchr::memmem;

use super::super::{Outcome, length};
use super::NO_BOUNDARY;
use crate::Value;
use crate::signature::{Call, Failure};

/// The byte at which the code point at `position` begins; the text's end is a position too.
fn byte_of(text: &str, position: usize) -> Option<usize> {
    if text.is_ascii() {
        return Some(position).filter(|position| *position <= text.len());
    }
    let ends = std::iter::once(text.len());
    text.char_indices().map(|(byte, _)| byte).chain(ends).nth(position)
}

/// How many code points stand before a byte.
fn position_of(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).chars().count()
}

/// A position that is not negative.
fn position(function: &str, number: i64) -> Result<usize, Failure> {
    usize::try_from(number).map_err(|_| out_of_range(function, number))
}

fn out_of_range(function: &str, number: i64) -> Failure {
    Failure::invalid(format!("{function}: position {number} is not in the text"))
}

/// The code point at a position; nothing at the end.
pub(super) fn char_at<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::Int(number)] = arguments else {
        return Err(Failure::no_overload("charAt", arguments));
    };
    call.fuel.charge_bytes(text.len())?;
    let start = byte_of(text, position("charAt", *number)?)
        .ok_or_else(|| out_of_range("charAt", *number))?;
    let rest = text.get(start..).ok_or(NO_BOUNDARY)?;
    let width = rest.chars().next().map_or(0, char::len_utf8);
    rest.get(..width).map(Value::String).ok_or(NO_BOUNDARY)
}

/// The text from one position to before another, or to its end.
pub(super) fn substring<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, from, to) = match arguments {
        [Value::String(text), Value::Int(from)] => (*text, *from, None),
        [Value::String(text), Value::Int(from), Value::Int(to)] => (*text, *from, Some(*to)),
        _ => return Err(Failure::no_overload("substring", arguments)),
    };
    call.fuel.charge_bytes(text.len())?;
    let byte = |number| {
        byte_of(text, position("substring", number)?)
            .ok_or_else(|| out_of_range("substring", number))
    };
    let (start, end) = (byte(from)?, to.map_or(Ok(text.len()), byte)?);
    text.get(start..end).map(Value::String).ok_or_else(|| {
        Failure::invalid(format!(
            "substring: the start {from} is after the end {}",
            to.unwrap_or(from)
        ))
    })
}

/// The first position at or after an offset where a part begins, or -1.
pub(super) fn index_of<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, offset) = match arguments {
        [Value::String(text), Value::String(part)] => (*text, *part, 0),
        [Value::String(text), Value::String(part), Value::Int(offset)] => {
            (*text, *part, position("indexOf", *offset)?)
        }
        _ => return Err(Failure::no_overload("indexOf", arguments)),
    };
    call.fuel.charge_bytes(text.len() + part.len())?;
    let Some(start) = byte_of(text, offset) else { return Ok(past_the_end(text, part)) };
    let rest = text.as_bytes().get(start..).ok_or(NO_BOUNDARY)?;
    let found = memmem::find(rest, part.as_bytes());
    Ok(found.map_or(Value::Int(-1), |byte| length(position_of(text, start + byte))))
}

/// The last position at or before an offset where a part begins, or -1.
pub(super) fn last_index_of<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, offset) = match arguments {
        [Value::String(text), Value::String(part)] => (*text, *part, None),
        [Value::String(text), Value::String(part), Value::Int(offset)] => {
            (*text, *part, Some(position("lastIndexOf", *offset)?))
        }
        _ => return Err(Failure::no_overload("lastIndexOf", arguments)),
    };
    call.fuel.charge_bytes(text.len() + part.len())?;
    let last = match offset.map(|offset| byte_of(text, offset)) {
        // As in cel-go, an offset at the text's end or beyond finds an empty part only.
        Some(None) => return Ok(past_the_end(text, part)),
        Some(Some(byte)) if byte == text.len() => return Ok(past_the_end(text, part)),
        Some(Some(byte)) => byte,
        None => text.len(),
    };
    let searched = text.len().min(last + part.len());
    let found = text.as_bytes().get(..searched).and_then(|bytes| {
        // In bytes, because `searched` may cut a code point; a part only matches whole ones.
        memmem::rfind(bytes, part.as_bytes())
    });
    Ok(found.map_or(Value::Int(-1), |byte| length(position_of(text, byte))))
}

/// What a search from beyond the end finds: an empty part stands at the end.
fn past_the_end(text: &str, part: &str) -> Value<'static> {
    if part.is_empty() { length(text.chars().count()) } else { Value::Int(-1) }
}
