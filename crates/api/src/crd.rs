//! The CRDs as Kubernetes objects and as files.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSON, JSONSchemaProps,
    JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::json;
use thiserror::Error;

use super::{
    Attestation, AwsAccount, AwsOrganization, BaselineReport, Control, Exemption, Pack,
    SecurityBaseline, UNOBSERVED,
};

/// A CRD that could not be written as YAML.
#[derive(Debug, Error)]
#[error("writing the CRD {name} as YAML: {source}")]
pub struct CrdError {
    name: String,
    source: serde_saphyr::SerializeError,
}

/// Every CRD, in the order in which a reader meets them.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        SecurityBaseline::crd(),
        AwsAccount::crd(),
        AwsOrganization::crd(),
        Control::crd(),
        Pack::crd(),
        Exemption::crd(),
        Attestation::crd(),
        BaselineReport::crd(),
    ];
    for version in crds.iter_mut().flat_map(|crd| &mut crd.spec.versions) {
        let validation = version.schema.as_mut();
        if let Some(schema) = validation.and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            settle(schema);
        }
    }
    for crd in crds.iter_mut().filter(|crd| crd.spec.names.kind != "BaselineReport") {
        crd.spec.versions.iter_mut().for_each(begin_unobserved);
    }
    crds
}

/// Gives what users declare a status from the start: without one, whoever waits for an object takes
/// it for done before the operator has seen it.
/// <https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md>
fn begin_unobserved(version: &mut CustomResourceDefinitionVersion) {
    let schema = version.schema.as_mut().and_then(|it| it.open_api_v3_schema.as_mut());
    let fields = schema.and_then(|schema| schema.properties.as_mut());
    if let Some(status) = fields.and_then(|fields| fields.get_mut("status")) {
        status.default = Some(JSON(json!({ "observedGeneration": UNOBSERVED })));
    }
}

/// Every CRD as a file's name and text: the same bytes each time.
pub fn crd_files() -> Result<Vec<(String, String)>, CrdError> {
    crds()
        .into_iter()
        .map(|crd| {
            let name = crd.spec.names.plural.clone();
            match serde_saphyr::to_string(&crd) {
                Ok(text) => Ok((format!("{name}.yaml"), text)),
                Err(source) => Err(CrdError { name, source }),
            }
        })
        .collect()
}

/// Says what the derived schemas cannot: an optional field is absent, never null, and counts are
/// `int64`, the widest format that Kubernetes knows; it warns of those that it does not know.
fn settle(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if schema.format.as_deref().is_some_and(|format| format.starts_with("uint")) {
        schema.format = Some("int64".to_owned());
    }
    schema.properties.iter_mut().flat_map(|fields| fields.values_mut()).for_each(settle);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        settle(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        settle(values);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::form::Form;

    /// Calls `visit` with every schema and its path.
    fn walk(path: &str, schema: &Value, visit: &mut dyn FnMut(&str, &Value)) {
        visit(path, schema);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{path}.{name}"), field, visit);
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(key) {
                walk(&format!("{path}[]"), inner, visit);
            }
        }
    }

    fn each_schema(visit: &mut dyn FnMut(&str, &Value)) {
        for crd in crds() {
            let schema = serde_json::to_value(crd.spec.versions[0].schema.clone()).unwrap();
            walk(&crd.spec.names.kind, &schema["openAPIV3Schema"], visit);
        }
    }

    #[test]
    fn every_string_list_and_map_has_a_bound() {
        let mut unbounded = Vec::new();
        let mut seen = 0;
        each_schema(&mut |path, schema| {
            seen += 1;
            let bounded = match schema["type"].as_str() {
                Some("string") => schema["maxLength"].is_u64() || schema["enum"].is_array(),
                Some("array") => schema["maxItems"].is_u64(),
                Some("object") => {
                    schema["maxProperties"].is_u64() || schema.get("additionalProperties").is_none()
                }
                Some(_) => true,
                // Of whatever type it is.
                None => {
                    let bounds = ["maxLength", "maxItems", "maxProperties"];
                    schema["x-kubernetes-preserve-unknown-fields"] == true
                        && bounds.iter().all(|bound| schema[bound].is_u64())
                }
            };
            if !bounded {
                unbounded.push(path.to_owned());
            }
        });
        assert_eq!(unbounded, Vec::<String>::new());
        assert!(seen > 200);
    }

    #[test]
    fn only_parameter_values_are_free() {
        let mut free = Vec::new();
        each_schema(&mut |path, schema| {
            if schema["x-kubernetes-preserve-unknown-fields"] == true {
                free.push(path.to_owned());
            }
        });
        assert_eq!(
            free,
            [
                "SecurityBaseline.spec.controls[].parameters[]",
                "Control.spec.parameters[].default",
                "Pack.spec.controls[].parameters[]",
            ]
        );
    }

    #[test]
    fn lists_of_named_things_are_maps_by_their_name() {
        let mut seen = 0;
        each_schema(&mut |path, schema| {
            let field = path.rsplit('.').next().unwrap();
            let keyed = ["controls", "packs"].contains(&field)
                && schema["items"]["type"] == "object"
                || field == "conditions" && schema["type"] == "array";
            if keyed {
                seen += 1;
                assert_eq!(schema["x-kubernetes-list-type"], "map", "{path}");
            }
        });
        assert!(seen > 8);
    }

    #[test]
    fn rules_have_messages_and_patterns_and_formats_are_known() {
        let mut rules = 0;
        each_schema(&mut |path, schema| {
            for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
                rules += 1;
                assert!(rule["message"].is_string(), "{path}: {rule}");
            }
            let pattern = schema["pattern"].as_str();
            assert!(pattern.is_none_or(|pattern| Form::of(pattern).is_some()), "{path}");
            let format = schema["format"].as_str();
            assert!(matches!(format, None | Some("int64" | "date-time")), "{path}: {format:?}");
            assert!(schema.get("nullable").is_none(), "{path}");
        });
        assert!(rules > 10);
    }

    #[test]
    fn every_kind_has_status_a_category_and_columns() {
        for crd in crds() {
            let version = &crd.spec.versions[0];
            assert!(version.subresources.as_ref().unwrap().status.is_some());
            assert_eq!(crd.spec.names.categories.as_deref(), Some(&["plumbline".to_owned()][..]));
            assert!(!version.additional_printer_columns.as_ref().unwrap().is_empty());
        }
    }
}
