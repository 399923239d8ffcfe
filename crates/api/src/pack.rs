//! `Pack`: a named set of controls with parameters.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ObjectStatus, schema};
use model::{ControlName, Severity};

/// Controls that baselines take together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, JsonSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "Pack",
    plural = "packs",
    shortname = "plpack",
    category = "plumbline",
    status = "ObjectStatus",
    derive = "PartialEq",
    doc = "A named set of controls with parameters.",
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status"
    ),
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct PackSpec {
    /// Title of the pack.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// What the pack is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub description: Option<String>,
    /// The controls of the pack.
    #[schemars(
        length(min = 1, max = 512),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub controls: Vec<PackControl>,
}

/// A control as a pack has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackControl {
    /// Name of a built-in control or of a `Control` object.
    pub name: ControlName,
    /// Values of the control's parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "schema::parameters")]
    pub parameters: Map<String, Value>,
    /// Severity of the control's drift. Default: the control's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_severity")]
    pub severity: Option<Severity>,
}
