//! `Control`: one check, the built-in catalogue's format and that of a team's own controls.

use std::collections::BTreeMap;
use std::fmt;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigRuleCheck, ObjectStatus, form, schema};
use model::{ResourceType, Severity};

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
    doc = "One check, with what it needs to run and to explain its results.",
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
        .message("a control's name must have at most 63 characters"),
    // A control is named in findings and metrics, and by baselines, as a DNS label.
    validation = Rule::new("!self.metadata.name.contains('.')")
        .message("a control's name must have no dots"),
)]
#[serde(rename_all = "camelCase")]
pub struct ControlSpec {
    /// What is true of a compliant resource, such as `S3 buckets keep versions`.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// Why it matters.
    #[schemars(length(min = 1, max = 2048))]
    pub description: String,
    /// What the control does not check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub limitations: Option<String>,
    /// Severity of drift. Packs and baselines can override it.
    pub severity: Severity,
    /// The security domain of the control.
    pub domain: Domain,
    /// Ids of the security practices that the control implements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 63)))]
    pub practices: Vec<String>,
    /// AWS managed rules with the same meaning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub implements: Vec<ManagedRule>,
    /// AWS Config managed rules that check something similar, but not the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 128)))]
    pub related_to: Vec<String>,
    /// Requirements of compliance frameworks that the control covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub frameworks: Vec<Framework>,
    /// How to fix drift.
    pub remediation: Remediation,
    /// Parameters that packs and baselines can set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub parameters: Vec<ParameterDeclaration>,
    /// How the control checks resources.
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

impl Domain {
    /// As a heading: `data-protection` becomes `Data protection`.
    pub fn heading(self) -> String {
        let name = self.to_string().replace('-', " ");
        let (first, rest) = name.split_at(name.len().min(1));
        first.to_uppercase() + rest
    }
}

/// An AWS managed rule with the same meaning as the control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedRule {
    /// The rule's identifier, such as `S3_BUCKET_VERSIONING_ENABLED`.
    #[schemars(length(min = 1, max = 128))]
    pub rule: String,
    /// Parameters of the rule, each with the parameter of the control that it corresponds to.
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
    /// The version of the framework.
    #[schemars(length(min = 1, max = 32))]
    pub version: String,
    /// Identifiers of the requirements, such as `2.1.2`.
    #[schemars(length(min = 1, max = 64), inner(length(max = 64)))]
    pub requirements: Vec<String>,
}

/// How to fix drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Remediation {
    /// What to do, in a sentence or two.
    #[schemars(length(min = 1, max = 512))]
    pub text: String,
    /// Address of detailed instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = form::HTTPS))]
    pub url: Option<String>,
}

/// A parameter of a control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "!has(self.minimum) && !has(self.maximum) || self.type == 'integer'",
    ).message("minimum and maximum work only with type integer"),
    validation = Rule::new(
        "!has(self.minimum) || !has(self.maximum) || self.minimum <= self.maximum",
    ).message("minimum must not exceed maximum"),
    validation = Rule::new(
        "!has(self.enum) && !has(self.pattern) || self.type == 'string' || self.type == 'stringList'",
    ).message("enum and pattern work only with types string and stringList"),
    validation = Rule::new("!has(self.minItems) || self.type == 'stringList'")
        .message("minItems works only with type stringList"),
)]
pub struct ParameterDeclaration {
    /// Name of the parameter. Expressions read it as `parameters.<name>`.
    #[schemars(length(min = 1, max = 63), regex(pattern = form::FIELD_NAME))]
    pub name: String,
    /// Type of the value.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Default value. Without one, every baseline must set the parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_value")]
    pub default: Option<serde_json::Value>,
    /// Smallest value of an integer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    /// Largest value of an integer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// Values that a string, or each string of a list, can have. Default: any.
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 64), inner(length(max = 128)))]
    pub allowed: Vec<String>,
    /// Regular expression (RE2) that a string, or each string of a list, must match. It can match a
    /// part of the string unless it begins with `^` and ends with `$`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub pattern: Option<String>,
    /// Smallest number of strings in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1024))]
    pub min_items: Option<u16>,
    /// What the parameter means.
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

impl ParameterType {
    /// Whether `value` is of this type.
    #[must_use]
    pub fn accepts(self, value: &serde_json::Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64(),
            Self::String => value.is_string(),
            Self::StringList => {
                value.as_array().is_some_and(|items| items.iter().all(serde_json::Value::is_string))
            }
        }
    }

    /// What such a value is called, with its article.
    #[must_use]
    pub const fn described(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::String => "a string",
            Self::StringList => "a list of strings",
        }
    }

    /// How such a value is written in YAML.
    #[must_use]
    pub const fn how_to_write(self) -> &'static str {
        match self {
            Self::Boolean => "write true or false, without quotes",
            Self::Integer => "write a whole number, without quotes",
            Self::String => "write a text; quote what looks like a number or a boolean",
            Self::StringList => "write a list of texts, such as [a, b]",
        }
    }
}

/// How a control is checked: in exactly one way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "(has(self.expression) ? 1 : 0) + (has(self.configRule) ? 1 : 0) + (has(self.attestation) ? 1 : 0) == 1",
).message("give exactly one of expression, configRule and attestation"))]
pub struct Check {
    /// Evaluates an expression over configuration items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<ExpressionCheck>,
    /// Takes over what an AWS Config rule reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_rule: Option<ConfigRuleCheck>,
    /// Requires a valid `Attestation`: evidence that a procedure was carried out.
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
    /// The resource types to check.
    #[schemars(length(min = 1, max = 64))]
    pub resource_types: Vec<ResourceType>,
    /// What one verdict covers: each resource, or all resources of a region or account together.
    #[serde(default)]
    pub scope: Scope,
    /// CEL expression: whether the control applies. If false, the verdict is `NotApplicable`.
    /// Default: it always applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::MAX_EXPRESSION))]
    pub applies_to: Option<String>,
    /// Other resources that the expressions read, joined by equal keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]),
    )]
    pub related: Vec<Related>,
    /// CEL expression: whether the resource is compliant.
    #[schemars(length(min = 1, max = schema::MAX_EXPRESSION))]
    pub compliant: String,
    /// CEL expression that gives a string: what is wrong with a resource that is not compliant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::MAX_EXPRESSION))]
    pub message: Option<String>,
    /// Paths whose values are secret, such as `resource.configuration.endpoint`: they are shown as
    /// `(masked)` in messages, findings and output. Everything below a path is secret as well, and a path
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
    /// Name of the list. Expressions read it as `related.<name>`.
    #[schemars(length(min = 1, max = 63), regex(pattern = form::FIELD_NAME))]
    pub name: String,
    /// The resource type of the related resources.
    pub resource_type: ResourceType,
    /// CEL expression: the key of the resource that is checked, a string or a list of strings.
    #[schemars(length(min = 1, max = 4096))]
    pub key: String,
    /// CEL expression: the key of a related resource, a string or a list of strings. Resources with
    /// an equal key are related.
    #[schemars(length(min = 1, max = 4096))]
    pub related_key: String,
}
