//! `find` and `findAll`, after Kubernetes' regex library. `matches` is a standard function.
//!
//! Patterns are compiled by the machine; the engine takes linear time for one search.

use super::Outcome;
use crate::Value;
use crate::signature::{Call, Failure, Kind, Overload, Returns};

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::receiver("find", &[Kind::String, Kind::String], Returns::A(Kind::String), find)
        .with_pattern(),
    Overload::receiver(
        "findAll",
        &[Kind::String, Kind::String],
        Returns::ListOf(Kind::String),
        find_all,
    )
    .with_pattern(),
    Overload::receiver(
        "findAll",
        &[Kind::String, Kind::String, Kind::Int],
        Returns::ListOf(Kind::String),
        find_all,
    )
    .with_pattern(),
];

/// The first match, or an empty text.
fn find<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let ([Value::String(text), _], Some(pattern)) = (arguments, call.pattern) else {
        return Err(Failure::no_overload("find", arguments));
    };
    call.fuel.charge(pattern.price(text.len()))?;
    Ok(Value::String(pattern.regex.find(text).map_or("", |found| found.as_str())))
}

/// All matches, or the first so many; a negative number means all.
fn find_all<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, limit) = match arguments {
        [Value::String(text), _] => (*text, usize::MAX),
        [Value::String(text), _, Value::Int(limit)] => {
            (*text, usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        _ => return Err(Failure::no_overload("findAll", arguments)),
    };
    let pattern = call.pattern.ok_or_else(|| Failure::no_overload("findAll", arguments))?;
    call.fuel.charge(pattern.price(text.len()))?;
    let mut matches = pattern.regex.find_iter(text);
    let mut found = bumpalo::collections::Vec::new_in(call.arena);
    let mut rest = text.len();
    while found.len() < limit {
        call.fuel.charge(pattern.price(rest) / LOOKING_AHEAD)?;
        let Some(next) = matches.next() else { break };
        rest = text.len() - next.end();
        found.push(Value::String(next.as_str()));
    }
    Ok(Value::List(found.into_bump_slice()))
}

/// Together, the searches go through the text once. But each may look on, at worst to the end,
/// before it settles for a match; that it must do so for every match is rare, and charged at this
/// part of its price.
const LOOKING_AHEAD: u64 = 16;

#[cfg(test)]
mod tests {
    use super::super::tests::{int, method, s, value_of_method};

    #[test]
    fn the_first_match_is_found_or_an_empty_text() {
        assert_eq!(value_of_method("find", &[s("abc 123 45"), s("[0-9]+")]), r#""123""#);
        assert_eq!(value_of_method("find", &[s("abc"), s("[0-9]+")]), r#""""#);
    }

    #[test]
    fn all_matches_are_found_up_to_the_limit() {
        let (text, digits) = (s("1 22 333"), s("[0-9]+"));
        assert_eq!(value_of_method("findAll", &[text, digits]), r#"["1", "22", "333"]"#);
        assert_eq!(value_of_method("findAll", &[text, digits, int(2)]), r#"["1", "22"]"#);
        assert_eq!(value_of_method("findAll", &[text, digits, int(-1)]), r#"["1", "22", "333"]"#);
        assert_eq!(value_of_method("findAll", &[text, digits, int(0)]), "[]");
    }

    #[test]
    fn empty_matches_end() {
        assert_eq!(value_of_method("findAll", &[s("é"), s("x*")]), r#"["", ""]"#);
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn searches_that_look_far_ahead_again_and_again_run_out_of_fuel() {
        let text = "a".repeat(20_000);
        assert!(method("findAll", &[s(&text), s(".*b|a")]).is_err());
    }
}
