//! Which resources a baseline's control or an exemption speaks of.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::schema;
use crate::resource::ResourceType;

/// Selects resources that match every field given. A list matches if any of its entries does; `*` and
/// `?` stand for any text and any character.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.types) && self.types.size() > 0 || has(self.ids) && self.ids.size() > 0 \
     || has(self.arns) && self.arns.size() > 0 || has(self.names) && self.names.size() > 0 \
     || has(self.tags) && self.tags.size() > 0",
).message("name at least one of types, ids, arns, names, tags"))]
pub struct ResourceSelector {
    /// Resource types, such as `AWS::S3::Bucket`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub types: Vec<ResourceType>,
    /// Resource ids as AWS Config records them, with `*` and `?` as wildcards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::globs")]
    pub ids: Vec<String>,
    /// ARNs, with `*` and `?` as wildcards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::globs")]
    pub arns: Vec<String>,
    /// Resource names, with `*` and `?` as wildcards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::globs")]
    pub names: Vec<String>,
    /// Tags that the resource must have, all of them. The value `*` stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::tags")]
    pub tags: BTreeMap<String, String>,
}
