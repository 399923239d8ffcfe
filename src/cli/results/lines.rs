//! One line for each change of a finding.

use crate::drift::FindingChange;

/// The change, its severity, what it is about, and what is wrong.
pub(in crate::cli) fn change_line(change: &FindingChange) -> String {
    let finding = change.finding();
    let resource = &finding.resource;
    let short = resource.resource_type.strip_prefix("AWS::").unwrap_or(&resource.resource_type);
    format!(
        "{:<12} {:<8} {} {} {short} {} ({})",
        change.as_str(),
        finding.severity,
        finding.generator.control,
        finding.region,
        resource.id,
        finding.generator.baseline,
    )
}
