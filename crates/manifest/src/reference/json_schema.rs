//! A kind's schema as a JSON Schema, for editors and checkers of files.

use serde_json::{Map, Value, json};

use super::KindPage;

/// The schema as a text.
pub(super) fn of(kind: &KindPage) -> String {
    let mut schema = kind.schema.clone();
    settle(&mut schema);
    let mut document = Map::new();
    document.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    document.insert("title".to_owned(), json!(kind.name));
    if let Value::Object(schema) = schema {
        document.extend(schema);
    }
    document.insert("description".to_owned(), json!(kind.description()));
    format!("{:#}\n", Value::Object(document))
}

/// Says in JSON Schema's own words what Kubernetes says in its: an unknown field is a mistake
/// unless the schema leaves values free.
fn settle(schema: &mut Value) {
    let Value::Object(words) = schema else { return };
    let free = words.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    words.retain(|word, _| !word.starts_with("x-kubernetes-"));
    if words.contains_key("properties") && !words.contains_key("additionalProperties") && !free {
        words.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    let properties = words.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Map::values_mut).for_each(settle);
    for word in ["items", "additionalProperties"] {
        words.get_mut(word).into_iter().for_each(settle);
    }
}
