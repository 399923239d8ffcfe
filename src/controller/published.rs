//! Counts what became of a round's changes, and its failures of our own.

use super::round::RoundReport;
use crate::drift::FindingChange;
use crate::metrics::{Metrics, PublishResult};
use crate::publish::Published;

/// Counts changes that were given to a sink; nothing was published where it is not known what was.
pub(super) fn measure(metrics: &Metrics, round: &RoundReport, published: Option<&Published>) {
    metrics.internal_errors(&round.internal_errors());
    let changes = &round.drift.changes;
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
