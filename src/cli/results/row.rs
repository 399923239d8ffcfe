//! One result, as a person or a program reads it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::resource::in_short;
use api::{ControlSpec, Domain, Remediation};
use cel::Timestamp;
use cel::format_timestamp;
use engine::catalog::CompiledControl;
use engine::evaluation::{EvaluationResult, FieldReading, Subject};
use engine::plan::{Plan, PlannedExemption};
use model::{Owner, Severity, UnknownReason, Verdict};

/// One result. It borrows what the result and its plan say.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Row<'r> {
    pub(in crate::cli) baseline: String,
    control: Arc<CompiledControl>,
    pub(in crate::cli) severity: Severity,
    pub(in crate::cli) account: Cow<'r, str>,
    pub(in crate::cli) region: Cow<'r, str>,
    pub(in crate::cli) resource_type: Cow<'r, str>,
    pub(in crate::cli) resource_id: Option<Cow<'r, str>>,
    name: Option<Cow<'r, str>>,
    pub(in crate::cli) arn: Option<Cow<'r, str>>,
    pub(in crate::cli) verdict: Verdict,
    pub(super) message: Cow<'r, str>,
    /// Whom it belongs to, where something is known of it.
    pub(in crate::cli) owner: Option<Cow<'r, Owner>>,
    /// The exemption that covers it.
    pub(in crate::cli) exemption: Option<Acceptance>,
    /// What the control read.
    pub(in crate::cli) explanation: Cow<'r, [FieldReading]>,
}

/// A row that outlives the result that it was made of, for what is sorted before it is shown.
pub(in crate::cli) type KeptRow = Row<'static>;

/// The exemption that covers a result.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Acceptance {
    name: String,
    reason: String,
    approved_by: String,
    expires_at: Timestamp,
}

/// Who accepts it, until when and why.
impl fmt::Display for Acceptance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, reason, approved_by, expires_at } = self;
        let until = format_timestamp(*expires_at);
        write!(formatter, "exempt by {name} until {until}, approved by {approved_by}: {reason}")
    }
}

impl Acceptance {
    fn of(exemption: &PlannedExemption) -> Self {
        Self {
            name: exemption.name.clone(),
            reason: exemption.reason.clone(),
            approved_by: exemption.approved_by.clone(),
            expires_at: exemption.expires_at,
        }
    }
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
    owner: Option<&'r str>,
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

impl<'r> Row<'r> {
    /// The result as a row; nothing for a result of other plans.
    pub(in crate::cli) fn of(plans: &'r [Plan], result: &EvaluationResult<'r>) -> Option<Self> {
        let plan = plans.get(result.plan)?;
        let target = plan.targets.get(result.target)?;
        let planned = plan.controls.get(result.control)?;
        let (resource_type, resource_id, arn) = match result.subject {
            Subject::Resource { resource_type, id, arn, .. } => (resource_type, Some(id), arn),
            Subject::Region => ("Region", Some(target.region.as_str()), None),
            Subject::Account => ("Account", Some(target.account.as_str()), None),
            Subject::Unread { resource_type } => (resource_type, None, None),
        };
        let exemption = result.exemption.and_then(|at| plan.exemptions.get(at));
        Some(Self {
            baseline: plan.baseline.to_string(),
            control: Arc::clone(&planned.control),
            severity: planned.severity,
            account: target.account.as_str().into(),
            region: target.region.as_str().into(),
            resource_type: resource_type.into(),
            resource_id: resource_id.map(Cow::Borrowed),
            name: result.subject.shown_name(),
            arn: arn.map(Cow::Borrowed),
            verdict: result.verdict,
            message: result.message.into(),
            owner: result.ownership(plan).map(|ownership| ownership.owner),
            exemption: exemption.map(Acceptance::of),
            explanation: result.explanation.into(),
        })
    }

    /// The same, to be kept.
    pub(in crate::cli) fn kept(&self) -> KeptRow {
        let text = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        Row {
            baseline: self.baseline.clone(),
            control: Arc::clone(&self.control),
            severity: self.severity,
            account: text(&self.account),
            region: text(&self.region),
            resource_type: text(&self.resource_type),
            resource_id: self.resource_id.as_ref().map(text),
            name: self.name.as_ref().map(text),
            arn: self.arn.as_ref().map(text),
            verdict: self.verdict,
            message: text(&self.message),
            owner: self.owner.as_deref().map(|owner| Cow::Owned(owner.clone())),
            exemption: self.exemption.clone(),
            explanation: Cow::Owned(self.explanation.to_vec()),
        }
    }

    /// The control's name.
    pub(in crate::cli) fn control(&self) -> &str {
        self.control.name.as_str()
    }

    /// What the control says of itself.
    pub(in crate::cli) fn spec(&self) -> &ControlSpec {
        &self.control.spec
    }

    /// What to do about drift.
    pub(in crate::cli) fn remediation(&self) -> &Remediation {
        &self.control.spec.remediation
    }

    /// Why the verdict is unknown, where it is.
    pub(super) const fn reason(&self) -> Option<UnknownReason> {
        self.verdict.reason()
    }

    /// Whether it is drift that no exemption covers.
    pub(in crate::cli) fn is_drift(&self) -> bool {
        self.verdict == Verdict::NonCompliant && self.exemption.is_none()
    }

    /// The resource as a table shows it.
    pub(in crate::cli) fn resource(&self) -> String {
        in_short(&self.resource_type, self.name.as_deref(), self.resource_id.as_deref())
    }

    /// The resource with its account and region: `S3::Bucket logs in 111122223333/eu-west-1`.
    pub(in crate::cli) fn whereabouts(&self) -> String {
        format!("{} in {}/{}", self.resource(), self.account, self.region)
    }

    /// What the verdict is of, as nothing else of the account and region is called.
    pub(in crate::cli) fn subject(&self) -> String {
        match &self.resource_id {
            Some(id) => format!("{} {id}", self.resource_type),
            None => self.resource_type.to_string(),
        }
    }

    /// What is wrong, or why nothing can be said; of other results what the verdict is.
    pub(in crate::cli) fn sentence(&self) -> &str {
        if self.message.is_empty() { self.verdict_in_short() } else { &self.message }
    }

    /// The verdict as a table shows it.
    pub(in crate::cli) fn verdict_in_short(&self) -> &'static str {
        match (self.exemption.is_some(), self.reason()) {
            (true, _) => "Exempt",
            (false, Some(reason)) => reason.as_str(),
            (false, None) => self.verdict.as_str(),
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
            verdict: self.verdict.as_str(),
            reason: self.reason().map(UnknownReason::as_str),
            message: &self.message,
            owner: self.owner.as_deref().map(Owner::as_str),
            exemption: self.exemption.as_ref().map(|exemption| exemption.name.as_str()),
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
