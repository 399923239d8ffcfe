//! What is measured of a round, wherever it was made.

use std::collections::BTreeMap;

use crate::round::RoundReport;
use aws::publish::Published;
use engine::drift::{FindingChange, KnownFindings};
use engine::plan::{BaselineKey, Plan};
use metrics::{Figures, Metrics};
use model::AccountId;

/// Counts changes that were given to a sink, and the round's failures of our own; nothing was
/// published where it is not known what was.
pub fn changes(metrics: &Metrics, round: &RoundReport, published: Option<&Published>) {
    metrics.internal_errors(&round.internal_errors());
    let changes = &round.drift.changes;
    let mut by_account: BTreeMap<&AccountId, (u64, u64)> = BTreeMap::new();
    for change in changes {
        by_account.entry(&change.finding().account).or_default().1 += 1;
    }
    for change in published.into_iter().flat_map(|published| published.taken(changes)) {
        let (taken, failed) = by_account.entry(&change.finding().account).or_default();
        *taken += 1;
        *failed = failed.saturating_sub(1);
    }
    for (account, (taken, failed)) in by_account {
        metrics.accounts().published(account, taken, failed);
    }
    let Some(published) = published else { return };
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

/// What is measured of each plan of a round, in their order.
pub fn figures<'r>(
    plans: &'r [Plan],
    round: &'r RoundReport,
) -> impl Iterator<Item = (&'r Plan, Figures)> {
    let evaluated = round.outcome.plans.iter().zip(&round.drift.summary);
    let figures = plans.iter().zip(evaluated);
    figures.map(|(plan, (outcome, summary))| (plan, Figures::of(plan, outcome, summary)))
}

/// How many findings of each baseline are open; baselines without any are left out.
pub fn open_findings(known: &KnownFindings) -> BTreeMap<&BaselineKey, u64> {
    let mut open = BTreeMap::new();
    for finding in known.iter().filter(|finding| finding.is_open()) {
        *open.entry(&finding.generator.baseline).or_default() += 1;
    }
    open
}
