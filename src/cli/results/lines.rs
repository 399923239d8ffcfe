//! One line for each change of a finding.

use serde::Serialize;

use super::resource::in_short;
use engine::drift::FindingChange;
use model::{Severity, printable};

/// The change, its severity, what it is about and of which baseline.
pub(in crate::cli) fn change_line(change: &FindingChange) -> String {
    let finding = change.finding();
    let (what, severity, region) = (change.as_str(), finding.severity, &finding.region);
    let (control, baseline) = (&finding.generator.control, &finding.generator.baseline);
    let resource = &finding.resource;
    let called = in_short(&resource.resource_type, resource.name.as_deref(), Some(&resource.id));
    let line = format!("{what:<12} {severity:<8} {control} {region} {called} ({baseline})");
    printable(&line).into_owned()
}

/// A change as data.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct JsonChange<'c> {
    #[serde(rename = "change")]
    what: &'c str,
    baseline: String,
    control: &'c str,
    severity: Severity,
    account: &'c str,
    region: &'c str,
    resource_type: &'c str,
    resource_id: &'c str,
    arn: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'c str>,
}

impl<'c> JsonChange<'c> {
    pub(in crate::cli) fn of(change: &'c FindingChange) -> Self {
        let finding = change.finding();
        Self {
            what: change.as_str(),
            baseline: finding.generator.baseline.to_string(),
            control: finding.generator.control.as_str(),
            severity: finding.severity,
            account: finding.account.as_str(),
            region: finding.region.as_str(),
            resource_type: &finding.resource.resource_type,
            resource_id: &finding.resource.id,
            arn: finding.resource.arn.as_deref(),
            owner: finding.owner().map(model::Owner::as_str),
        }
    }
}
