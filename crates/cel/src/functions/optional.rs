//! Optional values, after cel-go's optional types. The syntax `.?field` and `[?key]` is the
//! parser's, and so are `or` and `orValue`, which run what stands in only when it is needed.

use super::Outcome;
use crate::Value;
use crate::signature::{Call, Failure, Kind, Overload, Returns};

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("optional.of", &[Kind::Any], Returns::OptionalOf(0), of),
    Overload::global("optional.none", &[], Returns::A(Kind::Optional), none),
    Overload::global(
        "optional.ofNonZeroValue",
        &[Kind::Any],
        Returns::OptionalOf(0),
        of_non_zero_value,
    ),
    Overload::receiver("hasValue", &[Kind::Optional], Returns::A(Kind::Bool), has_value),
    Overload::receiver("value", &[Kind::Optional], Returns::ElementOf(0), value),
];

fn of<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [value] = arguments else { return Err(Failure::no_overload("optional.of", arguments)) };
    Ok(Value::Optional(Some(call.arena.alloc(*value))))
}

fn none<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [] => Ok(Value::Optional(None)),
        _ => Err(Failure::no_overload("optional.none", arguments)),
    }
}

fn of_non_zero_value<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] if is_zero(value) => Ok(Value::Optional(None)),
        _ => of(call, arguments),
    }
}

/// Whether a value is the one that a field of its type has before it is set.
fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Optional(None) => true,
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::UInt(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Timestamp(time) => time.seconds == 0 && time.nanoseconds == 0,
        Value::Duration(span) => span.seconds == 0 && span.nanoseconds == 0,
        Value::Optional(Some(_)) | Value::Type(_) | Value::Ip(_) | Value::Cidr(_) => false,
    }
}

fn has_value<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Optional(optional)] = arguments else {
        return Err(Failure::no_overload("hasValue", arguments));
    };
    Ok(Value::Bool(optional.is_some()))
}

fn value<'a>(_: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Optional(Some(value))] => Ok(**value),
        [Value::Optional(None)] => {
            Err(Failure::Invalid("value(): the optional has no value; use orValue()".into()))
        }
        _ => Err(Failure::no_overload("value", arguments)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{function, int, method, s, value_of, value_of_method};
    use super::*;

    const ONE: Value<'_> = Value::Optional(Some(&Value::Int(1)));
    const NONE: Value<'_> = Value::Optional(None);

    #[test]
    fn an_optional_gives_back_what_it_was_made_of() {
        assert_eq!(value_of("optional.of", &[int(1)]), "some(1)");
        assert_eq!(value_of("optional.none", &[]), "none");
        assert_eq!(value_of_method("value", &[ONE]), "1");
    }

    #[test]
    fn the_value_of_none_is_a_failure() {
        assert!(matches!(method("value", &[NONE]), Err(Failure::Invalid(_))));
    }

    #[test]
    fn zero_values_are_none() {
        for zero in [Value::Null, Value::Bool(false), int(0), s(""), Value::List(&[]), NONE] {
            assert_eq!(value_of("optional.ofNonZeroValue", &[zero]), "none");
        }
        assert_eq!(function("optional.ofNonZeroValue", &[int(3)]).unwrap(), "some(3)");
    }

    #[test]
    fn an_optional_says_whether_it_has_a_value() {
        assert_eq!(value_of_method("hasValue", &[NONE]), "false");
        assert_eq!(value_of_method("hasValue", &[ONE]), "true");
    }
}
