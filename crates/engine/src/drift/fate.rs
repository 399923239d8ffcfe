//! Why a known finding's subject had no result.

use std::collections::HashMap;

use super::finding::Finding;
use crate::evaluation::Outcome;
use crate::plan::{BaselineKey, Plan};
use model::{AccountId, ControlName, Region};

/// Why a known finding's subject had no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// No plan stands for its baseline.
    NoBaseline,
    /// Its baseline is suspended.
    Suspended,
    /// The subject, or what asked for its check, is no longer there.
    Gone,
    /// The subject may still be there: not all was read or planned.
    Unseen,
}

/// Where baselines, targets and controls stand in the plans.
pub(super) struct Places<'p> {
    plans: HashMap<&'p BaselineKey, (usize, &'p Plan)>,
    targets: HashMap<(usize, &'p AccountId, &'p Region), usize>,
    controls: HashMap<(usize, &'p ControlName), usize>,
}

impl<'p> Places<'p> {
    pub(super) fn new(plans: &'p [Plan]) -> Self {
        let mut places =
            Self { plans: HashMap::new(), targets: HashMap::new(), controls: HashMap::new() };
        for (at, plan) in plans.iter().enumerate() {
            places.plans.insert(&plan.baseline, (at, plan));
            let targets = plan.targets.iter().enumerate();
            places
                .targets
                .extend(targets.map(|(target, it)| ((at, &it.account, &it.region), target)));
            let controls = plan.controls.iter().enumerate();
            places.controls.extend(controls.map(|(control, it)| ((at, &it.control.name), control)));
        }
        places
    }

    /// Whether a plan stands for the baseline.
    pub(super) fn has_baseline(&self, baseline: &BaselineKey) -> bool {
        self.plans.contains_key(baseline)
    }

    /// Why the finding's subject had no result.
    pub(super) fn fate(&self, known: &Finding, outcome: &Outcome) -> Fate {
        let Some((at, plan)) = self.plans.get(&known.generator.baseline).copied() else {
            return Fate::NoBaseline;
        };
        if plan.suspended {
            return Fate::Suspended;
        }
        if !plan.publish.security_hub {
            return Fate::Gone;
        }
        let target = self.targets.get(&(at, &known.account, &known.region));
        let control = self.controls.get(&(at, &known.generator.control));
        let complete = match (target, control) {
            (Some(target), Some(control)) => {
                outcome.control(at, *target, *control).is_some_and(|control| control.complete)
            }
            // A name that was mistyped is no reason to archive what was published under it.
            (None, _) => !plan.may_lack_targets(),
            (_, None) => !plan.may_lack_controls(),
        };
        if complete { Fate::Gone } else { Fate::Unseen }
    }
}
