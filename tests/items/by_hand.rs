//! The normal form of items, and parts of them, by hand on a JSON tree.

use cel::{Projection, Value};
use serde_json::{Map, Number, Value as Json, json};

/// A value as JSON. What JSON has no type for becomes a map that names its type.
pub(crate) fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(number) => json!(number),
        Value::UInt(number) => json!({"uint": number}),
        Value::Double(number) => json!({"double": number.to_bits()}),
        Value::String(text) => json!(text),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Map(entries) => {
            let fields = entries.iter().map(|(key, value)| {
                (key.as_str().expect("fields have names").to_owned(), json_of(value))
            });
            Json::Object(fields.collect::<Map<_, _>>())
        }
        Value::Timestamp(time) => json!({"time": [time.seconds, time.nanoseconds]}),
        other => panic!("no item holds {other:?}"),
    }
}

/// The normal form of a tree; nothing of a null.
pub(crate) fn normal(tree: &Json) -> Option<Json> {
    Some(match tree {
        Json::Null => return None,
        Json::Number(number) => normal_number(number),
        Json::Array(values) => {
            values.iter().map(|value| normal(value).unwrap_or(Json::Null)).collect()
        }
        Json::Object(fields) => Json::Object(
            fields
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), normal(value)?)))
                .collect(),
        ),
        other => other.clone(),
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // tested to be whole before
fn normal_number(number: &Number) -> Json {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if let Some(number) = number.as_i64() {
        return json!(number);
    }
    if let Some(number) = number.as_u64() {
        return json!({"uint": number});
    }
    let number = number.as_f64().unwrap();
    if number.fract() != 0.0 || !(-LIMIT..2.0 * LIMIT).contains(&number) {
        json!({"double": number.to_bits()})
    } else if number < LIMIT {
        json!(number as i64)
    } else {
        json!({"uint": number as u64})
    }
}

/// What a projection keeps of a tree.
pub(crate) fn project(tree: &Json, projection: &Projection) -> Json {
    match (tree, projection) {
        (_, Projection::Whole) => tree.clone(),
        (Json::Array(values), _) => match projection.element() {
            Some(part) => values.iter().map(|value| project(value, part)).collect(),
            None => json!([]),
        },
        (Json::Object(fields), _) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                if let Some(part) = projection.field(name) {
                    kept.insert(name.clone(), project(value, part));
                }
            }
            Json::Object(kept)
        }
        _ => tree.clone(),
    }
}
