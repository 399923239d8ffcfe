//! The format's structure, as far as Plumbline writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::drift::finding::{FindingStatus, Workflow};
use model::Partition;

/// A finding in the AWS Security Finding Format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    /// `SchemaVersion`.
    pub schema_version: String,
    /// The finding's name.
    pub id: String,
    /// The account's own product.
    pub product_arn: String,
    /// `ProductName`.
    pub product_name: String,
    /// `CompanyName`.
    pub company_name: String,
    /// The region.
    pub region: String,
    /// The generator's name.
    pub generator_id: String,
    /// The account that it is about.
    pub aws_account_id: String,
    /// Finding types of the taxonomy.
    pub types: Vec<String>,
    /// RFC 3339, in UTC.
    pub first_observed_at: String,
    /// RFC 3339, in UTC.
    pub last_observed_at: String,
    /// RFC 3339, in UTC.
    pub created_at: String,
    /// RFC 3339, in UTC.
    pub updated_at: String,
    /// How much it matters.
    pub severity: Severity,
    /// `Title`.
    pub title: String,
    /// `Description`.
    pub description: String,
    /// What to do.
    pub remediation: Remediation,
    /// What only Plumbline reads.
    pub product_fields: BTreeMap<String, String>,
    /// What people set, and the exemption that covers it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub user_defined_fields: BTreeMap<String, String>,
    /// What it is about: one.
    pub resources: Vec<Resource>,
    /// Whether that is as it should be.
    pub compliance: Compliance,
    /// How far people have come with it.
    pub workflow: WorkflowObject,
    /// Whether its subject is still there.
    pub record_state: RecordState,
    /// The provider's own word.
    pub finding_provider_fields: FindingProviderFields,
}

/// How much a finding matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Severity {
    /// In upper case.
    pub label: String,
    /// As Plumbline names it.
    pub original: String,
}

/// What to do about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Remediation {
    /// The only part that there is.
    pub recommendation: Recommendation,
}

/// What is recommended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recommendation {
    /// In words.
    pub text: String,
    /// At length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// The type, as ASFF names it.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its ARN, or its type and id.
    pub id: String,
    /// The partition.
    pub partition: Partition,
    /// The region.
    pub region: String,
    /// The tag that says whom it belongs to, if one does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Whether what a finding is about is as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Compliance {
    /// The status.
    pub status: FindingStatus,
    /// The control's name.
    pub security_control_id: String,
    /// Requirements of published frameworks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_requirements: Vec<String>,
}

/// How far people have come with a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WorkflowObject {
    /// The status.
    pub status: Workflow,
}

/// Whether a finding still has a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordState {
    /// It has.
    Active,
    /// It has none.
    Archived,
}

/// What only the provider writes, whatever people make of the fields of the same names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FindingProviderFields {
    /// How much it matters.
    pub severity: Severity,
    /// Finding types of the taxonomy.
    pub types: Vec<String>,
}

/// Keys of `ProductFields`.
pub mod field {
    /// The installation.
    pub const INSTALLATION: &str = "plumbline/installation";
    /// Which Plumbline published it.
    pub const PUBLISHER: &str = "plumbline/publisher";
    /// The baseline's namespace.
    pub const NAMESPACE: &str = "plumbline/namespace";
    /// The baseline's name.
    pub const BASELINE: &str = "plumbline/baseline";
    /// The control.
    pub const CONTROL: &str = "plumbline/control";
    /// The AWS Config type of its subject.
    pub const RESOURCE_TYPE: &str = "plumbline/resource-type";
    /// Its subject's id.
    pub const RESOURCE_ID: &str = "plumbline/resource-id";
    /// Its subject's name.
    pub const RESOURCE_NAME: &str = "plumbline/resource-name";
    /// Whom the drift belongs to.
    pub const OWNER: &str = "plumbline/owner";
    /// Stands for all that Plumbline says in it.
    pub const FINGERPRINT: &str = "plumbline/fingerprint";
    /// Followed by a number of two digits: a place that the control read, and what stood there.
    pub const READING: &str = "plumbline/reading-";
    /// Between the place and what stood there.
    pub const READS: &str = " = ";
    /// Of `UserDefinedFields`: the exemption by which Plumbline suppressed the finding.
    pub const EXEMPTION: &str = "plumbline/exemption";
}
