//! The schemas that files are checked against: those of the CRDs.
//!
//! They are made once, by `make generate`: to derive them takes longer than to read a folder.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use kube::core::schema::{OptionalEnum, StructuralSchemaRewriter};
use serde_json::{Value, json};

use api::{API_VERSION, ControlTestSpec, REGION_OF_OTHER_PARTITION, WHICH_REGION, crds, form};

/// The schema of a kind's objects as a whole. It is read when somebody asks for it: most runs need two or three.
struct Schema {
    kind: &'static str,
    text: &'static str,
    read: OnceLock<Option<Value>>,
}

macro_rules! schemas {
    ($($kind:literal),* $(,)?) => {
        [$(Schema {
            kind: $kind,
            text: include_str!(concat!("schemas/", $kind, ".json")),
            read: OnceLock::new(),
        }),*]
    };
}

/// The kinds that files may hold. A test sees to it that their schemas can be read and are those of the CRDs.
static SCHEMAS: [Schema; 9] = schemas![
    "Attestation",
    "AwsAccount",
    "AwsOrganization",
    "BaselineReport",
    "Control",
    "ControlTest",
    "Exemption",
    "Pack",
    "SecurityBaseline",
];

/// What the folder `schemas` has to hold.
#[doc(hidden)]
pub fn derived_schemas() -> BTreeMap<String, Value> {
    let mut schemas: BTreeMap<String, Value> = crds()
        .into_iter()
        .filter_map(|crd| {
            let version = crd.spec.versions.into_iter().next()?;
            let schema = serde_json::to_value(version.schema?.open_api_v3_schema?).ok()?;
            Some((crd.spec.names.kind, schema))
        })
        .collect();
    schemas.insert("ControlTest".to_owned(), control_test());
    for (kind, schema) in &mut schemas {
        complete(kind, schema);
        name_values(schema);
    }
    schemas
}

/// The schema of a kind's objects.
pub(crate) fn of_kind(kind: &str) -> Option<&'static Value> {
    let schema = SCHEMAS.iter().find(|schema| schema.kind == kind)?;
    schema.read.get_or_init(|| serde_json::from_str(schema.text).ok()).as_ref()
}

/// Every kind that people write.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|schema| schema.kind).filter(|kind| *kind != "BaselineReport")
}

/// Lets a rule name the value that is wrong. The API server refuses to evaluate such a message, as
/// more costly than any may be.
fn name_values(schema: &mut Value) {
    let rules = schema.pointer_mut("/properties/spec/x-kubernetes-validations");
    for rule in rules.and_then(Value::as_array_mut).into_iter().flatten() {
        let is_regions =
            rule.get("message").is_some_and(|message| message == REGION_OF_OTHER_PARTITION);
        if let Some(rule) = rule.as_object_mut().filter(|_| is_regions) {
            rule.insert("messageExpression".to_owned(), json!(WHICH_REGION));
        }
    }
}

/// The CRDs leave to Kubernetes what every object has.
fn complete(kind: &str, schema: &mut Value) {
    let any = json!({ "x-kubernetes-preserve-unknown-fields": true });
    let text = json!({ "type": "string", "maxLength": 253 });
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let object_name = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": form::OBJECT_NAME,
    });
    let metadata = json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": object_name, "namespace": text, "labels": texts, "annotations": texts,
            "creationTimestamp": any, "deletionGracePeriodSeconds": any, "deletionTimestamp": any,
            "finalizers": any, "generateName": any, "generation": any, "managedFields": any,
            "ownerReferences": any, "resourceVersion": any, "selfLink": any, "uid": any,
        },
    });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("apiVersion".into(), json!({ "type": "string", "enum": [API_VERSION] }));
        properties.insert("kind".into(), json!({ "type": "string", "enum": [kind] }));
        properties.insert("metadata".into(), metadata);
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("required".into(), json!(["apiVersion", "kind", "metadata", "spec"]));
    }
}

fn control_test() -> Value {
    let mut generator = schemars::generate::SchemaSettings::openapi3()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(StructuralSchemaRewriter)
        .with_transform(OptionalEnum)
        .into_generator();
    let spec = generator.root_schema_for::<ControlTestSpec>().to_value();
    json!({ "type": "object", "properties": { "spec": spec } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_are_those_of_the_crds() {
        let derived = derived_schemas();
        assert!(SCHEMAS.iter().map(|schema| schema.kind).eq(derived.keys()), "a kind is missing");
        for (kind, schema) in &derived {
            assert!(of_kind(kind) == Some(schema), "{kind}.json is stale: run `make generate`");
        }
    }
}
