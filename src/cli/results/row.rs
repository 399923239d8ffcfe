//! One result, as a person or a program reads it.

use serde::Serialize;

use super::resource::in_short;
use crate::evaluation::{EvaluationResult, Subject};
use crate::plan::Plan;
use crate::resource::Severity;

/// One result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct Row {
    pub(super) baseline: String,
    pub(super) control: String,
    pub(super) severity: Severity,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) resource_type: String,
    pub(super) resource_id: Option<String>,
    #[serde(skip)]
    name: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) verdict: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) message: String,
    /// The exemption that covers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exemption: Option<String>,
    /// What the control read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) explanation: Vec<Reading>,
}

/// What a control read in one place.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Reading {
    field: String,
    value: String,
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
        let readings = result
            .explanation
            .iter()
            .map(|reading| Reading { field: reading.path.clone(), value: reading.value.clone() });
        Some(Self {
            baseline: plan.baseline.to_string(),
            control: planned.control.name.to_string(),
            severity: planned.severity,
            account: target.account.to_string(),
            region: target.region.to_string(),
            resource_type: resource_type.to_owned(),
            resource_id: resource_id.map(str::to_owned),
            name: name.map(str::to_owned),
            arn: arn.map(str::to_owned),
            verdict: result.verdict.as_str(),
            reason: result.verdict.reason().map(crate::resource::UnknownReason::as_str),
            message: result.message.to_owned(),
            exemption: exemption.map(|exemption| exemption.name.clone()),
            explanation: readings.collect(),
        })
    }

    /// The resource as a table shows it.
    pub(super) fn resource(&self) -> String {
        in_short(&self.resource_type, self.name.as_deref(), self.resource_id.as_deref())
    }

    /// The verdict as a table shows it.
    pub(super) fn verdict(&self) -> &'static str {
        match (self.exemption.is_some(), self.reason) {
            (true, _) => "Exempt",
            (false, Some(reason)) => reason,
            (false, None) => self.verdict,
        }
    }
}
