//! What an expression read, for people: which field held which value.

use super::result::FieldReading;
use crate::catalog::CompiledExpression;
use cel::Value;
use cel::{Bindings, Program, ReadPath, to_json};

/// The most readings of one verdict.
const MAX_READINGS: usize = 32;
/// The longest value of one, in bytes.
const MAX_VALUE: usize = 512;
/// What stands for what was cut off.
const ELLIPSIS: &str = "…";

/// What the expression read of its variables, each place once.
///
/// The clock is left out, since what it reads changes with every evaluation; so are lists of whole
/// resources, of which `related` gives the ids.
pub(super) fn explain(
    expression: &CompiledExpression,
    bindings: &Bindings<'_, '_>,
) -> Vec<FieldReading> {
    let programs = [Some(&expression.compliant), expression.applies_to.as_ref()];
    let mut readings: Vec<FieldReading> = Vec::new();
    for read in programs.into_iter().flatten().flat_map(Program::reads) {
        let path = read.to_string();
        let known = readings.iter().any(|reading| reading.path == path);
        if known || path == "now" || is_list_of_resources(&path) {
            continue;
        }
        if readings.len() == MAX_READINGS {
            break;
        }
        let value = value(&path, read, bindings);
        readings.push(FieldReading { path, value });
    }
    readings
}

fn is_list_of_resources(path: &str) -> bool {
    path == "resources" || path == "related"
}

fn value(path: &str, read: &ReadPath, bindings: &Bindings<'_, '_>) -> String {
    let Some(value) = read.value(bindings) else { return "absent".to_owned() };
    let mut json = String::new();
    if let (true, Value::List(resources)) = (path.starts_with("related."), value) {
        let ids = resources.iter().filter_map(|resource| resource.get("id"));
        write_list(ids, &mut json);
    } else {
        write_json(&value, &mut json);
    }
    cut(&json, MAX_VALUE)
}

/// Writes a value as JSON, and stops where more than is shown is written.
fn write_json(value: &Value<'_>, json: &mut String) {
    match value {
        Value::List(items) => write_list(items.iter().copied(), json),
        Value::Map(entries) => {
            json.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if json.len() > MAX_VALUE {
                    return;
                }
                json.push_str(if at > 0 { "," } else { "" });
                write_scalar(key, json);
                json.push(':');
                write_json(value, json);
            }
            json.push('}');
        }
        scalar => write_scalar(scalar, json),
    }
}

fn write_list<'a>(items: impl Iterator<Item = Value<'a>>, json: &mut String) {
    json.push('[');
    for (at, item) in items.enumerate() {
        if json.len() > MAX_VALUE {
            return;
        }
        json.push_str(if at > 0 { "," } else { "" });
        write_json(&item, json);
    }
    json.push(']');
}

fn write_scalar(value: &Value<'_>, json: &mut String) {
    let shown = match value {
        Value::String(text) => {
            Value::String(text.get(..text.floor_char_boundary(MAX_VALUE)).unwrap_or_default())
        }
        other => *other,
    };
    json.push_str(&to_json(&shown).to_string());
}

/// The text within `limit` bytes, with an ellipsis where it was cut.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit - ELLIPSIS.len());
    format!("{}{ELLIPSIS}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use cel::from_json;

    fn shown(json: &serde_json::Value) -> String {
        let (arena, mut text) = (Bump::new(), String::new());
        write_json(&from_json(json, &arena), &mut text);
        cut(&text, MAX_VALUE)
    }

    #[test]
    fn a_value_is_shown_as_json() {
        let json = serde_json::json!({"a": [1, null, "x\"y"], "b": {"c": true}});
        assert_eq!(shown(&json), json.to_string());
    }

    #[test]
    fn a_huge_value_is_shown_in_part() {
        let texts = vec!["🦀".repeat(100_000); 3];
        for huge in [serde_json::json!(texts), serde_json::json!({"a": texts})] {
            let text = shown(&huge);
            assert!(text.len() <= MAX_VALUE && text.ends_with('…'), "{}", text.len());
        }
    }
}
