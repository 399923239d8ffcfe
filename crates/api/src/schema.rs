//! The bounds of the API's schemas, in one place.
//!
//! Names of AWS things are bounded by what AWS allows, the rest by what a person would write.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::form;
use model::Severity;

/// The longest expression: what the compiler takes too.
pub(super) const MAX_EXPRESSION: u32 = 16_384;

/// Regions, each once.
pub(super) fn regions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "x-kubernetes-list-type": "set",
        "items": {
            "type": "string",
            "maxLength": 32,
            "pattern": form::REGION,
            // A pattern's own message shows nothing but the pattern.
            "x-kubernetes-validations": [{
                "rule": format!("self.matches('{}')", form::REGION),
                "message": "must be an AWS region, such as eu-west-1",
            }],
        },
    })
}

/// At least one region, each once.
pub(super) fn some_regions(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = regions(generator);
    schema.insert("minItems".to_owned(), 1.into());
    schema
}

/// The name of a Kubernetes object.
pub(super) fn object_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 253,
        "pattern": form::OBJECT_NAME,
    })
}

/// Names of Kubernetes objects, each once.
pub(super) fn object_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 256,
        "x-kubernetes-list-type": "set",
        "items": {
            "type": "string",
            "maxLength": 253,
            "pattern": form::OBJECT_NAME,
        },
    })
}

/// At least one name of a Kubernetes object, each once.
pub(super) fn some_object_names(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = object_names(generator);
    schema.insert("minItems".to_owned(), 1.into());
    schema
}

/// The ARN of a role.
pub(super) fn role_arn(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 2048, "pattern": form::ROLE_ARN })
}

/// The URL of a queue.
pub(super) fn queue_url(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 256, "pattern": form::QUEUE_URL })
}

/// The id of an organization.
pub(super) fn organization_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 34, "pattern": form::ORGANIZATION_ID })
}

/// Organizational units, by id or by path.
pub(super) fn organizational_units(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 100,
        "x-kubernetes-list-type": "set",
        "items": { "type": "string", "maxLength": 774, "pattern": form::ORGANIZATIONAL_UNIT },
    })
}

/// The name of a role, with its path (`Role`, IAM API Reference).
pub(super) fn role_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 576, "pattern": form::ROLE_NAME })
}

/// A pattern of names.
pub(super) fn name_pattern(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "minLength": 1, "maxLength": 253, "pattern": form::NAME_PATTERN,
    })
}

/// Patterns of labels by key.
pub(super) fn label_patterns(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": name_pattern(generator),
    })
}

/// The name of an aggregator.
pub(super) fn aggregator_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 256, "pattern": form::WORDS })
}

/// The name of a role's session.
pub(super) fn session_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "minLength": 2, "maxLength": 64, "pattern": form::SESSION_NAME,
    })
}

/// A point in time.
pub(super) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "format": "date-time",
        "maxLength": 64,
        "pattern": form::TIME,
    })
}

/// A point in time that may be left out.
pub(super) fn optional_time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "format": "date-time",
        "maxLength": 64,
        "pattern": form::TIME,
        "nullable": true,
    })
}

/// A severity that may be left out.
pub(super) fn optional_severity(_: &mut SchemaGenerator) -> Schema {
    let names = Severity::ALL.map(Severity::as_str);
    json_schema!({ "type": "string", "enum": names, "nullable": true })
}

/// In CEL, how many entries the selector `it` has.
pub(super) const ENTRIES: &str = "\
    (has(it.types) ? it.types.size() : 0) + (has(it.ids) ? it.ids.size() : 0) \
    + (has(it.arns) ? it.arns.size() : 0) + (has(it.names) ? it.names.size() : 0) \
    + (has(it.tags) ? it.tags.size() : 0)";

/// In CEL, how many characters the globs of the selector `it` have.
pub(super) const CHARACTERS: &str = "\
    (has(it.ids) ? it.ids.map(text, text.size()).sum() : 0) \
    + (has(it.arns) ? it.arns.map(text, text.size()).sum() : 0) \
    + (has(it.names) ? it.names.map(text, text.size()).sum() : 0)";

/// In CEL, that of all selectors of a baseline's controls the sum of `measure` is at most so large.
pub(super) fn of_selectors(measure: &str, most: u32) -> String {
    let of = |field: &str| {
        format!(
            "self.controls.filter(control, has(control.{field})).map(control, control.{field})\
             .map(it, {measure}).sum()"
        )
    };
    format!("!has(self.controls) || {} + {} <= {most}", of("match"), of("exclude"))
}

