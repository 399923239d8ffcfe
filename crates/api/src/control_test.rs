//! `ControlTest`: a file beside a control with items and the verdicts expected of them.

use kube::KubeSchema;
use kube::core::ObjectMeta;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Time, schema};
use model::{AccountId, ControlName, Region, ResourceType, UnknownReason};

/// A file of test cases for one control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlTest {
    /// The file's name and labels.
    pub metadata: ObjectMeta,
    /// The cases.
    pub spec: ControlTestSpec,
}

/// Test cases for one control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlTestSpec {
    /// Name of the control.
    pub control: ControlName,
    /// The test cases.
    #[schemars(length(min = 1, max = 256))]
    pub cases: Vec<ControlTestCase>,
    /// Branches and mutations that no case can show, as `plumbline test --coverage` reports them,
    /// each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub coverage_exceptions: Vec<CoverageException>,
}

/// A branch or a mutation that no case can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageException {
    /// The branch or mutation, as `plumbline test --coverage` reports it.
    #[schemars(length(min = 1, max = 256))]
    pub what: String,
    /// Why no case can show it.
    #[schemars(length(min = 1, max = 512))]
    pub reason: String,
}

/// One case: what is recorded, and what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlTestCase {
    /// What the case shows, as a sentence.
    #[schemars(length(min = 1, max = 256))]
    pub name: String,
    /// Values of the control's parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "schema::parameters")]
    pub parameters: Map<String, Value>,
    /// The time of the evaluation: `now` in expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_time")]
    pub now: Option<Time>,
    /// Resource types that are not recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub not_recorded: Vec<ResourceType>,
    /// Configuration items as in a snapshot. Account, region and status have defaults.
    #[serde(default)]
    #[schemars(schema_with = "schema::any_values")]
    pub items: Vec<Value>,
    /// The expected verdicts. A resource that is not listed may have any verdict.
    #[schemars(length(min = 1, max = 256))]
    pub expect: Vec<Expectation>,
}

/// The verdict expected of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "[has(self.resourceId), has(self.region), has(self.account)].filter(it, it).size() == 1",
    ).message("name one of resourceId, region and account"),
    validation = Rule::new("!has(self.reason) || self.verdict == 'Unknown'")
        .message("only Unknown has a reason"),
)]
pub struct Expectation {
    /// The resource of the verdict, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub resource_id: Option<String>,
    /// The region of the verdict, for a control of scope `Region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The account of the verdict, for a control of scope `Account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The expected verdict.
    pub verdict: ExpectedVerdict,
    /// The expected reason of an `Unknown` verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "unknown_reason")]
    pub reason: Option<UnknownReason>,
    /// The expected message of a `NonCompliant` verdict, word for word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub message: Option<String>,
}

/// A verdict by its name; the reason of an unknown one stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[allow(missing_docs)] // each is the verdict of its name
pub enum ExpectedVerdict {
    Compliant,
    NonCompliant,
    NotApplicable,
    Unknown,
}

impl ExpectedVerdict {
    /// The verdict's name, the same as [`Verdict::as_str`](model::Verdict::as_str).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "Compliant",
            Self::NonCompliant => "NonCompliant",
            Self::NotApplicable => "NotApplicable",
            Self::Unknown => "Unknown",
        }
    }
}

fn unknown_reason(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = UnknownReason::ALL.iter().map(|reason| reason.as_str()).collect();
    json_schema!({ "type": "string", "enum": names, "nullable": true })
}
