//! The status of kinds that have only conditions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, schema};

/// Whether Plumbline accepts the object, and as of which generation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStatus {
    /// The generation of the spec that the status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Accepted`: whether the object is valid and in use; if not, the mistake and its position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
}
