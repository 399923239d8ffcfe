//! The format's structure, as far as Plumbline writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::drift::finding::{FindingStatus, Workflow};
use crate::resource::Partition;

/// A finding in the AWS Security Finding Format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    pub(super) schema_version: String,
    pub(super) id: String,
    pub(super) product_arn: String,
    pub(super) product_name: String,
    pub(super) company_name: String,
    pub(super) region: String,
    pub(super) generator_id: String,
    pub(super) aws_account_id: String,
    pub(super) types: Vec<String>,
    pub(super) first_observed_at: String,
    pub(super) last_observed_at: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) remediation: Remediation,
    pub(super) product_fields: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) user_defined_fields: BTreeMap<String, String>,
    pub(super) resources: Vec<Resource>,
    pub(super) compliance: Compliance,
    pub(super) workflow: WorkflowObject,
    pub(super) record_state: RecordState,
    pub(super) finding_provider_fields: FindingProviderFields,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Severity {
    pub(super) label: String,
    pub(super) original: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Remediation {
    pub(super) recommendation: Recommendation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Recommendation {
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) partition: Partition,
    pub(super) region: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Compliance {
    pub(super) status: FindingStatus,
    pub(super) security_control_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) related_requirements: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WorkflowObject {
    pub(super) status: Workflow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum RecordState {
    Active,
    Archived,
}

/// What only the provider writes, whatever people make of the fields of the same names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FindingProviderFields {
    pub(super) severity: Severity,
    pub(super) types: Vec<String>,
}

/// Keys of `ProductFields`.
pub(super) mod field {
    pub(in super::super) const INSTALLATION: &str = "plumbline/installation";
    pub(in super::super) const NAMESPACE: &str = "plumbline/namespace";
    pub(in super::super) const BASELINE: &str = "plumbline/baseline";
    pub(in super::super) const CONTROL: &str = "plumbline/control";
    pub(in super::super) const RESOURCE_TYPE: &str = "plumbline/resource-type";
    pub(in super::super) const RESOURCE_ID: &str = "plumbline/resource-id";
    pub(in super::super) const RESOURCE_NAME: &str = "plumbline/resource-name";
    pub(in super::super) const FINGERPRINT: &str = "plumbline/fingerprint";
    /// Followed by a number of two digits: a place that the control read, and what stood there.
    pub(in super::super) const READING: &str = "plumbline/reading-";
    /// Between the place and what stood there.
    pub(in super::super) const READS: &str = " = ";
    /// Of `UserDefinedFields`: the exemption by which Plumbline suppressed the finding.
    pub(in super::super) const EXEMPTION: &str = "plumbline/exemption";
}
