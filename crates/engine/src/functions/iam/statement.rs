//! One statement, with every element that a statement can have, each in one form.

use super::{Call, Outcome, invalid, quoted};
use cel::Value;

/// The elements, in the order of the result.
const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// The statement with every element: `Sid` and `Effect` as texts, principals as a map of lists
/// by kind, actions and resources as lists, `Condition` as a map of maps of lists. An element
/// that the statement lacks is empty.
pub(super) fn normalised<'a>(call: &mut Call<'_, 'a>, statement: &Value<'a>) -> Outcome<'a> {
    let Value::Map(given) = statement else {
        return Err(invalid(format!("is a {}, not a map", statement.type_name().as_str())));
    };
    call.fuel.charge(ELEMENTS.len() as u64 + given.len() as u64)?;
    if let Some((other, _)) = given.iter().find(|(key, _)| !is_element(key)) {
        let name = quoted(other.as_str().unwrap_or_default());
        return Err(invalid(format!("has the unknown element {name}")));
    }
    let mut normal = ELEMENTS.map(|name| (Value::String(name), Value::Null));
    for (key, value) in &mut normal {
        let name = key.as_str().unwrap_or_default();
        *value = element(call, name, statement.get(name).filter(|value| !is_null(value)))?;
    }
    let [.., (_, actions), (_, other_actions), _, _, _] = &normal;
    if is_empty(actions) && is_empty(other_actions) {
        return Err(invalid("has neither Action nor NotAction".to_owned()));
    }
    Ok(Value::Map(call.arena.alloc_slice_copy(&normal)))
}

fn is_element(key: &Value<'_>) -> bool {
    key.as_str().is_some_and(|name| ELEMENTS.contains(&name))
}

const fn is_null(value: &Value<'_>) -> bool {
    matches!(value, Value::Null)
}

const fn is_empty(value: &Value<'_>) -> bool {
    matches!(value, Value::List([]))
}

/// One element in its form.
fn element<'a>(call: &mut Call<'_, 'a>, name: &str, given: Option<Value<'a>>) -> Outcome<'a> {
    match name {
        "Sid" => sid(given),
        "Effect" => effect(given),
        "Principal" | "NotPrincipal" => principals(call, name, given),
        "Condition" => conditions(call, given),
        _ => given.map_or(Ok(Value::List(&[])), |given| texts(call, name, given)),
    }
}

fn sid(given: Option<Value<'_>>) -> Outcome<'_> {
    match given {
        None => Ok(Value::String("")),
        Some(sid @ Value::String(_)) => Ok(sid),
        Some(_) => Err(invalid("has a Sid that is not a string".to_owned())),
    }
}

fn effect(given: Option<Value<'_>>) -> Outcome<'_> {
    match given {
        Some(effect @ Value::String("Allow" | "Deny")) => Ok(effect),
        _ => Err(invalid("has an Effect that is neither Allow nor Deny".to_owned())),
    }
}

/// A text or a list of texts, as a list that is not empty.
fn texts<'a>(call: &mut Call<'_, 'a>, name: &str, given: Value<'a>) -> Outcome<'a> {
    match given {
        Value::String(_) => Ok(Value::List(call.arena.alloc_slice_copy(&[given]))),
        Value::List(list) if !list.is_empty() => {
            call.fuel.charge(list.len() as u64)?;
            if list.iter().all(|value| matches!(value, Value::String(_))) {
                return Ok(given);
            }
            Err(invalid(format!("has a value in {name} that is not a string")))
        }
        _ => Err(invalid(format!("has a {name} that is neither a string nor a list of strings"))),
    }
}

/// Principals by their kind; `"*"` is every principal of AWS.
fn principals<'a>(call: &mut Call<'_, 'a>, name: &str, given: Option<Value<'a>>) -> Outcome<'a> {
    let entries = match given {
        None => return Ok(Value::Map(&[])),
        Some(Value::String("*")) => &[(Value::String("AWS"), Value::String("*"))],
        Some(Value::Map(entries)) if !entries.is_empty() => entries,
        Some(_) => return Err(invalid(format!("has a {name} that is neither \"*\" nor a map"))),
    };
    mapped(call, entries, |call, _, value| texts(call, name, value))
}

/// Operators with their keys, each with a list of values.
fn conditions<'a>(call: &mut Call<'_, 'a>, given: Option<Value<'a>>) -> Outcome<'a> {
    let operators = match given {
        None => return Ok(Value::Map(&[])),
        Some(Value::Map(operators)) => operators,
        Some(_) => return Err(invalid("has a Condition that is not a map".to_owned())),
    };
    mapped(call, operators, |call, operator, keys| match keys {
        Value::Map(keys) => mapped(call, keys, condition_values),
        _ => Err(invalid(format!("has a condition {} that is not a map", quoted(operator)))),
    })
}

/// The values of one condition key, as texts.
fn condition_values<'a>(call: &mut Call<'_, 'a>, key: &str, given: Value<'a>) -> Outcome<'a> {
    let values = match given {
        Value::List(values) => values,
        value => &*call.arena.alloc_slice_copy(&[value]),
    };
    let mut texts = bumpalo::collections::Vec::with_capacity_in(values.len(), call.arena);
    for value in values {
        call.fuel.charge(1)?;
        texts.push(condition_text(call, key, value)?);
    }
    Ok(Value::List(texts.into_bump_slice()))
}

/// Truth values and numbers may stand without quotes; they mean their text.
fn condition_text<'a>(call: &Call<'_, 'a>, key: &str, value: &Value<'a>) -> Outcome<'a> {
    let text = match value {
        Value::String(_) => return Ok(*value),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        _ => {
            return Err(invalid(format!(
                "has a condition on {} with a value that is not a string",
                quoted(key)
            )));
        }
    };
    Ok(Value::String(call.arena.alloc_str(&text)))
}

/// The map with each value made over.
fn mapped<'a>(
    call: &mut Call<'_, 'a>,
    entries: &[(Value<'a>, Value<'a>)],
    make: impl Fn(&mut Call<'_, 'a>, &str, Value<'a>) -> Outcome<'a>,
) -> Outcome<'a> {
    let mut made = bumpalo::collections::Vec::with_capacity_in(entries.len(), call.arena);
    for (key, value) in entries {
        call.fuel.charge(1)?;
        let name = key.as_str().ok_or_else(|| {
            invalid(
                "has a key that is not a \
            string"
                    .to_owned(),
            )
        })?;
        made.push((*key, make(call, name, *value)?));
    }
    Ok(Value::Map(made.into_bump_slice()))
}
