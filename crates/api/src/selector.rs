//! Which resources a baseline's control or an exemption speaks of.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{given, schema};
use model::ResourceType;

/// Selects resources that match every field given. A list matches if any of its entries does; `*` and
/// `?` stand for any text and any character.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.types) || has(self.ids) || has(self.arns) || has(self.names) || has(self.tags)",
).message("name at least one of types, ids, arns, names, tags"))]
pub struct ResourceSelector {
    /// Resource types, such as `AWS::S3::Bucket`.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<ResourceType>", length(min = 1, max = 100))]
    pub types: Option<Vec<ResourceType>>,
    /// Resource ids as AWS Config records them, with `*` and `?` as wildcards.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::globs")]
    pub ids: Option<Vec<String>>,
    /// ARNs, with `*` and `?` as wildcards.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::globs")]
    pub arns: Option<Vec<String>>,
    /// Resource names, with `*` and `?` as wildcards.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::globs")]
    pub names: Option<Vec<String>>,
    /// Tags that the resource must have, all of them. The value `*` stands for any value.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::some_tags")]
    pub tags: Option<BTreeMap<String, String>>,
}