/// A value whose type only the control knows that declares it: a text, a list of texts, a number or
/// a boolean. How much all of an object's values are together, an admission policy bounds: rules of a
/// schema do not see values without a type.
pub(super) fn any_value(_: &mut SchemaGenerator) -> Schema {
    any()
}

fn any() -> Schema {
    json_schema!({
        "x-kubernetes-preserve-unknown-fields": true,
        "maxLength": 4096,
        "maxItems": 512,
        "maxProperties": 0,
    })
}

/// A list of such values.
pub(super) fn any_values(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 256,
        "items": { "x-kubernetes-preserve-unknown-fields": true },
    })
}

/// Parameters by name.
pub(super) fn parameters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": any(),
    })
}

/// Labels or tags by key.
pub(super) fn tags(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 50,
        "additionalProperties": { "type": "string", "maxLength": 256 },
    })
}

/// At least one tag by key.
pub(super) fn some_tags(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = tags(generator);
    schema.insert("minProperties".to_owned(), 1.into());
    schema
}

/// Keys of tags, the first before the others.
pub(super) fn tag_keys(_: &mut SchemaGenerator) -> Schema {
    // A key has at most 128 characters (AWS Config API Reference, `Tag`).
    in_order(128)
}

/// Names of labels, the first before the others.
pub(super) fn label_names(_: &mut SchemaGenerator) -> Schema {
    // A prefix of at most 253 characters, a slash and at most 63 (Kubernetes, "Labels and Selectors").
    in_order(317)
}

fn in_order(longest: u32) -> Schema {
    json_schema!({
        "type": "array",
        "nullable": true,
        "maxItems": 8,
        "x-kubernetes-list-type": "atomic",
        "items": { "type": "string", "minLength": 1, "maxLength": longest },
    })
}

/// Resource ids, names or ARNs, with `*` and `?`.
pub(super) fn globs(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": { "type": "string", "minLength": 1, "maxLength": 1024 },
    })
}

/// A selector over labels, as Kubernetes has it.
pub(super) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "nullable": true,
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "description": "Labels that the object must have, with these values.",
                "type": "object",
                "maxProperties": 32,
                "additionalProperties": { "type": "string", "maxLength": 63 },
            },
            "matchExpressions": {
                "description": "Conditions on labels, all of which must be met.",
                "type": "array",
                "maxItems": 32,
                "x-kubernetes-list-type": "atomic",
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    // As Kubernetes has it. `NotIn` with no values would match everything.
                    "x-kubernetes-validations": [{
                        "rule": "(self.operator in ['In', 'NotIn']) \
                                 == (has(self.values) && self.values.size() > 0)",
                        "message": "In and NotIn need values, Exists and DoesNotExist take none",
                    }],
                    "properties": {
                        "key": {
                            "description": "The label's key.",
                            "type": "string",
                            "maxLength": 317,
                        },
                        "operator": {
                            "description": "How the label is compared with `values`.",
                            "type": "string",
                            "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
                        },
                        "values": {
                            "description": "Values to compare with, for `In` and `NotIn`.",
                            "type": "array",
                            "maxItems": 64,
                            "x-kubernetes-list-type": "atomic",
                            "items": { "type": "string", "maxLength": 63 },
                        },
                    },
                },
            },
        },
    })
}

/// Conditions, as `metav1.Condition` has them.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {
                    "description": "The type of the condition.",
                    "type": "string",
                    "maxLength": 316,
                },
                "status": {
                    "description": "Whether the condition is met.",
                    "type": "string",
                    "enum": ["True", "False", "Unknown"],
                },
                "observedGeneration": {
                    "description": "The generation of the spec that the condition describes.",
                    "type": "integer",
                    "format": "int64",
                    "minimum": 0,
                },
                "lastTransitionTime": {
                    "description": "When `status` last changed.",
                    "type": "string",
                    "format": "date-time",
                    "maxLength": 64,
                },
                "reason": {
                    "description": "The reason for the status, as one word.",
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1024,
                },
                "message": {
                    "description": "The details, for people.",
                    "type": "string",
                    "maxLength": 32768,
                },
            },
        },
    })
}
