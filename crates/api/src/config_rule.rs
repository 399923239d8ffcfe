//! A control's check by an AWS Config rule.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{form, schema};
use model::ResourceType;

/// A check by an AWS Config rule: for facts that neither configuration items nor account facts hold.
///
/// With `source.configRules: Observe` of the `AwsAccount`, the rule must exist. With `Manage`, Plumbline
/// creates it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.identifier) || has(self.name)")
    .message("give identifier, name, or both"))]
#[x_kube(validation = Rule::new(
    "has(self.identifier) || !has(self.parameters) && !has(self.resourceTypes) && !has(self.maximumExecutionFrequency)",
).message("parameters, resourceTypes and maximumExecutionFrequency work only with identifier"))]
pub struct ConfigRuleCheck {
    /// Identifier of an AWS managed rule, such as `EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK`. A rule
    /// counts only if it has these parameters and checks all these types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = form::RULE_IDENTIFIER))]
    pub identifier: Option<String>,
    /// Name of an existing rule, which Plumbline never creates, changes or removes. Required where
    /// items come from a snapshot, which holds the names of rules only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub name: Option<String>,
    /// Input parameters of the rule, each with the parameter of the control that gives its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::tags")]
    pub parameters: BTreeMap<String, String>,
    /// The resource types that the rule must check. Default: those of the managed rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 64))]
    pub resource_types: Vec<ResourceType>,
    /// How often Plumbline's own rule runs, if the managed rule runs periodically. Default: once a
    /// day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_execution_frequency: Option<ExecutionFrequency>,
    /// Whether the rule checks each region, or the account as a whole in one region. A rule whose
    /// `resourceTypes` are all global checks the account.
    #[serde(default)]
    pub scope: RuleScope,
}

/// How often a periodic rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ExecutionFrequency {
    /// Every hour.
    #[serde(rename = "One_Hour")]
    OneHour,
    /// Every 3 hours.
    #[serde(rename = "Three_Hours")]
    ThreeHours,
    /// Every 6 hours.
    #[serde(rename = "Six_Hours")]
    SixHours,
    /// Every 12 hours.
    #[serde(rename = "Twelve_Hours")]
    TwelveHours,
    /// Once a day.
    #[serde(rename = "TwentyFour_Hours")]
    TwentyFourHours,
}

impl ExecutionFrequency {
    /// The frequency as AWS Config writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneHour => "One_Hour",
            Self::ThreeHours => "Three_Hours",
            Self::SixHours => "Six_Hours",
            Self::TwelveHours => "Twelve_Hours",
            Self::TwentyFourHours => "TwentyFour_Hours",
        }
    }
}

/// Where a rule counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum RuleScope {
    /// In each region.
    #[default]
    Region,
    /// For the account as a whole: in its home region, or the first other region that has the rule.
    Account,
}
