//! Counts what became of changes.

use crate::drift::FindingChange;
use crate::metrics::{Metrics, PublishResult};
use crate::publish::Published;

/// Counts changes that were given to a sink; nothing was published where it is not known what was.
pub(super) fn measure(metrics: &Metrics, changes: &[FindingChange], published: Option<&Published>) {
    let Some(published) = published else {
        metrics.published(PublishResult::Failure, changes.len() as u64);
        return;
    };
    metrics.published(PublishResult::Success, published.accepted as u64);
    metrics.published(PublishResult::Failure, published.refused.len() as u64);
    for change in published.taken(changes) {
        let finding = change.finding();
        let baseline = &finding.generator.baseline;
        match change {
            FindingChange::Opened(_) => {
                metrics.baselines().drift_opened(baseline, finding.severity);
            }
            FindingChange::Resolved(_) => {
                metrics.baselines().drift_resolved(baseline, finding.severity);
            }
            _ => {}
        }
    }
}
