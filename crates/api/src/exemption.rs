//! `Exemption`: a time-limited, approved acceptance of a drift.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{ObjectStatus, ResourceSelector, Time, given, schema};
use model::ControlName;

/// A time-limited, approved acceptance of a drift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "Exemption",
    plural = "exemptions",
    shortname = "plexempt",
    category = "plumbline",
    namespaced,
    status = "ObjectStatus",
    derive = "PartialEq",
    doc = "A time-limited, approved acceptance of a drift.",
    printcolumn(name = "Baseline", type_ = "string", json_path = ".spec.baseline"),
    printcolumn(name = "Approved By", type_ = "string", json_path = ".spec.approvedBy"),
    printcolumn(name = "Expires", type_ = "string", json_path = ".spec.expiresAt"),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("timestamp(self.expiresAt) > timestamp(self.approvedAt)")
        .message("expiresAt must be after approvedAt")
        .field_path(".expiresAt"),
    validation = Rule::new(
        "timestamp(self.expiresAt) - timestamp(self.approvedAt) <= duration('8784h')",
    ).message("an exemption must end within 366 days").field_path(".expiresAt"),
    // Later ones are no timestamps of ours, and an object that cannot be read would stop a watch.
    validation = Rule::new("timestamp(self.expiresAt) < timestamp('9999-01-01T00:00:00Z')")
        .message("expiresAt must be before the year 9999")
        .field_path(".expiresAt"),
    validation = Rule::new(format!(
        "!has(self.resources) || self.resources.map(it, {}).sum() <= 1024", schema::ENTRIES,
    )).message("resources must have at most 1024 entries in total").field_path(".resources"),
    validation = Rule::new(format!(
        "!has(self.resources) || self.resources.map(it, {}).sum() <= 65536", schema::CHARACTERS,
    )).message("resources must have at most 65536 characters in total").field_path(".resources"),
)]
pub struct ExemptionSpec {
    /// Name of the baseline, in the same namespace.
    #[schemars(schema_with = "schema::object_name")]
    pub baseline: String,
    /// The controls whose drift is accepted.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub controls: Vec<ControlName>,
    /// Names of `AwsAccount` objects. Default: all accounts of the baseline.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::some_object_names")]
    pub accounts: Option<Vec<String>>,
    /// The resources that are exempt: those that any entry matches. Default: all resources, and also
    /// regions and accounts.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Vec<ResourceSelector>",
        length(min = 1, max = 64),
        extend("x-kubernetes-list-type" = "atomic"),
    )]
    pub resources: Option<Vec<ResourceSelector>>,
    /// Why the drift is accepted.
    #[schemars(length(min = 1, max = 1024))]
    pub reason: String,
    /// Who accepted it. Where the chart's admission policies are in force, it must be the user that
    /// writes the exemption, or one who may approve for others.
    #[schemars(length(min = 1, max = 256))]
    pub approved_by: String,
    /// When the drift was accepted. It must not be in the future.
    #[schemars(schema_with = "schema::time")]
    pub approved_at: Time,
    /// When the exemption ends: at most 366 days after `approvedAt`.
    #[schemars(schema_with = "schema::time")]
    pub expires_at: Time,
}
