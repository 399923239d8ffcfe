//! Which results somebody has a use for: the others, most of them, are counted and go no further.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::Round;
use engine::drift::KnownFindings;
use engine::evaluation::EvaluationResult;
use engine::plan::BaselineKey;
use model::{AccountId, ControlName, Verdict};

/// Which results are passed on.
pub(super) struct Interest {
    /// By plan, then by control: whether every result may change a finding.
    watched: Vec<Vec<bool>>,
    shown: fn(&EvaluationResult<'_>) -> bool,
}

impl Interest {
    /// What comparing needs, and what is to be shown.
    pub(super) fn of(round: &Round<'_>, shown: fn(&EvaluationResult<'_>) -> bool) -> Self {
        let targets = round.plans.iter().flat_map(|plan| &plan.targets);
        let accounts: BTreeSet<&AccountId> = targets.map(|target| &target.account).collect();
        let published: FxHashSet<(&BaselineKey, &ControlName)> = round
            .known
            .into_iter()
            .flat_map(KnownFindings::iter)
            .filter(|finding| accounts.contains(&finding.account))
            .map(|finding| (&finding.generator.baseline, &finding.generator.control))
            .collect();
        let watched = round.plans.iter().map(|plan| {
            let controls = plan.controls.iter().map(|planned| &planned.control.name);
            controls
                .map(|name| plan.publish.passed || published.contains(&(&plan.baseline, name)))
                .collect()
        });
        Self { watched: watched.collect(), shown }
    }

    /// Whether anybody has a use for the result.
    pub(super) fn takes(&self, result: &EvaluationResult<'_>) -> bool {
        let watched = self.watched.get(result.plan).and_then(|plan| plan.get(result.control));
        matches!(result.verdict, Verdict::NonCompliant | Verdict::Unknown(_))
            || watched.is_some_and(|watched| *watched)
            || (self.shown)(result)
    }

    /// Whether it is to be shown.
    pub(super) fn shows(&self, result: &EvaluationResult<'_>) -> bool {
        (self.shown)(result)
    }
}
