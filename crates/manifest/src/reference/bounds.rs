//! What kind of value a schema asks for, and its bounds, in words.

use serde_json::Value;

use api::form::Form;

/// The type of a value: `string`, `list of AWS region (such as eu-west-1)`.
pub(super) fn type_of(schema: &Value) -> String {
    match text(schema, "type") {
        Some("array") => match schema.get("items") {
            Some(items) => format!("list of {}", type_of(items)),
            None => "list".to_owned(),
        },
        Some("object") => match schema.get("additionalProperties") {
            Some(values) => format!("map of string to {}", type_of(values)),
            None => "object".to_owned(),
        },
        Some("string") => type_of_text(schema),
        Some(other) => other.to_owned(),
        None => "any value".to_owned(),
    }
}

fn type_of_text(schema: &Value) -> String {
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        let names = allowed.iter().filter_map(Value::as_str).map(|name| format!("`{name}`"));
        return names.collect::<Vec<_>>().join(", ");
    }
    match text(schema, "pattern").and_then(Form::of) {
        Some(form) => without_article(form.meaning).to_owned(),
        None => "string".to_owned(),
    }
}

fn without_article(meaning: &str) -> &str {
    ["a ", "an ", "the "]
        .iter()
        .find_map(|article| meaning.strip_prefix(article))
        .unwrap_or(meaning)
}

/// How long, many or large a value and its entries may be.
pub(super) fn bounds_of(schema: &Value) -> String {
    let mut bounds = Vec::new();
    bounds.extend(own_bounds(schema));
    let is_set = text(schema, "x-kubernetes-list-type") == Some("set");
    if is_set {
        bounds.push("no duplicates".to_owned());
    }
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    bounds
        .extend(keys.and_then(|keys| keys.first()?.as_str()).map(|key| format!("unique `{key}`")));
    let inner = schema.get("items").or_else(|| schema.get("additionalProperties"));
    // An object's own fields say their bounds themselves.
    let inner = inner.filter(|inner| text(inner, "type") != Some("object"));
    bounds.extend(inner.and_then(own_bounds).map(|bounds| format!("each {bounds}")));
    bounds.join("; ")
}

fn own_bounds(schema: &Value) -> Option<String> {
    match text(schema, "type")? {
        "array" => range(schema, "minItems", "maxItems", "entries"),
        "object" => range(schema, "minProperties", "maxProperties", "entries"),
        "integer" | "number" => range(schema, "minimum", "maximum", ""),
        // The form says how long it may be.
        "string" if text(schema, "pattern").is_some() || schema.get("enum").is_some() => None,
        "string" => range(schema, "minLength", "maxLength", "characters"),
        _ => None,
    }
}

fn range(schema: &Value, least: &str, most: &str, unit: &str) -> Option<String> {
    let number = |name: &str| schema.get(name).and_then(Value::as_f64);
    let said = match (number(least), number(most)) {
        (Some(least), Some(most)) => format!("{least} to {most} {unit}"),
        (Some(least), None) => format!("at least {least} {unit}"),
        (None, Some(most)) => format!("at most {most} {unit}"),
        (None, None) => return None,
    };
    Some(said.trim().to_owned())
}

fn text<'s>(schema: &'s Value, name: &str) -> Option<&'s str> {
    schema.get(name).and_then(Value::as_str)
}
