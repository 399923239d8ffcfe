//! `Attestation`: evidence, with owner and expiry, that a procedure was carried out.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ObjectStatus, Time, form, given, schema};
use model::ControlName;

/// The observed state of an attestation.
pub type AttestationStatus = ObjectStatus;

/// Evidence that a procedure was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "Attestation",
    plural = "attestations",
    shortname = "plattest",
    category = "plumbline",
    namespaced,
    status = "ObjectStatus",
    derive = "PartialEq",
    doc = "Evidence, with owner and expiry, that a procedure was carried out.",
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner"),
    printcolumn(name = "Performed", type_ = "string", json_path = ".spec.performedAt"),
    printcolumn(name = "Valid Until", type_ = "string", json_path = ".spec.validUntil"),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("timestamp(self.validUntil) > timestamp(self.performedAt)")
        .message("validUntil must be after performedAt")
        .field_path(".validUntil"),
    // Later ones are no timestamps of ours, and an object that cannot be read would stop a watch.
    validation = Rule::new("timestamp(self.validUntil) < timestamp('9999-01-01T00:00:00Z')")
        .message("validUntil must be before the year 9999")
        .field_path(".validUntil"),
)]
pub struct AttestationSpec {
    /// The controls that the evidence is for. They must have an attestation check.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub controls: Vec<ControlName>,
    /// Names of `AwsAccount` objects. Default: all accounts of the baselines in the namespace.
    #[serde(default, deserialize_with = "given::list", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::some_object_names")]
    pub accounts: Option<Vec<String>>,
    /// Who is responsible for the evidence.
    #[schemars(length(min = 1, max = 256))]
    pub owner: String,
    /// Who attests it. Where the chart's admission policies are in force, it must be the user that
    /// writes the attestation, or one who may attest for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub attested_by: Option<String>,
    /// The evidence.
    #[schemars(length(min = 1, max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub evidence: Vec<Evidence>,
    /// When the procedure was carried out.
    #[schemars(schema_with = "schema::time")]
    pub performed_at: Time,
    /// When the attestation expires.
    #[schemars(schema_with = "schema::time")]
    pub valid_until: Time,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Address of the evidence.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
    /// What the evidence shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub description: Option<String>,
    /// SHA-256 digest of the document, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = form::SHA256))]
    pub sha256: Option<String>,
}
