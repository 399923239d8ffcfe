//! One line for each change of a finding.

use super::resource::in_short;
use crate::drift::FindingChange;

/// The change, its severity, what it is about and of which baseline.
pub(in crate::cli) fn change_line(change: &FindingChange) -> String {
    let finding = change.finding();
    let (what, severity, region) = (change.as_str(), finding.severity, &finding.region);
    let (control, baseline) = (&finding.generator.control, &finding.generator.baseline);
    let resource = &finding.resource;
    let called = in_short(&resource.resource_type, resource.name.as_deref(), Some(&resource.id));
    format!("{what:<12} {severity:<8} {control} {region} {called} ({baseline})")
}
