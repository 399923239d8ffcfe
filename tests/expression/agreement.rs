//! What the `cel` crate gives for an expression, and where that may differ from what Plumbline gives.

use std::sync::Arc;

use bumpalo::Bump;
use cel::{Bindings, Environment, Machine, VariableType, compile, from_json, to_json};
use cel_crate::objects::Key;
use serde_json::Value as Json;

use crate::generate::VARIABLES;

/// Whether both give the same value, or both fail, or one of the crate's known bugs shows.
pub(crate) fn agree(
    source: &str,
    data: &[Json],
    ours: &Result<Json, String>,
    theirs: &Result<Json, String>,
) -> bool {
    let agree = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        (ours, theirs) => ours.is_err() && theirs.is_err(),
    };
    agree || is_known(source, data, theirs)
}

/// What Plumbline gives.
pub(crate) fn ours(source: &str, data: &[Json]) -> Result<Json, String> {
    let declare =
        |environment: Environment, name: &&str| environment.variable(name, VariableType::Any);
    let environment = VARIABLES.iter().fold(Environment::new(), declare);
    let program = compile(source, &environment).map_err(|mistakes| mistakes[0].render(source))?;
    let arena = Bump::new();
    let values: Vec<_> = data.iter().map(|json| Some(from_json(json, &arena))).collect();
    let result = program.run(&Bindings { values: &values }, &mut Machine::new(), &arena);
    result.map(|value| to_json(&value)).map_err(|failure| failure.to_string())
}

/// What the crate gives.
pub(crate) fn theirs(source: &str, data: &[Json]) -> Result<Json, String> {
    let program = cel_crate::Program::compile(source).map_err(|error| error.to_string())?;
    let mut context = cel_crate::Context::default();
    for (name, json) in VARIABLES.iter().zip(data) {
        context.add_variable_from_value(*name, to_cel(json));
    }
    let value = program.execute(&context).map_err(|error| error.to_string())?;
    from_cel(&value)
}

fn to_cel(json: &Json) -> cel_crate::Value {
    match json {
        Json::Null => cel_crate::Value::Null,
        Json::Bool(bool) => cel_crate::Value::Bool(*bool),
        Json::Number(number) => match number.as_i64() {
            Some(int) => cel_crate::Value::Int(int),
            None => cel_crate::Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => cel_crate::Value::String(Arc::new(text.clone())),
        Json::Array(items) => cel_crate::Value::List(Arc::new(items.iter().map(to_cel).collect())),
        Json::Object(fields) => {
            let entry = |(name, value): (&String, &Json)| (Key::from(name.clone()), to_cel(value));
            let map = fields.iter().map(entry).collect();
            cel_crate::Value::Map(cel_crate::objects::Map { map: Arc::new(map) })
        }
    }
}

fn from_cel(value: &cel_crate::Value) -> Result<Json, String> {
    Ok(match value {
        cel_crate::Value::Null => Json::Null,
        cel_crate::Value::Bool(bool) => Json::Bool(*bool),
        cel_crate::Value::Int(int) => Json::from(*int),
        cel_crate::Value::UInt(uint) => Json::from(*uint),
        cel_crate::Value::Float(double) if double.is_nan() => Json::from("NaN"),
        cel_crate::Value::Float(double) if double.is_infinite() => {
            Json::from(if *double > 0.0 { "Infinity" } else { "-Infinity" })
        }
        cel_crate::Value::Float(double) => Json::from(*double),
        cel_crate::Value::String(text) => Json::from(text.as_str()),
        cel_crate::Value::List(items) => items.iter().map(from_cel).collect::<Result<_, _>>()?,
        cel_crate::Value::Map(map) => {
            let entry =
                |(key, value): (&Key, &cel_crate::Value)| Ok((key.to_string(), from_cel(value)?));
            Json::Object(map.map.iter().map(entry).collect::<Result<_, String>>()?)
        }
        other => return Err(format!("{other:?}")),
    })
}

/// Bugs of the crate, version 0.15, that generated expressions meet.
fn is_known(source: &str, data: &[Json], theirs: &Result<Json, String>) -> bool {
    // It drops `!!` without looking at the operand: `!!1` is 1. The specification has one overload
    // of `!`, for booleans.
    let double_negation = source.contains("!!");
    // It fails to order `NaN` and a number; the specification says that such a comparison is false.
    let ordered_nan = |message: &String| {
        ["<", "<=", ">", ">="]
            .iter()
            .any(|operator| message.contains(&format!("'_{operator}_' applied to '(")))
            && message.contains("double")
    };
    // It rounds large integers to compare them with doubles, where the specification compares by
    // mathematical value: `9223372036854775807 < 9223372036854775808.0`.
    let any = |text: &str, parts: &[&str]| parts.iter().any(|part| text.contains(part));
    let large = |text: &str| any(text, &["9223372036854775", "18446744073709551"]);
    let has_double = any(source, &["double(", "0.0", "1.5", "-2.25", "d ", "d)"]);
    let rounded = has_double && (large(source) || large(&Json::from(data).to_string()));
    double_negation || rounded || theirs.as_ref().is_err_and(ordered_nan)
}
