//! The fields of a schema, one after the other, each with its path.

use serde_json::Value;

/// A field, where it stands, and what a schema says of it.
pub(super) struct DocumentedField<'s> {
    /// Such as `spec.controls[].name`.
    pub(super) path: String,
    pub(super) required: bool,
    pub(super) schema: &'s Value,
}

/// A field and every field below it: the required ones first, then by name.
pub(super) fn below<'s>(path: &str, schema: &'s Value) -> Vec<DocumentedField<'s>> {
    let mut fields = Vec::new();
    collect(path, schema, &mut fields);
    fields
}

fn collect<'s>(path: &str, schema: &'s Value, fields: &mut Vec<DocumentedField<'s>>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut named: Vec<(&String, &Value)> = properties.into_iter().flatten().collect();
    named.sort_by_key(|(name, _)| (!is_required(schema, name), *name));
    for (name, field) in named {
        let path = format!("{path}.{name}");
        let required = is_required(schema, name);
        fields.push(DocumentedField { path: path.clone(), required, schema: field });
        collect(&path, field, fields);
        if let Some(items) = field.get("items") {
            collect(&format!("{path}[]"), items, fields);
        }
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|field| field == name))
}

impl<'s> DocumentedField<'s> {
    /// What it means.
    pub(super) fn description(&self) -> &'s str {
        self.schema.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it must be given, or what holds where it is not.
    pub(super) fn default(&self) -> String {
        match self.schema.get("default") {
            _ if self.required => "required".to_owned(),
            Some(value) => format!("`{}`", yaml_of(value)),
            // What is left out of an object that is written holds nonetheless.
            None if self.schema.get("type").is_some_and(|kind| kind == "boolean") => {
                "`false`".to_owned()
            }
            None => String::new(),
        }
    }

    /// The messages of the rules that hold for it, and for each entry of a list.
    pub(super) fn rules(&self) -> impl Iterator<Item = (String, &'s str)> {
        let entries = self.schema.get("items").map(|items| (format!("{}[]", self.path), items));
        let own = (self.path.clone(), self.schema);
        std::iter::once(own)
            .chain(entries)
            .flat_map(|(path, schema)| rules(schema).map(move |message| (path.clone(), message)))
    }
}

/// The messages of a schema's own rules.
pub(super) fn rules(schema: &Value) -> impl Iterator<Item = &str> {
    let rules = schema.get("x-kubernetes-validations").and_then(Value::as_array);
    rules.into_iter().flatten().filter_map(|rule| rule.get("message")?.as_str())
}

/// As a person writes it: texts without quotes, maps in braces.
fn yaml_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", yaml_of(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
