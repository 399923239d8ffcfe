//! Values from JSON and to JSON.

use bumpalo::Bump;
use serde_json::Value as Json;

use super::time::{format_duration, format_timestamp};
use crate::Value;

/// Makes a value of JSON. Numbers become `Int` where they are whole and fit, else `UInt` where
/// they fit that, else `Double`.
///
/// ```
/// use bumpalo::Bump;
/// use cel::{from_json, to_json};
/// let arena = Bump::new();
/// let json = serde_json::json!({"versions": [1, 2.5, null]});
/// assert_eq!(to_json(&from_json(&json, &arena)), json);
/// ```
#[must_use]
pub fn from_json<'a>(json: &Json, arena: &'a Bump) -> Value<'a> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::String(arena.alloc_str(text)),
        Json::Array(items) => {
            let items = items.iter().map(|item| from_json(item, arena));
            Value::List(arena.alloc_slice_fill_iter(items.collect::<Vec<_>>()))
        }
        Json::Object(fields) => {
            let entry = |(key, value): (&String, &Json)| {
                let key: &'a str = arena.alloc_str(key);
                (Value::String(key), from_json(value, arena))
            };
            let entries: Vec<_> = fields.iter().map(entry).collect();
            Value::Map(arena.alloc_slice_copy(&entries))
        }
    }
}

fn from_number<'a>(number: &serde_json::Number) -> Value<'a> {
    if let Some(int) = number.as_i64() {
        Value::Int(int)
    } else if let Some(uint) = number.as_u64() {
        Value::UInt(uint)
    } else {
        Value::Double(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// Writes a value as JSON, as protobuf's JSON mapping does: timestamps as RFC 3339, durations as
/// `"3.5s"`, bytes as base64, types by their names, an absent optional as `null`, the doubles
/// that JSON lacks as `"NaN"`, `"Infinity"` and `"-Infinity"`, keys as texts.
#[must_use]
pub fn to_json(value: &Value<'_>) -> Json {
    match value {
        Value::Null | Value::Optional(None) => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Int(int) => Json::from(*int),
        Value::UInt(uint) => Json::from(*uint),
        Value::Double(double) => from_double(*double),
        Value::String(text) => Json::from(*text),
        Value::Bytes(bytes) => Json::from(base64(bytes)),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| (key_text(key), to_json(value))).collect()
        }
        Value::Timestamp(timestamp) => Json::from(format_timestamp(*timestamp)),
        Value::Duration(duration) => Json::from(format_duration(*duration)),
        Value::Type(name) => Json::from(name.as_str()),
        Value::Optional(Some(value)) => to_json(value),
        Value::Ip(address) => Json::from(address.to_string()),
        Value::Cidr(network) => Json::from(network.to_string()),
    }
}

fn key_text(key: &Value<'_>) -> String {
    match to_json(key) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn from_double(double: f64) -> Json {
    if double.is_finite() {
        return Json::from(double);
    }
    Json::from(if double.is_nan() {
        "NaN"
    } else if double > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, section 4, with padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3)
            .fold(0u32, |group, at| group << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let index = (group >> (18 - 6 * place)) as usize & 63;
            let known = place <= chunk.len();
            text.push(if known {
                ALPHABET.get(index).map_or('=', |byte| char::from(*byte))
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let arena = Bump::new();
        let json = serde_json::json!([1, -1, 1.5, u64::MAX]);
        let Value::List([Value::Int(1), Value::Int(-1), Value::Double(_), Value::UInt(u64::MAX)]) =
            from_json(&json, &arena)
        else {
            panic!("the numbers changed their types");
        };
        assert_eq!(to_json(&from_json(&json, &arena)), json);
    }

    #[test]
    fn what_json_lacks_becomes_text() {
        assert_eq!(to_json(&Value::Double(f64::NEG_INFINITY)), Json::from("-Infinity"));
        let entries = [(Value::Int(1), Value::Optional(None)), (Value::Bool(true), Value::Null)];
        assert_eq!(to_json(&Value::Map(&entries)), serde_json::json!({"1": null, "true": null}));
    }
}
