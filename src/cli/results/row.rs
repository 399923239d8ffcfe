//! One result, as a person or a program reads it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::resource::in_short;
use crate::api::{Domain, Remediation};
use crate::catalog::CompiledControl;
use crate::evaluation::{EvaluationResult, FieldReading, Subject};
use crate::plan::Plan;
use crate::resource::{Severity, UnknownReason};

/// One result.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Row {
    pub(super) baseline: String,
    control: Arc<CompiledControl>,
    pub(super) severity: Severity,
    pub(super) account: String,
    pub(super) region: String,
    resource_type: String,
    resource_id: Option<String>,
    name: Option<String>,
    arn: Option<String>,
    verdict: &'static str,
    reason: Option<UnknownReason>,
    pub(super) message: String,
    /// The exemption that covers it.
    exemption: Option<String>,
    /// What the control read.
    explanation: Vec<FieldReading>,
}

/// A result as JSON has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct JsonRow<'r> {
    baseline: &'r str,
    control: &'r str,
    title: &'r str,
    domain: Domain,
    severity: Severity,
    account: &'r str,
    region: &'r str,
    resource_type: &'r str,
    resource_id: Option<&'r str>,
    arn: Option<&'r str>,
    verdict: &'static str,
    reason: Option<&'static str>,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    explanation: Vec<Reading<'r>>,
    remediation: &'r Remediation,
}

/// What a control read in one place.
#[derive(Debug, Serialize)]
struct Reading<'r> {
    field: &'r str,
    #[serde(flatten)]
    content: ReadContent<'r>,
}

/// What stood there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum ReadContent<'r> {
    Value(Value),
    /// The beginning of a long value.
    Beginning(&'r str),
    /// Nothing.
    Absent(bool),
}

impl Row {
    /// The result as a row; nothing for a result of other plans.
    pub(in crate::cli) fn of(plans: &[Plan], result: &EvaluationResult<'_>) -> Option<Self> {
        let plan = plans.get(result.plan)?;
        let target = plan.targets.get(result.target)?;
        let planned = plan.controls.get(result.control)?;
        let (resource_type, resource_id, name, arn) = match result.subject {
            Subject::Resource { resource_type, id, arn, name, .. } => {
                (resource_type, Some(id), name, arn)
            }
            Subject::Region => ("Region", Some(target.region.as_str()), None, None),
            Subject::Account => ("Account", Some(target.account.as_str()), None, None),
            Subject::Unread { resource_type } => (resource_type, None, None, None),
        };
        let exemption = result.exemption.and_then(|at| plan.exemptions.get(at));
        Some(Self {
            baseline: plan.baseline.to_string(),
            control: Arc::clone(&planned.control),
            severity: planned.severity,
            account: target.account.to_string(),
            region: target.region.to_string(),
            resource_type: resource_type.to_owned(),
            resource_id: resource_id.map(str::to_owned),
            name: name.map(str::to_owned),
            arn: arn.map(str::to_owned),
            verdict: result.verdict.as_str(),
            reason: result.verdict.reason(),
            message: result.message.to_owned(),
            exemption: exemption.map(|exemption| exemption.name.clone()),
            explanation: result.explanation.to_vec(),
        })
    }

    /// The control's name.
    pub(in crate::cli) fn control(&self) -> &str {
        self.control.name.as_str()
    }

    /// What to do about drift.
    pub(super) fn remediation(&self) -> &Remediation {
        &self.control.spec.remediation
    }

    /// Why the verdict is unknown, where it is.
    pub(super) const fn reason(&self) -> Option<UnknownReason> {
        self.reason
    }

    /// Whether it is drift that no exemption covers.
    pub(in crate::cli) fn is_drift(&self) -> bool {
        self.verdict == "NonCompliant" && self.exemption.is_none()
    }

    /// The resource as a table shows it.
    pub(super) fn resource(&self) -> String {
        in_short(&self.resource_type, self.name.as_deref(), self.resource_id.as_deref())
    }

    /// The verdict as a table shows it.
    pub(super) fn verdict(&self) -> &'static str {
        match (self.exemption.is_some(), self.reason) {
            (true, _) => "Exempt",
            (false, Some(reason)) => reason.as_str(),
            (false, None) => self.verdict,
        }
    }

    /// The result as JSON has it.
    pub(in crate::cli) fn as_json(&self) -> JsonRow<'_> {
        let spec = &self.control.spec;
        JsonRow {
            baseline: &self.baseline,
            control: self.control(),
            title: &spec.title,
            domain: spec.domain,
            severity: self.severity,
            account: &self.account,
            region: &self.region,
            resource_type: &self.resource_type,
            resource_id: self.resource_id.as_deref(),
            arn: self.arn.as_deref(),
            verdict: self.verdict,
            reason: self.reason.map(UnknownReason::as_str),
            message: &self.message,
            exemption: self.exemption.as_deref(),
            explanation: self.explanation.iter().map(Reading::of).collect(),
            remediation: &spec.remediation,
        }
    }
}

impl<'r> Reading<'r> {
    fn of(reading: &'r FieldReading) -> Self {
        let content = match serde_json::from_str(&reading.value) {
            Ok(value) => ReadContent::Value(value),
            Err(_) if reading.value == "absent" => ReadContent::Absent(true),
            Err(_) => ReadContent::Beginning(&reading.value),
        };
        Self { field: &reading.path, content }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_read_is_a_value_of_json() {
        let cases = [
            ("\"Suspended\"", json!({"field": "a", "value": "Suspended"})),
            ("{\"b\":[1,true]}", json!({"field": "a", "value": {"b": [1, true]}})),
            ("null", json!({"field": "a", "value": null})),
            ("\"absent\"", json!({"field": "a", "value": "absent"})),
            ("absent", json!({"field": "a", "absent": true})),
            ("[\"long…", json!({"field": "a", "beginning": "[\"long…"})),
        ];
        for (value, expected) in cases {
            let reading = FieldReading { path: "a".to_owned(), value: value.to_owned() };
            assert_eq!(serde_json::to_value(Reading::of(&reading)).unwrap(), expected, "{value}");
        }
    }
}
