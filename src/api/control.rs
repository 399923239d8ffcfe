//! `Control`: one check, the built-in catalogue's format and that of a team's own controls.

use std::collections::BTreeMap;
use std::fmt;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ObjectStatus, form, schema};
use crate::resource::{ResourceType, Severity};

/// One check, with all that is needed to run it and to explain what it finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "plumbline.dev",
    version = "v1alpha1",
    kind = "Control",
    plural = "controls",
    shortname = "plctl",
    category = "plumbline",
    status = "ObjectStatus",
    derive = "PartialEq",
    doc = "One check of a security baseline.",
    printcolumn(name = "Severity", type_ = "string", json_path = ".spec.severity"),
    printcolumn(name = "Domain", type_ = "string", json_path = ".spec.domain"),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Accepted\")].status"
    ),
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("self.metadata.name.size() <= 63")
        .message("a control's name has at most 63 characters"),
    // A control is named in findings and metrics, and by baselines, as a DNS label.
    validation = Rule::new("!self.metadata.name.contains('.')")
        .message("a control's name has no dots"),
)]
#[serde(rename_all = "camelCase")]
pub struct ControlSpec {
    /// What holds where the control is met: `S3 buckets keep versions`.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// Why it matters.
    #[schemars(length(min = 1, max = 2048))]
    pub description: String,
    /// How much a drift matters, unless a baseline says otherwise.
    pub severity: Severity,
    /// The field of security that it belongs to.
    pub domain: Domain,
    /// The practices that it carries out, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 63)))]
    pub practices: Vec<String>,
    /// AWS managed rules with the same meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub implements: Vec<ManagedRule>,
    /// Requirements of published frameworks that it meets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub frameworks: Vec<Framework>,
    /// What to do about a drift.
    pub remediation: Remediation,
    /// What a baseline may set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub parameters: Vec<ParameterDeclaration>,
    /// How it is checked.
    pub check: Check,
}

/// A field of security.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
#[allow(missing_docs)] // the names say it
pub enum Domain {
    IdentityAccess,
    DataProtection,
    AssetManagement,
    NetworkSecurity,
    LoggingMonitoring,
    VulnerabilityManagement,
    ConfigurationManagement,
    Governance,
    RiskManagement,
    DeviceManagement,
    IncidentResponse,
    BusinessContinuity,
    ApplicationSecurity,
}

/// The name, as it is written in YAML.
impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// An AWS managed rule with the same meaning as the control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedRule {
    /// The rule's identifier, such as `S3_BUCKET_VERSIONING_ENABLED`.
    #[schemars(length(min = 1, max = 128))]
    pub rule: String,
    /// The rule's parameters and the control's that they correspond to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::tags")]
    pub parameters: BTreeMap<String, String>,
}

/// Requirements of a published framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Framework {
    /// The framework's name.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Its version.
    #[schemars(length(min = 1, max = 32))]
    pub version: String,
    /// The numbers of the requirements.
    #[schemars(length(min = 1, max = 64), inner(length(max = 64)))]
    pub requirements: Vec<String>,
}

/// What to do about a drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Remediation {
    /// In a sentence or two.
    #[schemars(length(min = 1, max = 512))]
    pub text: String,
    /// Where it is described at length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = form::HTTPS))]
    pub url: Option<String>,
}

/// A parameter of a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParameterDeclaration {
    /// The name, by which expressions read it: `parameters.<name>`.
    #[schemars(length(min = 1, max = 63), regex(pattern = form::FIELD_NAME))]
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Its value where a baseline sets none. Without it every baseline must set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_value")]
    pub default: Option<serde_json::Value>,
    /// What it means.
    #[schemars(length(min = 1, max = 512))]
    pub description: String,
}

/// The type of a parameter's values.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum ParameterType {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A text.
    String,
    /// A list of texts.
    StringList,
}

/// How a control is checked: in exactly one way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.expression) != has(self.attestation)")
    .message("give exactly one of expression and attestation"))]
pub struct Check {
    /// By an expression over configuration items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<ExpressionCheck>,
    /// By evidence that a procedure was carried out: an `Attestation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<AttestationCheck>,
}

/// A check by evidence. It has no settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttestationCheck {}

/// A check by an expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "!has(self.related) || self.related.size() == 0 || self.scope == 'Resource'",
).message("related works only with scope Resource"))]
pub struct ExpressionCheck {
    /// The types of the resources that it looks at.
    #[schemars(length(min = 1, max = 64))]
    pub resource_types: Vec<ResourceType>,
    /// What a verdict speaks of.
    #[serde(default)]
    pub scope: Scope,
    /// Whether the control concerns the subject at all; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::MAX_EXPRESSION))]
    pub applies_to: Option<String>,
    /// Other resources that the expression reads, joined by equal keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub related: Vec<Related>,
    /// Whether the subject is as it should be.
    #[schemars(length(min = 1, max = schema::MAX_EXPRESSION))]
    pub compliant: String,
    /// What is wrong with a subject that is not: a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::MAX_EXPRESSION))]
    pub message: Option<String>,
    /// Paths whose values are secret, such as `resource.configuration.endpoint`: they are shown as
    /// `(masked)` in messages, findings and output. What is below a path is secret too, and a path
    /// goes through lists. Passwords, tokens, environments and the like are always masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 256)))]
    pub sensitive: Vec<String>,
}

/// What a verdict speaks of.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[schemars(inline)]
pub enum Scope {
    /// Each resource.
    #[default]
    Resource,
    /// All resources of a region together.
    Region,
    /// All resources of an account together.
    Account,
}

/// Other resources that an expression reads as `related.<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Related {
    /// The name under which the expression reads the list of them.
    #[schemars(length(min = 1, max = 63), regex(pattern = form::FIELD_NAME))]
    pub name: String,
    /// Their type.
    pub resource_type: ResourceType,
    /// The resource's key: a text, or a list of texts.
    #[schemars(length(min = 1, max = 4096))]
    pub key: String,
    /// The related resource's key, which equals it: a text, or a list of texts.
    #[schemars(length(min = 1, max = 4096))]
    pub related_key: String,
}
